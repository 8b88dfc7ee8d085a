import { z } from "zod";
import {
  addedMs,
  at,
  cut,
  decimalText,
  defineRule,
  edited,
  example,
  formatDay,
  formatLocal,
  type Hit,
  HOUR,
  MINUTE,
  percentOf,
  sample,
} from "#rule";

/** So many edits of October's visits, of which so many in the last hours before the cut-off, 4 November at 12. */
function editsOf(
  count: number,
  late: number,
  { history = [10, 1] as readonly number[], asOf = "2026-11-10 04:30", lateAt = "2026-11-02 12:00" } = {},
) {
  const months = ["2026-09", "2026-08"].flatMap((month) =>
    history.length === 0
      ? []
      : [
          { who: "U1", month, name: "edits", value: history[0]! },
          { who: "U1", month, name: "late", value: history[1]! },
        ],
  );
  return example(
    [
      sample("contracts", "K1"),
      ...Array.from({ length: count }, (_, position) => {
        const start = at("2026-10-05 08:00", position * 12 * 60);
        const editedAt = position < late ? at(lateAt, position) : start + 600 * MINUTE;
        return sample("visits", `v-${position}`, { start, originalEnd: start + 25 * MINUTE, editedAt });
      }),
    ],
    { asOf: at(asOf), earlier: months },
  );
}

const MONTHS_BACK = 6;

export default defineRule({
  id: "edit-burst-before-cut-off",
  version: 1,
  level: "pattern",
  scope: "unit-month",
  title: { sv: "Många ändringar strax före spärrdatum", en: "Many edits just before the cut-off" },
  why: "Tider som ändras strax innan månaden låses är ofta anpassade till räkningen. En rättelse görs i regel när felet upptäcks.",
  remedy: "Be enheten förklara ändringarna, och jämför dem med lås- eller tagghändelser.",
  innocent: { ownHabit: "Enheten brukar göra sina ändringar då: andelen är inte ovanlig för den." },
  reads: ["visits", "services", "settlement", "measures"],
  parameters: z.object({
    percentAbove: z
      .number()
      .min(0)
      .max(100)
      .default(40)
      .describe("Så stor del av månadens ändringar får göras strax före spärrdatum."),
    hoursBefore: z.number().positive().default(48).describe("Så lång tid före spärrdatum räknas som strax före."),
    timesOwnHistory: z
      .number()
      .min(1)
      .default(2)
      .describe("Andelen ska också vara mer än så många gånger enhetens egen tidigare."),
    editsMin: z.int().min(1).default(10).describe("Färre ändringar säger för lite."),
    monthsMin: z
      .int()
      .min(1)
      .max(MONTHS_BACK)
      .default(1)
      .describe("Så många tidigare månader ska vara kända, av de sex senaste."),
  }),
  // The cut-off is a few weekdays into the next month.
  settlesAfterDays: 15,
  examples: () => ({
    reports: [editsOf(12, 5), editsOf(12, 5, { history: [0, 0] })],
    accepts: [
      // Four of ten.
      editsOf(10, 4),
      editsOf(9, 9),
      editsOf(12, 5, { history: [10, 3] }),
      editsOf(12, 5, { history: [] }),
      editsOf(12, 5, { lateAt: "2026-11-02 11:50" }),
      editsOf(12, 5, { asOf: "2026-11-04 11:00" }),
    ],
  }),
  evaluate(
    { visits, services, settlement, measures, slice, asOf },
    { percentAbove, hoursBefore, timesOwnHistory, editsMin, monthsMin },
    report,
  ) {
    const hits: Hit[] = [];
    const month = formatDay(slice.firstDay).slice(0, 7);
    // A contract may be about some services only; those of one unit share their cut-off.
    const service = services.list(visits.services(slice.visits[0]!))[0] ?? -1;
    const cutOff = settlement.cutOff(slice.provider, slice.unit, service, month);
    let edits = 0;
    let late: number[] | null = null;
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      if (!edited(visits, row)) continue;
      const editedAt = visits.editedAt(row);
      // What was edited later is another rule's.
      if (Number.isNaN(editedAt) || (cutOff !== null && editedAt > cutOff)) continue;
      edits++;
      if (cutOff !== null && editedAt >= cutOff - hoursBefore * HOUR) (late ??= []).push(row);
    }
    if (cutOff === null) {
      if (edits >= editsMin) report.tooLittleData("avtal saknas");
      return hits;
    }
    // Until then the month is not whole.
    if (asOf < cutOff) return hits;
    const count = late?.length ?? 0;
    report.measure("edits", edits);
    report.measure("late", count);
    if (late === null || edits < editsMin || count * 100 <= percentAbove * edits) return hits;

    let [months, earlierEdits, earlierLate] = [0, 0, 0];
    for (let back = 1; back <= MONTHS_BACK; back++) {
      const [all, then] = [measures.of("edits", back), measures.of("late", back)];
      if (Number.isNaN(all) || Number.isNaN(then)) continue;
      months++;
      earlierEdits += all;
      earlierLate += then;
    }
    if (months < monthsMin) {
      report.tooLittleData("enhetens tidigare månader är okända");
      return hits;
    }
    // A unit that never edits has no share; then any burst is more than twice nothing.
    const own = earlierEdits === 0 ? 0 : percentOf(earlierLate, earlierEdits);
    const percent = percentOf(count, edits);
    if (percent <= timesOwnHistory * own) {
      report.suppressed("ownHabit", late);
      return hits;
    }
    hits.push({
      records: late,
      minutes: Math.round(late.reduce((total, row) => total + Math.max(0, addedMs(visits, row) || 0), 0) / MINUTE),
      reason:
        `${count} av enhetens ${edits} ändringar av ${month} (${decimalText(percent)} %) gjordes under de sista ${hoursBefore} timmarna före spärrdatum ${formatLocal(cutOff)}. ` +
        `Tidigare månader var det ${decimalText(own)} %.`,
      evidence: {
        "ändringar strax före spärrdatum i procent >": [cut(percent), percentAbove],
        "gånger enhetens egen tidigare andel >": [own === 0 ? "aldrig tidigare" : cut(percent / own), timesOwnHistory],
        "ändringar under månaden ≥": [edits, editsMin],
        "tidigare månader som är kända ≥": [months, monthsMin],
      },
    });
    return hits;
  },
});
