import { z } from "zod";
import {
  dayOf,
  defineRule,
  example,
  formatLocal,
  type Hit,
  HOUR,
  MINUTE,
  sample,
  startOfDay,
  type Visits,
} from "#rule";

/** S1 is at C1 08:00–08:30 and opens the door so many times in the night, or at the times given. */
function openings(times: readonly string[], { staffId = "S1" as string | null, planned = "", event = "opened" } = {}) {
  return example([
    sample("visits", "v-1"),
    ...(planned === "" ? [] : [sample("planned-visits", "p-1", { start: planned })]),
    ...times.map((time, position) =>
      sample("lock-events", `l-${position}`, { at: time, event, staffId: staffId ?? undefined }),
    ),
  ]);
}

export default defineRule({
  id: "opening-without-visit",
  version: 1,
  level: "pattern",
  scope: "client-month",
  title: { sv: "Dörren öppnad utan besök", en: "Door opened without a visit" },
  why: "Personal öppnade brukarens dörr utan att något besök är registrerat. Besöket kan saknas, eller låset användas till annat.",
  remedy: "Fråga utföraren vem som var där och varför. Saknas ett besök: registrera det.",
  innocent: {
    otherUsers:
      "Den som öppnade är inte anställd hos någon utförare som har brukaren: anhörig, hemsjukvård eller larm.",
    planned: "Ett besök var planerat då men är inte registrerat; det säger regeln om uteblivna besök.",
  },
  reads: ["visits", "plans", "orders", "lockEvents", "staff"],
  parameters: z.object({
    minutesAround: z.int().min(0).default(15).describe("Så nära ett besök hör öppningen till det."),
    openingsMin: z.int().min(1).default(2).describe("Färre öppningar under månaden rapporteras inte."),
  }),
  examples: () => ({
    reports: [
      openings(["07:44", "2026-10-06 03:00"]),
      openings(["08:46", "2026-10-06 03:00"]),
      openings(["2026-10-06 03:00", "2026-10-07 03:00"], { planned: "2026-10-08 03:00" }),
    ],
    accepts: [
      openings(["07:45", "2026-10-06 03:00"]),
      openings(["08:45", "2026-10-06 03:00"]),
      openings(["2026-10-06 03:00"]),
      openings(["2026-10-06 03:00", "2026-10-07 03:00"], { staffId: null }),
      openings(["2026-10-06 03:00", "2026-10-07 03:00"], { staffId: "S4" }),
      openings(["2026-10-06 03:00", "2026-10-07 03:00"], { planned: "2026-10-07 03:00" }),
      openings(["2026-10-06 03:00", "2026-10-07 03:00"], { event: "failed" }),
    ],
  }),
  evaluate({ visits, plans, orders, lockEvents, staff, slice }, { minutesAround, openingsMin }, report) {
    const hits: Hit[] = [];
    const { offsets, rows } = lockEvents.byClient;
    if (offsets[slice.client] === offsets[slice.client + 1]) return hits;
    const margin = minutesAround * MINUTE;
    const [from, until] = [startOfDay(slice.firstDay), startOfDay(slice.lastDay + 1)];
    const providers = new Set([
      ...[...slice.visits].map((row) => visits.provider(row)),
      ...[...slice.orders].map((row) => orders.provider(row)),
    ]);
    const alone: number[] = [];
    for (let i = offsets[slice.client]!; i < offsets[slice.client + 1]!; i++) {
      const event = rows[i]!;
      const at = lockEvents.at(event);
      if (at < from || at >= until || lockEvents.event(event) !== "opened") continue;
      if (visitAt(visits, slice.client, at, margin)) continue;
      const person = lockEvents.staff(event);
      const ofProvider = [...providers].map((provider) => staff.employedBy(Math.max(person, 0), provider, dayOf(at)));
      if (person < 0 || ofProvider.every((employed) => employed === false)) {
        report.suppressed("otherUsers", [{ table: "lockEvents", row: event }]);
        continue;
      }
      if (!ofProvider.includes(true)) {
        report.tooLittleData("vem som öppnade");
        continue;
      }
      const planned = slice.plans.some((plan) => {
        const frozen = plans.frozen(plan);
        return plans.start(frozen) - margin <= at && at <= plans.end(frozen) + margin && !plans.cancelled(frozen);
      });
      if (planned) report.suppressed("planned", [{ table: "lockEvents", row: event }]);
      else alone.push(event);
    }
    if (alone.length < openingsMin) return hits;
    hits.push({
      records: alone.map((row) => ({ table: "lockEvents", row })),
      reason: `Personal öppnade brukarens dörr ${alone.length} gånger utan något besök i närheten, första gången ${formatLocal(lockEvents.at(alone[0]!))}.`,
      evidence: {
        "öppningar utan besök ≥": [alone.length, openingsMin],
        "minuter från närmaste besök >": minutesAround,
      },
    });
    return hits;
  },
});

/** No visit is longer than this. */
const LONGEST_MS = 25 * HOUR;

/** Some visit of the client, of whatever kind and by whomever, lies around the instant. */
function visitAt(visits: Visits, client: number, at: number, margin: number): boolean {
  const { offsets, rows } = visits.byClient;
  let low = offsets[client]!;
  let high = offsets[client + 1]!;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (visits.start(rows[middle]!) <= at + margin) low = middle + 1;
    else high = middle;
  }
  for (let i = low - 1; i >= offsets[client]!; i--) {
    const row = rows[i]!;
    if (visits.start(row) < at - LONGEST_MS) return false;
    // A visit that nobody has ended may still have been going on.
    const end = visits.end(row);
    if (Number.isNaN(end) || end + margin >= at) return true;
  }
  return false;
}
