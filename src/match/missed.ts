import { rowsOf, type Silence, type Tables } from "#columns";
import { DAY_MS, dayOf, startOfDay } from "#model";

/**
 * Says of a plan without a visit whether nobody came, or whether it cannot be said: it is too early (end of the day and
 * 24 hours), the client was away, or a system that would have told was silent.
 */
export function missingState(tables: Tables): (plan: number) => "missed" | "pending" | "silent" | "absent" {
  const { plans, absences, asOf } = tables;
  const silent = silentFor(tables);
  return (plan) => {
    const frozen = plans.frozen(plan);
    const [start, end] = [plans.start(frozen), plans.end(frozen)];
    if (asOf < startOfDay(dayOf(start) + 1) + DAY_MS) return "pending";
    if (absences.covering(plans.client(plan), start, Math.max(end, start + 1)) >= 0) return "absent";
    return silent(plans.client(plan), start, end) ? "silent" : "missed";
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
  return (client, from, until) => {
    const rows = rowsOf(visits.byClient, client);
    const own = new Set<number>();
    for (const row of rows) {
      own.add(visits.source(row));
      for (const other of visits.merged(row)) own.add(visits.source(other));
    }
    return silences.some(
      (ofSource, source) =>
        (own.size === 0 || own.has(source)) && ofSource.some((silence) => silence.from < until && from < silence.until),
    );
  };
}

/** By source: when nothing was heard of its visits. What arrived later was heard after all. */
export function visitSilences({ visits, sources, asOf }: Tables): Silence[][] {
  return Array.from({ length: sources.count }, (_, source) => {
    const rows = rowsOf(visits.bySource, source);
    if (rows.length === 0) return [];
    return sources
      .silences(source, asOf)
      .filter((silence) => !rows.some((row) => silence.from <= visits.start(row) && visits.start(row) < silence.until));
  });
}
