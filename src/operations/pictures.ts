import { metresBetween } from "#columns";
import { type Day, dayOf, formatDay, HOUR, type Instant, MINUTE, mondayOf, type Month, monthOf } from "#model";
import {
  calendarHeat,
  type ClientDay,
  dayTimeline,
  funnelPlot,
  isoWeek,
  type Lane,
  type Picture,
  type Stay,
  trend,
} from "#picture";
import {
  type Database,
  type DrawnClient,
  type DrawnVisit,
  recordAccess,
  selectAliases,
  selectClientMonth,
  selectFindingShares,
  selectFindingWeeks,
  selectNamed,
  selectNames,
  selectSamePeople,
  selectStaffDay,
  type SourceId,
  type Vault,
  readSources,
} from "#store";
import { straightMs, type TravelMode, travelModes } from "#travel";
import { type Actor, permit } from "./actor.ts";
import { showPeople } from "./persons.ts";
import { levels } from "./words.ts";

export interface PictureNeeds {
  database: Database;
  vault: Vault;
  now: () => Instant;
  sources: ReadonlyArray<{ id: string }>;
}

/** Records that a finding rests on, to be marked in a picture. */
type Claimed = ReadonlyArray<{ entity: string; source: string; id: string }>;

/** All references to somebody whom a finding or a figure names; none where nobody knows them. */
async function refsOf(
  { database, sources }: Pick<PictureNeeds, "database" | "sources">,
  tenantId: string,
  of: "client" | "staff",
  name: string,
) {
  const order = sources.map(({ id }) => id);
  const ids = await selectNamed(database, tenantId, of, [name], order);
  if (ids.length === 0) return [];
  const [decided, known] = await Promise.all([selectAliases(database, tenantId), readSources(database, tenantId)]);
  const aliases = decided
    .filter(({ kind }) => kind === of)
    .map(({ source, id, sameAsSource, sameAsId }): readonly [SourceId, SourceId] => [
      { source: known.indexOf(source), id },
      { source: known.indexOf(sameAsSource), id: sameAsId },
    ])
    .filter((pair) => pair.every(({ source }) => source >= 0));
  return (await selectSamePeople(database, tenantId, { of, refs: [], ids, aliases })).refs;
}

/**
 * A staff member's day: what was planned, registered and opened, and how long the journeys take at least. `id` is the
 * picture's own on its page. Null where nothing is known of the day. The reading is recorded.
 */
export async function drawStaffDay(
  needs: PictureNeeds,
  actor: Actor,
  { id, staff, day, claimed }: { id: string; staff: string; day: Day; claimed: Claimed },
): Promise<Picture | null> {
  permit(actor, "cases:read");
  const { database, now, sources } = needs;
  const refs = await refsOf(needs, actor.tenantId, "staff", staff);
  if (refs.length === 0) return null;
  const drawn = await selectStaffDay(database, actor.tenantId, refs, day);
  if (drawn.visits.length + drawn.plans.length + drawn.locks.length === 0) return null;
  await recordAccess(database, actor, {
    at: now(),
    operation: "picture-day",
    subject: `${staff} ${formatDay(day)}`,
    rows: drawn.visits.length,
  });
  const byRef = new Map(drawn.clients.map((client) => [client.ref, client]));
  const order = sources.map((source) => source.id);
  const clients = drawn.clients.map((client) => nameOf(client, order));
  const people = await showPeople(needs, actor, { client: clients, staff: [staff] });
  const label = (ref: number | null): string => {
    const client = ref === null ? undefined : byRef.get(ref);
    return client === undefined ? "–" : (people.client.get(nameOf(client, order))?.text ?? "Okänd");
  };
  const marked = new Set(
    claimed.filter(({ entity }) => entity === "visits").map(({ source, id: no }) => `${source}/${no}`),
  );
  const stayOf = (one: { client: number; start: Instant; end: Instant | null }): Stay => ({
    start: one.start,
    end: one.end,
    label: label(one.client),
  });
  const lane: Lane = {
    label: people.staff.get(staff)?.text ?? "Okänd",
    planned: drawn.plans.map(stayOf),
    registered: drawn.visits.map((visit) => ({ ...stayOf(visit), claimed: marked.has(`${visit.source}/${visit.id}`) })),
    locks: drawn.locks.map(({ at, event, client }) => ({ at, event, label: label(client) })),
    travel: journeys(drawn.visits, byRef, drawn.transports),
    absences: onceEach(drawn.absences, byRef).map(stayOf),
  };
  return dayTimeline(id, day, [lane]);
}

/** The id by which handlers see a client elsewhere too: that of the first source in order. */
function nameOf({ names }: DrawnClient, order: readonly string[]): string {
  const rank = ({ source, id }: { source: string; id: string }): number =>
    (id.startsWith("pid:") ? order.length : 0) + (order.includes(source) ? order.indexOf(source) : order.length);
  return names.toSorted((a, b) => rank(a) - rank(b))[0]!.id;
}

/** Two sources may tell of the same stay away. */
function onceEach<T extends { client: number; start: Instant }>(
  stays: readonly T[],
  clients: ReadonlyMap<number, DrawnClient>,
): T[] {
  const seen = new Map(stays.map((stay) => [`${clients.get(stay.client)?.key} ${stay.start}`, stay]));
  return [...seen.values()];
}

/** The least time from each home to the next, by the fastest way that the units use. Protected identities have no home here. */
function journeys(
  visits: readonly DrawnVisit[],
  clients: ReadonlyMap<number, DrawnClient>,
  transports: readonly string[],
): Array<{ start: Instant; minutes: number }> {
  const used = travelModes.filter((mode) => transports.includes(mode));
  const modes: readonly TravelMode[] = used.length > 0 ? used : travelModes;
  return visits.flatMap((visit, index) => {
    const next = visits[index + 1];
    const [from, to] = [clients.get(visit.client)?.home, next === undefined ? null : clients.get(next.client)?.home];
    if (visit.end === null || from === undefined || from === null || to === undefined || to === null) return [];
    const metres = metresBetween(from.latitude, from.longitude, to.latitude, to.longitude);
    const minutes = Math.min(...modes.map((mode) => straightMs(metres, mode))) / MINUTE;
    return minutes < 1 ? [] : [{ start: visit.end, minutes }];
  });
}

/** A client's month. `claimed` are days that findings are about. The reading is recorded. */
export async function drawClientMonth(
  needs: PictureNeeds,
  actor: Actor,
  { id, client, month, claimed }: { id: string; client: string; month: Month; claimed: readonly Day[] },
): Promise<Picture | null> {
  permit(actor, "cases:read");
  const { database, now } = needs;
  const refs = await refsOf(needs, actor.tenantId, "client", client);
  if (refs.length === 0) return null;
  const { days, absences } = await selectClientMonth(database, actor.tenantId, refs, month);
  if (days.length === 0 && absences.length === 0) return null;
  await recordAccess(database, actor, {
    at: now(),
    operation: "picture-month",
    subject: `${client} ${month}`,
    rows: days.length,
  });
  const byDay = new Map<Day, ClientDay>();
  const of = (day: Day): ClientDay => {
    const known = byDay.get(day) ?? { day, visits: 0, minutes: 0, away: false, claimed: false };
    byDay.set(day, known);
    return known;
  };
  for (const { day, visits, minutes } of days) Object.assign(of(day), { visits, minutes });
  for (const { start, end } of absences) {
    // Days that are away as a whole, the first one from noon: somebody may have been there in the morning.
    const last = end === null ? dayOf(now()) : dayOf(end - 1);
    for (let day = dayOf(start + 12 * HOUR); day <= last; day++) if (monthOf(day) === month) of(day).away = true;
  }
  for (const day of claimed) if (monthOf(day) === month) of(day).claimed = true;
  const sorted = [...byDay.values()].sort((a, b) => a.day - b.day);
  const people = await showPeople(needs, actor, { client: [client] });
  const tag = people.client.get(client)?.text ?? "Okänd";
  return calendarHeat(id, `Brukare ${tag}, ${month}`, month, sorted);
}

/**
 * A provider against its peers in a month: how many of its clients a rule's findings are about, or any findings at all
 * with null. Null where there is nobody to compare with. Sums only, nothing about a person.
 */
export async function drawPeers(
  { database }: Pick<PictureNeeds, "database">,
  actor: Actor,
  { provider, month, rule }: { provider: string; month: Month; rule: { id: string; title: string } | null },
): Promise<Picture | null> {
  permit(actor, "cases:read");
  const [shares, names] = await Promise.all([
    selectFindingShares(database, actor.tenantId, month, rule?.id ?? null),
    selectNames(database, actor.tenantId),
  ]);
  if (shares.length < 3 || shares.every((one) => one.provider !== provider || one.found === 0)) return null;
  return funnelPlot(
    `Brukare med fynd${rule === null ? "" : `: ${rule.title}`}, ${month}`,
    "utförarens brukare",
    shares.map(({ provider: one, clients, found }) => ({
      label: names.provider.get(one) ?? one,
      events: Math.min(found, clients),
      of: clients,
      chosen: one === provider,
    })),
  );
}

const WEEKS = 10;

/** How many findings each of the last weeks has, by level; null where there are too few weeks to show a course. Sums only. */
export async function drawFindingTrend(
  { database, now }: Pick<PictureNeeds, "database" | "now">,
  actor: Actor,
): Promise<Picture | null> {
  permit(actor, "findings:read");
  // The week that has not ended would look like a fall.
  const last = mondayOf(dayOf(now())) - 7;
  const weeks = Array.from({ length: WEEKS }, (_, index) => last - 7 * (WEEKS - 1 - index));
  const counts = await selectFindingWeeks(database, actor.tenantId, actor.scope, weeks[0]!);
  const count = (week: Day, level: string): number =>
    counts.find((one) => one.week === week && one.level === level)?.findings ?? 0;
  const begun = weeks.slice(weeks.findIndex((week) => counts.some((one) => one.week === week)));
  if (counts.length === 0 || begun.length < 3) return null;
  const series = Object.entries(levels)
    .map(([level, label]) => ({ label, values: begun.map((week) => count(week, level)) }))
    .filter(({ values }) => values.some((value) => value > 0));
  return trend(
    `Öppna fynd efter den vecka de gäller`,
    begun.map((week) => `v. ${isoWeek(week)}`),
    series,
  );
}
