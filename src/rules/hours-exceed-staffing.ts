import { z } from "zod";
import {
  at,
  cut,
  daily,
  dayOf,
  decimalText,
  defineRule,
  example,
  type Hit,
  HOUR,
  knownShifts,
  MINUTE,
  rowsOf,
  sample,
} from "#rule";

/** On 20 days S1 works ten hours, with a break, and has so many hours of visits. */
function worked(
  hours: number,
  { breakMinutes = 0, shifts = 20, others = 0, twice = false, second = false, since = 0 } = {},
) {
  return example([
    ...(second ? [sample("staff", "S9", { providerId: "P2", unitId: "U2", hsaId: "HSA-S1" })] : []),
    ...daily(20, (date, position) =>
      position >= since && position < shifts
        ? sample("shifts", `w-${position}`, { start: `${date} 06:00`, end: `${date} 16:00`, breakMinutes })
        : sample("services", "omvardnad"),
    ),
    ...daily(20, (date, position) =>
      sample("visits", `v-${position}`, { start: `${date} 06:00`, end: at(`${date} 06:00`, hours * 60) }),
    ),
    // Nobody says when S2 works.
    ...daily(others, (date, position) =>
      sample("visits", `o-${position}`, { staffId: "S2", start: `${date} 06:00`, end: `${date} 10:00` }),
    ),
    ...(twice
      ? daily(20, (date, position) =>
          sample("visits", `t-${position}`, {
            clientId: "C2",
            start: `${date} 06:00`,
            end: at(`${date} 06:00`, hours * 60),
          }),
        )
      : []),
  ]);
}

export default defineRule({
  id: "hours-exceed-staffing",
  version: 2,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Besöken fyller hela arbetstiden", en: "Visits fill all the hours worked" },
  why: "Restid, rast och överlämning ryms inte: nästan hela den arbetade tiden är registrerad som besök.",
  remedy: "Fråga utföraren hur restid redovisas, och jämför arbetspassen med lönesystemet.",
  innocent: {
    together: "Samma tid är registrerad hos flera brukare; den räknas en gång.",
  },
  reads: ["visits", "staff", "shifts"],
  parameters: z.object({
    partAbove: z.number().positive().default(0.95).describe("Besökstid av arbetad tid, rast borträknad."),
    hoursMin: z.number().min(1).default(160).describe("Med färre arbetade timmar under månaden säger delen för lite."),
    unknownPercentMax: z
      .number()
      .min(0)
      .max(100)
      .default(20)
      .describe("Så stor del av besökstiden får vara av personal utan kända arbetspass."),
  }),
  examples: () => ({
    reports: [worked(9.6), worked(9, { breakMinutes: 60 })],
    accepts: [
      worked(9.5),
      worked(9.5, { twice: true, breakMinutes: 0, shifts: 20 }),
      worked(9.6, { shifts: 15 }),
      // The schedule was first read when half of the visits had been made.
      worked(5, { since: 10 }),
      worked(9.6, { others: 20 }),
      worked(9.6, { second: true }),
    ],
  }),
  evaluate({ visits, staff, shifts, slice }, { partAbove, hoursMin, unknownPercentMax }, report) {
    const hits: Hit[] = [];
    if (shifts.count === 0) {
      report.tooLittleData("arbetspass saknas i underlaget");
      return hits;
    }
    const visited = new Float64Array(staff.count);
    const shared = new Float64Array(staff.count);
    /** Where nobody's shifts are known. */
    const beside = new Float64Array(staff.count);
    // A shift that one person lacks is missing; what all lack has not been read.
    const known = { from: Infinity, until: -Infinity };
    let [last, until] = [-1, -Infinity];
    for (const row of slice.byStaff) {
      const person = visits.staff(row);
      if (person === last) continue;
      last = person;
      const own = knownShifts(shifts, person, slice.firstDay, slice.lastDay);
      known.from = Math.min(known.from, own.from);
      known.until = Math.max(known.until, own.until);
    }
    last = -1;
    for (let i = 0; i < slice.byStaff.length; i++) {
      const row = slice.byStaff[i]!;
      if (!visits.usable(row)) continue;
      const person = visits.staff(row);
      if (person !== last) [last, until] = [person, -Infinity];
      const start = visits.start(row);
      const end = visits.end(row);
      if (!(start >= known.from && start < known.until)) {
        beside[person]! += end - start;
        continue;
      }
      shared[person]! += Math.max(0, Math.min(end, until) - start);
      visited[person]! += Math.max(0, end - Math.max(start, until));
      until = Math.max(until, end);
    }
    let [knownMs, workedMs, unknownMs, sharedMs] = [0, 0, 0, 0];
    for (let person = 0; person < visited.length; person++) {
      unknownMs += beside[person]!;
      if (visited[person] === 0) continue;
      let ms = 0;
      for (const shift of rowsOf(shifts.byStaff, person)) {
        const day = dayOf(shifts.start(shift));
        if (shifts.kind(shift) !== "work" || day < slice.firstDay || day > slice.lastDay) continue;
        ms += shifts.end(shift) - shifts.start(shift) - shifts.breakMinutes(shift) * MINUTE;
      }
      // Of somebody who works for two, nobody says whose the shifts are.
      const employers = staff.employments(person);
      if (ms === 0 || employers.some(({ provider }) => provider !== slice.provider)) unknownMs += visited[person]!;
      else {
        knownMs += visited[person]!;
        sharedMs += shared[person]!;
        workedMs += ms;
      }
    }
    if (100 * unknownMs > unknownPercentMax * (knownMs + unknownMs)) {
      report.tooLittleData("arbetspass saknas i underlaget");
      return hits;
    }
    const part = knownMs / workedMs;
    if (workedMs < hoursMin * HOUR) return hits;
    if (part <= partAbove) {
      if (knownMs + sharedMs > partAbove * workedMs) report.suppressed("together");
      return hits;
    }
    hits.push({
      records: [],
      minutes: Math.floor((knownMs - partAbove * workedMs) / MINUTE),
      reason:
        `Besöken fyller ${decimalText(100 * part)} % av den arbetade tiden: ${decimalText(knownMs / HOUR, 0)} timmar av ` +
        `${decimalText(workedMs / HOUR, 0)}, raster borträknade. Där ska också restiden rymmas.`,
      evidence: {
        "besökstid av arbetad tid >": [cut(part, 3), partAbove],
        "arbetade timmar ≥": [cut(workedMs / HOUR), hoursMin],
        "besökstid av personal utan kända arbetspass, procent ≤": [
          cut((100 * unknownMs) / (knownMs + unknownMs)),
          unknownPercentMax,
        ],
        "timmar hos flera brukare samtidigt, räknade en gång": cut(sharedMs / HOUR),
      },
    });
    return hits;
  },
});
