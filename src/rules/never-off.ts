import { z } from "zod";
import { at, defineRule, example, formatDay, type Hit, HOUR, sample } from "#rule";

/** S1 has a visit on so many days from the 1st of October on, after so many days in a row in September. */
function daysInRow(count: number, { before = 0, off = -1 } = {}) {
  const visits = Array.from({ length: count }, (_, date) => {
    // The clocks went back on the 25th.
    const start = at("2026-10-01 08:00", date * 24 * 60 + (date >= 24 ? 60 : 0));
    return date === off ? [] : [sample("visits", `v-${date}`, { start })];
  }).flat();
  return example(visits, {
    earlier: before === 0 ? [] : [{ who: "S1", month: "2026-09", name: "daysInRow", value: before }],
  });
}

/** Every other night from 21 to 7: there are visits on every day of the calendar. */
function everyOtherNight() {
  return example(
    Array.from({ length: 15 }, (_, night) =>
      [21, 23, 26, 30].map((hour) =>
        sample("visits", `v-${night}-${hour}`, { start: at("2026-10-01 00:00", night * 48 * 60 + hour * 60) }),
      ),
    ).flat(),
  );
}

const SHIFT_GAP_MS = 6 * HOUR;

export default defineRule({
  id: "never-off",
  version: 1,
  level: "pattern",
  scope: "staff-month",
  title: { sv: "Aldrig ledig", en: "Never off" },
  why: "Ingen arbetar så många dagar i rad. Flera personer kan registrera under samma namn, eller så är besök registrerade åt någon som inte var där.",
  remedy: "Jämför med schema och lönelista, och fråga utföraren vilka som använder inloggningen.",
  innocent: {
    nightShift: "Arbetspass som går över midnatt räknas till dagen då de började; så räknat finns lediga dagar.",
  },
  reads: ["visits", "measures"],
  parameters: z.object({
    daysAbove: z.int().min(1).default(28).describe("Så många dagar i rad med besök godtas."),
  }),
  examples: () => ({
    reports: [daysInRow(29), daysInRow(9, { before: 20 })],
    accepts: [daysInRow(28), daysInRow(8, { before: 20 }), daysInRow(31, { off: 15 }), everyOtherNight()],
  }),
  evaluate({ visits, measures, slice }, { daysAbove }, report) {
    const hits: Hit[] = [];
    const { firstDay, lastDay } = slice;
    // Visits less than six hours apart are one shift, of the day on which it began.
    let latest = -Infinity;
    let last = -Infinity;
    let run = 0;
    let longest = 0;
    let longestEnd = 0;
    // Days of the calendar with a visit, to tell whom only the count by shifts leaves alone.
    let calendar = 0;
    let calendarLast = -Infinity;
    let calendarLongest = 0;
    let known = measures.of("daysInRow", 1);

    for (const rows of [slice.before, slice.visits]) {
      const inMonth = rows === slice.visits;
      if (inMonth && !Number.isNaN(known)) [run, last] = [known, known > 0 ? firstDay - 1 : -Infinity];
      if (inMonth) {
        if (last !== firstDay - 1) run = 0;
        known = run;
        calendar = run;
        calendarLast = last;
      }
      for (const row of rows) {
        if (!visits.performed(row)) continue;
        const day = visits.day(row);
        const began = visits.start(row) - latest >= SHIFT_GAP_MS;
        latest = Math.max(latest, visits.usable(row) ? visits.end(row) : visits.start(row));
        if (inMonth && day !== calendarLast) {
          calendar = day === calendarLast + 1 ? calendar + 1 : 1;
          calendarLast = day;
          if (calendar > calendarLongest) calendarLongest = calendar;
        }
        if (!began || day === last) continue;
        run = day === last + 1 ? run + 1 : 1;
        last = day;
        if (inMonth && run > longest) [longest, longestEnd] = [run, day];
      }
    }
    if (last === lastDay) report.measure("daysInRow", run);
    // What was too many already before the month is that month's, unless this one alone is too many again.
    const own = Math.min(longest, longestEnd - firstDay + 1);
    if (longest <= daysAbove || (known > daysAbove && own <= daysAbove)) {
      if (calendarLongest > daysAbove && known <= daysAbove)
        report.suppressed("nightShift", firstOfDays(firstDay, lastDay));
      return hits;
    }
    const from = longestEnd - longest + 1;
    hits.push({
      records: firstOfDays(from, longestEnd),
      reason: `Samma person har besök ${longest} dagar i rad, ${formatDay(from)} – ${formatDay(longestEnd)}, utan en ledig dag.`,
      evidence: {
        "dagar i rad med besök >": [longest, daysAbove],
        "därav före månaden": longest - own,
      },
    });

    /** One visit for each day is enough to see. */
    function firstOfDays(since: number, through: number): number[] {
      const found: number[] = [];
      let seen = -Infinity;
      for (const row of slice.visits) {
        const day = visits.day(row);
        if (!visits.performed(row) || day < since || day > through || day === seen) continue;
        found.push(row);
        seen = day;
      }
      return found;
    }
    return hits;
  },
});
