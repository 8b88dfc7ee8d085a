import { and, eq } from "drizzle-orm";
import type { Instant } from "#model";
import type { Database } from "./database.ts";
import { journeys as table } from "./tables/journeys.ts";

/** A journey between two places as a router told of it; `seconds` null where there is no way. */
export interface StoredJourney {
  mode: string;
  from: number;
  to: number;
  seconds: number | null;
}

/** All that a router of the kind has said for the municipality. */
export async function selectJourneys(database: Database, tenantId: string, router: string): Promise<StoredJourney[]> {
  return database.orm
    .select({ mode: table.mode, from: table.fromPlace, to: table.toPlace, seconds: table.seconds })
    .from(table)
    .where(and(eq(table.tenantId, tenantId), eq(table.router, router)));
}

/** So many at a time: a statement takes 65,535 values. */
const ROWS = 5000;

/** Keeps what a router said; what is known already stays. */
export async function insertJourneys(
  database: Database,
  tenantId: string,
  router: string,
  answers: readonly StoredJourney[],
  at: Instant,
): Promise<void> {
  for (let from = 0; from < answers.length; from += ROWS) {
    const rows = answers.slice(from, from + ROWS).map(({ mode, from: start, to, seconds }) => ({
      tenantId,
      router,
      mode,
      fromPlace: start,
      toPlace: to,
      seconds,
      askedAt: at,
    }));
    await database.orm.insert(table).values(rows).onConflictDoNothing();
  }
}
