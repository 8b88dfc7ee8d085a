import { rowsOf, type Silence, type Tables } from "#columns";
import { DAY_MS, dayOf, type Instant, startOfDay } from "#model";

/**
 * Says of a plan without a visit whether nobody came, or whether it cannot be said: it is too early (end of the day and
 * 24 hours), the client was away, a system that would have told was silent, or visits could not be recognised: the
 * planning system registers none, and nobody has said who its client is in the systems that do.
 */
export function missingState(
  tables: Tables,
  silent: (client: number, from: number, until: number) => boolean,
): (plan: number) => "missed" | "pending" | "silent" | "absent" | "unjoined" {
  const { visits, plans, clients, absences, asOf } = tables;
  return (plan) => {
    const client = plans.client(plan);
    const frozen = plans.frozen(plan);
    const [start, end] = [plans.start(frozen), plans.end(frozen)];
    if (asOf < startOfDay(dayOf(start) + 1) + DAY_MS) return "pending";
    if (absences.covering(client, start, Math.max(end, start + 1)) >= 0) return "absent";
    if (silent(client, start, end)) return "silent";
    const registersItself = visits.count === 0 || visits.registeredBy(plans.source(plan));
    return clients.joined(client) || registersItself ? "missed" : "unjoined";
  };
}

/**
 * Whether a system that registers the client's visits was silent during some of the time. For a client without visits
 * that is any system that registers visits.
 */
export function silentFor(tables: Tables): (client: number, from: number, until: number) => boolean {
  const { visits } = tables;
  const silences = visitSilences(tables);
  if (silences.every((ofSource) => ofSource.length === 0)) return () => false;
  // Asked of many times of one client, one after the other.
  let own = new Set<number>();
  let asked = -1;
  return (client, from, until) => {
    if (client !== asked) {
      asked = client;
      own = new Set();
      for (const row of rowsOf(visits.byClient, client)) {
        own.add(visits.source(row));
        for (const other of visits.merged(row)) own.add(visits.source(other));
      }
    }
    return silences.some(
      (ofSource, source) =>
        (own.size === 0 || own.has(source)) && ofSource.some((silence) => silence.from < until && from < silence.until),
    );
  };
}

/** So large a part of what usually comes says that the source was heard after all. */
const HEARD_SHARE = 0.7;

/** By source: when nothing was heard of its visits. What arrived later was heard after all. */
export function visitSilences({ visits, sources, asOf, beyond }: Tables): Array<readonly Silence[]> {
  if (beyond !== null)
    return Array.from({ length: sources.count }, (_, source) => beyond.visitSilences[sources.id(source)] ?? []);
  return Array.from({ length: sources.count }, (_, source) => {
    const rows = rowsOf(visits.bySource, source);
    if (rows.length === 0) return [];
    return sources.silences(source, asOf).filter(({ from, until, usual }) => {
      const heard = startedWithin(visits, rows, from, until);
      return heard < (usual === null ? 1 : HEARD_SHARE * usual);
    });
  });
}

function startedWithin(visits: Tables["visits"], rows: Int32Array, from: Instant, until: Instant): number {
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const start = visits.start(rows[i]!);
    if (start >= from && start < until) count++;
  }
  return count;
}
