import { z } from "zod";
import { formatDay } from "#model";
import { type NightResult, pullSources, reconcile, reconcileChanged, runNight } from "#operations";
import { defineRule } from "#rule";
import { day, type Delivered, handedSource, operator, signal } from "../night/hand.ts";
import { testDatabase } from "../support/database.ts";

const declared = {
  level: "indicator",
  remedy: "Prov.",
  why: "Prov.",
  innocent: { declined: "Brukaren avböjde." },
  reads: ["visits"],
  parameters: z.object({ minutesMax: z.int().min(1).default(60).describe("Längre är långt.") }),
  examples: () => ({ reports: [], accepts: [] }),
} as const;

/** A rule about single visits, whose findings a test can count. */
export const longVisit = defineRule({
  ...declared,
  id: "long-test-visit",
  version: 1,
  scope: "visit",
  title: { sv: "Långt besök", en: "Long visit" },
  *evaluate({ visits, slice }, { minutesMax }, report) {
    for (const visit of slice.visits) {
      const minutes = visits.minutes(visit);
      if (minutes <= minutesMax) continue;
      if (visits.status(visit) === "declined") report.suppressed("declined", [visit]);
      else yield { records: [visit], minutes, amountOre: minutes * 100, reason: "Långt.", evidence: { minutes } };
    }
  },
});

/** A rule about a client's month. */
export const longMonth = defineRule({
  ...declared,
  id: "long-test-month",
  version: 1,
  scope: "client-month",
  title: { sv: "Lång månad", en: "Long month" },
  *evaluate({ visits, slice }, { minutesMax }) {
    const minutes = slice.visits.reduce((sum, visit) => sum + visits.minutes(visit), 0);
    if (minutes > minutesMax * 20) yield { records: [], minutes, reason: "Lång.", evidence: { minutes } };
  },
});

export const CLIENTS = 10;

/** Two providers with five clients each. */
const organisation: Delivered[] = [
  {
    entity: "providers",
    records: ["1", "2"].map((no) => ({
      id: `P${no}`,
      organisationNumber: `556677-000${no}`,
      name: `Omsorgen ${no}`,
      regime: "private",
    })),
  },
  {
    entity: "units",
    records: ["1", "2"].map((no) => ({ id: `U${no}`, providerId: `P${no}`, name: `Enhet ${no}` })),
  },
  { entity: "clients", records: Array.from({ length: CLIENTS }, (_, no) => ({ id: `C${no}` })) },
  { entity: "staff", records: ["1", "2"].map((no) => ({ id: `S${no}`, unitId: `U${no}` })) },
];

/** A visit of half an hour to a client on a day, or of as many minutes. */
export function visit(client: number, on: number, minutes = 30, more: Record<string, unknown> = {}) {
  const no = client < CLIENTS / 2 ? 1 : 2;
  const clock = `${String(8 + Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  return {
    id: `v-${client}-${formatDay(on)}`,
    version: minutes,
    clientId: `C${client}`,
    unitId: `U${no}`,
    staffId: `S${no}`,
    start: `${formatDay(on)}T08:00`,
    end: `${formatDay(on)}T${clock}`,
    status: "completed",
    services: ["omvardnad"],
    ...more,
  };
}

/** A visit a day to every client; `minutesOf` says how long, by default half an hour. */
export function visits(
  from: string,
  through: string,
  minutesOf: (client: number, on: number) => number = () => 30,
): Delivered {
  const records: Array<Record<string, unknown>> = [];
  for (let on = day(from); on <= day(through); on++) {
    for (let client = 0; client < CLIENTS; client++) records.push(visit(client, on, minutesOf(client, on)));
  }
  return { entity: "visits", records };
}

/** A municipality on a database of its own, with a clock and one source that delivers what it is told. */
export async function openMunicipality({
  rules = [longVisit, longMonth],
  reconcileDays = 62,
}: { rules?: ReturnType<typeof defineRule>[]; reconcileDays?: number } = {}) {
  const system = await testDatabase();
  let waiting: readonly Delivered[] = organisation;
  let at = 0;
  const needs = {
    database: system.database,
    vault: system.vault,
    now: () => at,
    rules,
    sources: [handedSource("files", () => waiting)],
    config: { night: { at: "04:30", reconcileDays } },
  };
  const set = (date: string) => {
    at = day(date) * 86_400_000 + 4 * 3_600_000;
  };
  return {
    ...system,
    needs,
    /** Takes in what has come since the last night, and reconciles. */
    async night(date: string, deliveries: readonly Delivered[] = [], full = false): Promise<NightResult> {
      set(date);
      waiting = [...waiting, ...deliveries];
      const result = await runNight(needs, operator, { day: day(date), full, signal });
      waiting = [];
      return result;
    },
    /** Takes in what has come by day, and computes only what it reaches. */
    async change(date: string, deliveries: readonly Delivered[]) {
      set(date);
      waiting = deliveries;
      await pullSources(needs, operator, { ids: [], signal });
      waiting = [];
      return reconcileChanged(needs, operator, { signal });
    },
    reconcile: (date: string, from: string, through: string) => {
      set(date);
      return reconcile(needs, operator, { day: day(through) + 1, from: day(from), full: true, signal });
    },
    /** The clock of whoever decides something by day. */
    evening: (date: string) => {
      at = day(date) * 86_400_000 + 18 * 3_600_000;
    },
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  };
}
