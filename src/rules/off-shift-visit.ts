import { z } from "zod";
import {
  at,
  daily,
  defineRule,
  example,
  formatClock,
  formatDay,
  type Hit,
  knownShifts,
  MINUTE,
  sample,
  shiftCovering,
} from "#rule";

/** S1 works 07:00–16:00 from Monday 5 October on, five days; the visit is on Wednesday. */
function visitAt(
  start: string,
  { shifts = 5, services = ["omvardnad"], kind = "work", twoEmployers = false, on = "2026-10-07" } = {},
) {
  return example([
    ...(twoEmployers ? [sample("staff", "S9", { providerId: "P2", unitId: "U2", hsaId: "HSA-S1" })] : []),
    ...daily(shifts, (date, position) =>
      sample("shifts", `w-${position}`, {
        start: `${date} 07:00`,
        end: `${date} 16:00`,
        kind: position === 2 ? kind : "work",
      }),
    ),
    sample("visits", "v-1", { start: `${on} ${start}`, end: at(`${on} ${start}`, 30), services }),
  ]);
}

export default defineRule({
  id: "off-shift-visit",
  version: 2,
  level: "indicator",
  scope: "staff-month",
  title: { sv: "Besök utanför arbetspassen", en: "Visits outside the shifts worked" },
  why: "Personen är registrerad hos en brukare när hon enligt schemat inte arbetade.",
  remedy: "Fråga utföraren om övertid eller bytta pass. Låt rätta schemat eller besöket.",
  innocent: {
    nearShift: "Besöket ligger nära ett arbetspass: övertid eller tidig start.",
    alarm: "Besöket är ett larm; jour och beredskap syns inte i schemat.",
    otherShift: "Ett pass som inte är vanligt arbete täcker besöket: jour, beredskap eller introduktion.",
    onLeave: "Personen var sjuk eller ledig; det säger regeln om besök under ledighet.",
  },
  reads: ["visits", "shifts", "staff", "services"],
  parameters: z.object({
    minutesFromShiftAbove: z.int().min(0).default(60).describe("Så långt före eller efter ett pass godtas ett besök."),
    shiftsMin: z.int().min(1).default(5).describe("Så många arbetspass under månaden visar att schemat är känt."),
  }),
  examples: () => ({
    reports: [visitAt("17:01"), visitAt("05:29")],
    accepts: [
      visitAt("17:00"),
      visitAt("05:30"),
      visitAt("18:00", { services: ["larm"] }),
      visitAt("12:00", { kind: "sick", shifts: 6 }),
      visitAt("18:00", { shifts: 4 }),
      // On call.
      visitAt("12:00", { shifts: 6, kind: "other" }),
      // Before the schedule is known, and after.
      visitAt("18:00", { on: "2026-10-03" }),
      visitAt("12:00", { on: "2026-10-12" }),
      // The other employer's schedule is not here.
      visitAt("18:00", { twoEmployers: true }),
    ],
  }),
  evaluate({ visits, shifts, staff, services, slice }, { minutesFromShiftAbove, shiftsMin }, report) {
    const hits: Hit[] = [];
    if (slice.visits.length === 0) return hits;
    let worked = 0;
    for (const shift of slice.shifts) if (shifts.kind(shift) === "work") worked++;
    if (worked < shiftsMin) {
      report.tooLittleData("arbetspass saknas i underlaget");
      return hits;
    }
    const margin = minutesFromShiftAbove * MINUTE;
    let days: Map<number, number[]> | null = null;
    const known = knownShifts(shifts, slice.staff, slice.firstDay, slice.lastDay);
    for (const row of slice.visits) {
      if (!visits.usable(row)) continue;
      const start = visits.start(row);
      const end = visits.end(row);
      if (shiftCovering(shifts, slice.staff, start, end, ["work"]) >= 0) continue;
      if (shiftCovering(shifts, slice.staff, start - margin - 1, end + margin + 1, ["work"]) >= 0) {
        report.suppressed("nearShift", [row]);
        continue;
      }
      if (shiftCovering(shifts, slice.staff, start, end, ["other"]) >= 0) {
        report.suppressed("otherShift", [row]);
        continue;
      }
      if (shiftCovering(shifts, slice.staff, start, end, ["sick", "leave"]) >= 0) {
        report.suppressed("onLeave", [row]);
        continue;
      }
      if (services.has(visits.services(row), "alarm")) {
        report.suppressed("alarm", [row]);
        continue;
      }
      const employers = staff.employments(slice.staff);
      if (employers.some(({ provider }) => provider !== employers[0]!.provider)) {
        report.tooLittleData("arbetspass från den andra arbetsgivaren saknas");
        continue;
      }
      if (!(start >= known.from && start < known.until)) {
        report.tooLittleData("personens arbetspass är inte kända de dagarna");
        continue;
      }
      days ??= new Map();
      const rows = days.get(visits.day(row));
      if (rows === undefined) days.set(visits.day(row), [row]);
      else rows.push(row);
    }
    for (const [day, rows] of days ?? []) {
      const minutes = rows.reduce((sum, row) => sum + visits.minutes(row), 0);
      const times = rows.map((row) => `${formatClock(visits.start(row))}–${formatClock(visits.end(row))}`);
      hits.push({
        records: rows,
        minutes,
        distinct: formatDay(day),
        period: { from: day, to: day },
        reason: `Den ${formatDay(day)} är personen registrerad hos brukare utanför sina arbetspass: ${times.join(", ")}.`,
        evidence: {
          "minuter från närmaste arbetspass >": minutesFromShiftAbove,
          "besök utanför passen": rows.length,
          "arbetspass under månaden ≥": [worked, shiftsMin],
        },
      });
    }
    return hits;
  },
});
