import { z } from "zod";
import {
  addedMs,
  at,
  cut,
  decimalText,
  defineRule,
  example,
  formatClock,
  formatDay,
  type Hit,
  MINUTE,
  minutesBetween,
  percentOf,
  sample,
} from "#rule";

function lengthenedBy(minutes: number) {
  return example([
    sample("visits", "v-1", {
      start: "08:00",
      end: at("08:30", minutes),
      originalStart: "08:00",
      originalEnd: "08:30",
      editedAt: "2026-10-05 17:00",
    }),
  ]);
}

/** A unit's month of so many visits of 30 minutes; the first of them are five minutes longer, or as much shorter, than registered. */
function unitOf(count: number, changed: number, minutes = 5) {
  return example(
    Array.from({ length: count }, (_, position) => {
      const start = at("2026-10-01 06:00", position * 6 * 60);
      return sample("visits", `v-${position}`, {
        start,
        end: start + 30 * 60_000,
        ...(position < changed && { originalEnd: start + (30 - minutes) * 60_000, editedAt: start + 10 * 3_600_000 }),
      });
    }),
  );
}

export default defineRule({
  id: "lengthened-afterwards",
  version: 2,
  level: "indicator",
  scope: "visit",
  title: { sv: "Besök förlängt i efterhand", en: "Visit lengthened afterwards" },
  why: "Tid som lagts till i efterhand är inte uppmätt. Den kan vara en rättelse, eller ett sätt att nå beviljad tid. Många små tillägg på en enhet betyder lika mycket som ett stort.",
  remedy: "Fråga utföraren vad som gjordes under den tillagda tiden och vem som ändrade.",
  innocent: { shortened: "Ändringen gjorde besöket kortare eller lika långt, till exempel efter en glömd utloggning." },
  reads: ["visits"],
  parameters: z.object({
    minutesAbove: z.int().min(0).default(5).describe("Så många minuter får en ändring lägga till."),
    unitPercentAbove: z
      .number()
      .min(0)
      .default(2)
      .describe("Så stor del av enhetens minuter en månad får ändringar lägga till."),
    unitVisitsMin: z.int().min(1).default(30).describe("Färre besök på en enhet en månad säger för lite."),
  }),
  examples: () => ({
    reports: [lengthenedBy(6), unitOf(50, 7)],
    accepts: [
      lengthenedBy(5),
      lengthenedBy(-12),
      // 30 of 1,500 minutes are two percent.
      unitOf(50, 6),
      unitOf(29, 20),
      unitOf(50, 50, -40),
    ],
  }),
  evaluate({ visits, slice }, { minutesAbove }, report) {
    const hits: Hit[] = [];
    for (const row of slice.visits) {
      const addedTime = addedMs(visits, row);
      if (Number.isNaN(addedTime)) continue;
      const from = Number.isNaN(visits.originalStart(row)) ? visits.start(row) : visits.originalStart(row);
      const until = Number.isNaN(visits.originalEnd(row)) ? visits.end(row) : visits.originalEnd(row);
      const before = Math.max(0, minutesBetween(from, until));
      const added = visits.minutes(row) - before;
      if (added <= 0) {
        report.suppressed("shortened", [row]);
        continue;
      }
      if (added <= minutesAbove) continue;
      hits.push({
        records: [row],
        minutes: added,
        reason:
          `Besöket ${formatDay(visits.day(row))} registrerades ${formatClock(from)}–${formatClock(until)} (${before} min) och ` +
          `ändrades i efterhand till ${formatClock(visits.start(row))}–${formatClock(visits.end(row))}: ${added} minuter längre.`,
        evidence: { "tillagda minuter >": [added, minutesAbove], "minuter som registrerats först": before },
      });
    }
    return hits;
  },
  also: {
    "unit-month"({ visits, slice }, { unitPercentAbove, unitVisitsMin }, report) {
      const hits: Hit[] = [];
      let [added, total] = [0, 0];
      for (let i = 0; i < slice.visits.length; i++) {
        const row = slice.visits[i]!;
        total += visits.minutes(row);
        const more = addedMs(visits, row);
        if (more > 0) added += more;
      }
      const minutes = Math.round(added / MINUTE);
      if (!(minutes * 100 > unitPercentAbove * total)) return hits;
      if (slice.visits.length < unitVisitsMin) {
        report.tooLittleData("för få besök på enheten");
        return hits;
      }
      const rows = [...slice.visits].filter((row) => addedMs(visits, row) > 0);
      const percent = percentOf(minutes, total);
      hits.push({
        records: rows,
        minutes,
        reason:
          `Under ${formatDay(slice.firstDay).slice(0, 7)} lade ändringar i efterhand till ${minutes} minuter på ${rows.length} av enhetens besök, ` +
          `${decimalText(percent)} % av dess registrerade tid.`,
        evidence: {
          "tillagd del av enhetens minuter i procent >": [cut(percent), unitPercentAbove],
          "tillagda minuter": minutes,
          "förlängda besök": rows.length,
          "besök på enheten ≥": [slice.visits.length, unitVisitsMin],
        },
      });
      return hits;
    },
  },
});
