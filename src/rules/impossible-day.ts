import { z } from "zod";
import {
  at,
  decimalText,
  defineRule,
  example,
  formatLocal,
  type Hit,
  HOUR,
  MINUTE,
  sample,
  type Services,
  type Visits,
} from "#rule";

const DAY_LONG_MS = 24 * HOUR;

/** S1 goes from C1 to C2 and back without a pause from 05:00 on, for so many minutes in all; visits of an hour. */
function worksFor(minutes: number, more: ReturnType<typeof sample>[] = []) {
  const visits = Array.from({ length: Math.ceil(minutes / 60) }, (_, hour) =>
    sample("visits", `v-${hour}`, {
      clientId: hour % 2 === 0 ? "C1" : "C2",
      start: at("05:00", hour * 60),
      end: at("05:00", Math.min(minutes, (hour + 1) * 60)),
    }),
  );
  return example([...visits, ...more]);
}

export default defineRule({
  id: "impossible-day",
  version: 1,
  level: "indicator",
  scope: "staff-day",
  title: { sv: "Omöjligt lång arbetsdag", en: "Impossible working day" },
  why: "Ingen är hos brukare så många timmar under ett dygn. Någon annan har gjort besöken, eller så har de inte gjorts.",
  remedy: "Jämför med schema och lås- eller tagghändelser, och fråga utföraren vem som gjorde besöken.",
  innocent: {
    overlongVisit:
      "Ett enda orimligt långt besök, troligen en glömd utloggning, gör dagen för lång. Det besöket granskas för sig.",
  },
  reads: ["visits", "services"],
  parameters: z.object({
    hoursAbove: z.number().positive().default(16).describe("Så många timmar i besök under 24 timmar granskas."),
    hoursHoldAbove: z.number().positive().default(20).describe("Vid fler timmar väntar utbetalningen."),
    visitHoursAbove: z
      .number()
      .positive()
      .default(12)
      .describe("Ett längre besök som inte är vaknatt räknas som glömd utloggning."),
  }),
  subject: "slice",
  examples: () => ({
    reports: [worksFor(16 * 60 + 1), worksFor(20 * 60 + 1)],
    accepts: [
      worksFor(16 * 60),
      // Four hours more, at the same time as others: time is counted once.
      worksFor(16 * 60, [sample("visits", "v-also", { clientId: "C3", start: "08:00", end: "12:00" })]),
      // A log-out that came the next morning.
      example([sample("visits", "v-1", { start: "07:00", end: at("07:00", 17 * 60) })]),
    ],
  }),
  evaluate({ visits, services, slice }, { hoursAbove, hoursHoldAbove, visitHoursAbove }, report) {
    const hits: Hit[] = [];
    if (inVisits(visits, slice.before) + inVisits(visits, slice.visits) <= hoursAbove * HOUR) return hits;
    const rows = [...slice.before, ...slice.visits].filter((row) => visits.usable(row));
    const plausible = rows.filter((row) => !forgotten(visits, services, row, visitHoursAbove));
    const { ms, until } = longest(visits, plausible, slice.day);
    if (ms <= hoursAbove * HOUR) {
      if (longest(visits, rows, slice.day).ms > hoursAbove * HOUR) {
        report.suppressed(
          "overlongVisit",
          rows.filter((row) => !plausible.includes(row)),
        );
      }
      return hits;
    }
    const from = until - DAY_LONG_MS;
    const within = plausible.filter((row) => visits.end(row) > from && visits.start(row) < until);
    if (within.some((row) => visits.ambiguousTime(row))) {
      report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
      return hits;
    }
    const minutes = Math.round(ms / MINUTE);
    hits.push({
      records: within,
      minutes: minutes - hoursAbove * 60,
      severity: ms > hoursHoldAbove * HOUR ? "hold" : "review",
      reason:
        `Samma person är registrerad i besök under ${Math.floor(minutes / 60)} timmar och ${minutes % 60} minuter ` +
        `av de 24 timmarna före ${formatLocal(until)}. Besök som går i varandra är räknade en gång.`,
      evidence: {
        "timmar i besök under 24 timmar >": [decimalText(ms / HOUR, 2), hoursAbove],
        "utbetalningen väntar vid timmar >": hoursHoldAbove,
        "antal besök": within.length,
      },
    });
    return hits;
  },
});

function inVisits(visits: Visits, rows: Int32Array): number {
  let sum = 0;
  for (let at = 0; at < rows.length; at++) {
    if (visits.usable(rows[at]!)) sum += visits.end(rows[at]!) - visits.start(rows[at]!);
  }
  return sum;
}

function forgotten(visits: Visits, services: Services, row: number, hours: number): boolean {
  return visits.end(row) - visits.start(row) > hours * HOUR && !services.has(visits.services(row), "nightWatch");
}

/**
 * The most time in visits that 24 hours hold, of those that end with a visit that started on the day: no other 24 hours
 * hold more, because moving them to the nearest end loses nothing.
 */
function longest(visits: Visits, rows: readonly number[], day: number): { ms: number; until: number } {
  let best = { ms: 0, until: NaN };
  for (const last of rows) {
    if (visits.day(last) !== day) continue;
    const until = visits.end(last);
    let ms = 0;
    let counted = until - DAY_LONG_MS;
    for (const row of rows) {
      const from = Math.max(visits.start(row), counted);
      const to = Math.min(visits.end(row), until);
      if (to <= from) continue;
      ms += to - from;
      counted = to;
    }
    if (ms > best.ms) best = { ms, until };
  }
  return best;
}
