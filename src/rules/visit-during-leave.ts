import { z } from "zod";
import { defineRule, example, formatClock, formatLocal, type Hit, sample, shiftCovering } from "#rule";

/** S1 was to work 07:00–16:00 and is away. */
function visitAt(start: string, end: string, { kind = "sick", worksToo = false } = {}) {
  return example([
    sample("shifts", "w-1", { kind }),
    ...(worksToo ? [sample("shifts", "w-2", { start: "07:00", end: "12:00" })] : []),
    sample("visits", "v-1", { start, end }),
  ]);
}
const words = { sick: "sjuk", leave: "ledig", work: "i arbete", other: "frånvarande" };

export default defineRule({
  id: "visit-during-leave",
  version: 1,
  level: "indicator",
  scope: "staff-day",
  title: { sv: "Besök av personal som var sjuk eller ledig", en: "Visit by staff who were sick or on leave" },
  why: "Personen kan inte ha gjort besöket om hon var sjuk eller ledig. Någon annan kan ha använt hennes inloggning.",
  remedy: "Fråga utföraren vem som gjorde besöket, och låt rätta besöket eller frånvaron.",
  innocent: {
    workedToo: "Ett arbetspass täcker samma tid: passet har bytts eller frånvaron kortats.",
    partly: "Besöket började före frånvaron eller slutade efter den.",
  },
  reads: ["visits", "shifts"],
  parameters: z.object({}),
  examples: () => ({
    reports: [visitAt("07:00", "07:30"), visitAt("15:30", "16:00", { kind: "leave" })],
    accepts: [
      visitAt("06:59", "07:30"),
      visitAt("15:45", "16:01"),
      visitAt("08:00", "08:30", { worksToo: true }),
      visitAt("08:00", "08:30", { kind: "work" }),
    ],
  }),
  evaluate({ visits, shifts, slice }, _parameters, report) {
    const hits: Hit[] = [];
    if (shifts.byStaff.offsets[slice.staff] === shifts.byStaff.offsets[slice.staff + 1]) return hits;
    for (const row of slice.visits) {
      if (!visits.usable(row)) continue;
      const start = visits.start(row);
      const end = visits.end(row);
      const away = shiftCovering(shifts, slice.staff, start, end, ["sick", "leave"]);
      if (away < 0) continue;
      if (shiftCovering(shifts, slice.staff, start, end, ["work"]) >= 0) {
        report.suppressed("workedToo", [row]);
        continue;
      }
      if (start < shifts.start(away) || end > shifts.end(away)) {
        report.suppressed("partly", [row]);
        continue;
      }
      hits.push({
        records: [row, { table: "shifts", row: away }],
        minutes: visits.minutes(row),
        reason:
          `Besöket ${formatLocal(start)}–${formatClock(end)} är registrerat på en person som var ${words[shifts.kind(away)]} ` +
          `(${formatLocal(shifts.start(away))}–${formatLocal(shifts.end(away))}).`,
        evidence: {
          "minuter av besöket inne i frånvaron": visits.minutes(row),
          "arbetspass samma tid": [false, false],
        },
      });
    }
    return hits;
  },
});
