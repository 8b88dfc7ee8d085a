import { createHash } from "node:crypto";
import type { Tables } from "#columns";
import { type Instant, monthOf } from "#model";
import { askRouter, type Router } from "#route";
import { type Database, insertJourneys, selectJourneys } from "#store";
import { type JourneyPair, journeyPairs, Journeys, Travel, type TravelMode } from "#travel";

export interface TravelNeeds {
  database: Database;
  now: () => Instant;
  config: { router?: Router | undefined };
}

export interface Prepared {
  travel: Travel;
  /** What travelling rests on, "… 2026-10": where it differs from the last run's, the month is computed anew. */
  ways: string[];
  /** Why the router did not answer everything, one line; null where it did or nobody has one. */
  failure: string | null;
}

/** A night does not wait longer for the router; what is missing then is asked for the next night. */
const TIME_LIMIT_MS = 5 * 60_000;

/** Journeys as far as they are known; nobody is asked. */
export async function knownTravel(
  { database, config: { router } }: Pick<TravelNeeds, "database" | "config">,
  tenantId: string,
  tables: Tables,
): Promise<Travel> {
  return new Travel(tables, router === undefined ? new Journeys() : await knownJourneys(database, tenantId, router));
}

async function knownJourneys(database: Database, tenantId: string, router: Router): Promise<Journeys> {
  const journeys = new Journeys();
  for (const { mode, from, to, seconds } of await selectJourneys(database, tenantId, router.kind)) {
    const asked = router.modes.find((one) => one === mode);
    if (asked !== undefined) journeys.set(asked, from, to, seconds);
  }
  return journeys;
}

/** As `knownTravel`, after the router was asked for the journeys that the tables hold and nobody has asked for yet. */
export async function prepareTravel(
  { database, now, config: { router } }: TravelNeeds,
  tenantId: string,
  tables: Tables,
  signal: AbortSignal,
): Promise<Prepared> {
  const journeys = router === undefined ? new Journeys() : await knownJourneys(database, tenantId, router);
  const unanswered: string[] = [];
  let failure: string | null = null;
  if (router !== undefined) {
    const pairs = journeyPairs(tables);
    const wanted = (mode: TravelMode): JourneyPair[] =>
      pairs.filter(({ from, to }) => journeys.seconds(mode, from, to) === undefined);
    const asked = await askRouter(router, new Map(router.modes.map((mode) => [mode, wanted(mode)])), {
      signal,
      timeLimitMs: TIME_LIMIT_MS,
    });
    failure = asked.failure;
    await insertJourneys(database, tenantId, router.kind, asked.answers, now());
    for (const { mode, from, to, seconds } of asked.answers) journeys.set(mode, from, to, seconds);
    for (const mode of router.modes) for (const { from, to } of wanted(mode)) unanswered.push(`${mode} ${from} ${to}`);
  }
  const travel = new Travel(tables, journeys);
  return { travel, ways: waysOf(tables, travel, unanswered), failure };
}

function waysOf({ units, period }: Tables, travel: Travel, unanswered: readonly string[]): string[] {
  const [first, last] = [monthOf(period.from), monthOf(period.through)];
  // Ever so many while a router is down: which they are is all that counts.
  const missing = unanswered.length === 0 ? [] : [createHash("sha256").update(unanswered.join("\n")).digest("hex")];
  return [...travel.unitModes]
    .filter(([month]) => month >= first && month <= last)
    .flatMap(([month, modes]) => [
      ...[...modes].flatMap((bits, unit) => (bits === 0 ? [] : [`${units.key(unit)} ${bits} ${month}`])),
      ...missing.map((hash) => `${hash} ${month}`),
    ])
    .sort();
}
