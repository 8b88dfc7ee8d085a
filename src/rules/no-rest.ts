import { z } from "zod";
import {
  at,
  DAY_MS,
  defineRule,
  example,
  formatLocal,
  type Hit,
  HOUR,
  MINUTE,
  sample,
  specialShift,
  startOfDay,
} from "#rule";

/** S1 works late on so many days and begins so many minutes after the evening's end on the next. */
function shortRests(count: number, minutes: number, { shift = "work", services = ["omvardnad"] } = {}) {
  return example([
    sample("services", "jour", { kind: "alarm" }),
    ...Array.from({ length: count }, (_, night) => {
      const evening = at("2026-10-05 22:00", night * 3 * 24 * 60);
      const morning = evening + minutes * MINUTE;
      return [
        sample("visits", `v-${night}-noon`, { start: evening - 8 * HOUR, end: evening - 7 * HOUR }),
        sample("visits", `v-${night}-evening`, { start: evening - HOUR, end: evening }),
        sample("visits", `v-${night}-morning`, { start: morning, end: morning + HOUR, services }),
        sample("shifts", `s-${night}`, { start: morning, end: morning + 2 * HOUR, kind: shift }),
      ];
    }).flat(),
  ]);
}

/** Morning and evening of every day, with the afternoon off. */
function splitShifts() {
  return example(
    Array.from({ length: 14 }, (_, date) => {
      const morning = at("2026-10-05 07:00", date * 24 * 60);
      return [
        sample("visits", `v-${date}-morning`, { start: morning, end: morning + 4 * HOUR }),
        sample("visits", `v-${date}-evening`, { start: morning + 9 * HOUR, end: morning + 13 * HOUR }),
      ];
    }).flat(),
  );
}

/** Works from 07:00, with hours off in the middle of the day, until midnight or so, and then not until `next`. */
function longDay(until: string, next: string) {
  const begins = at(next);
  return example([
    sample("visits", "v-1", { start: "07:00", end: "09:00" }),
    sample("visits", "v-2", { start: "18:00", end: "22:00" }),
    sample("visits", "v-3", { start: at(until, -60), end: until }),
    ...[0, 1, 2].map((hour) => {
      const start = begins + hour * HOUR;
      return sample("visits", `v-${hour + 4}`, { start, end: start + HOUR / 2 });
    }),
    sample("visits", "v-7", { start: "2026-10-10 07:00", end: "2026-10-10 08:00" }),
  ]);
}

/** The rest after a working day begins within so many hours of its start; what is later is the next day's. */
const WORKDAY_MS = 16 * HOUR;
/** The night's rest reaches until five at least. */
const MORNING_MS = 5 * HOUR;
/** A longer visit is most likely a forgotten log-out: when it ended nobody knows. */
const LONGEST_MS = 12 * HOUR;

interface Rest {
  ms: number;
  before: number;
  after: number;
}

export default defineRule({
  id: "no-rest",
  version: 2,
  level: "pattern",
  scope: "staff-month",
  title: { sv: "För kort vila mellan arbetsdagar", en: "Too little rest between working days" },
  why: "Den som arbetar ska ha elva timmars sammanhängande vila på ett dygn. Upprepad kort vila tyder på att flera delar inloggning, eller på att registreringarna inte stämmer.",
  remedy:
    "Jämför med schema och lönelista. Stämmer tiderna är det en fråga för arbetsgivaren; annars ska registreringarna rättas.",
  innocent: {
    onCall: "Personen hade jour eller beredskap: ett larm, eller ett arbetspass som inte är vanligt arbete.",
  },
  reads: ["visits", "shifts", "services"],
  parameters: z.object({
    hoursBelow: z.number().positive().default(11).describe("Kortare vila mellan två arbetsdagar räknas som kort."),
    timesAbove: z.int().min(0).default(3).describe("Så många korta vilor på en månad godtas."),
    hoursAnyBelow: z.number().positive().default(8).describe("En enda vila som är kortare än så granskas."),
  }),
  examples: () => ({
    reports: [
      shortRests(4, 11 * 60 - 1),
      shortRests(1, 8 * 60 - 1),
      longDay("23:45", "2026-10-06 07:00"),
      // Day and night, and the day after.
      example(
        Array.from({ length: 40 }, (_, hour) => {
          const start = at("2026-10-05 07:00", hour * 60);
          return sample("visits", `v-${hour}`, { start, end: start + 50 * MINUTE });
        }),
      ),
    ],
    accepts: [
      shortRests(3, 11 * 60 - 1),
      shortRests(4, 11 * 60),
      shortRests(3, 8 * 60),
      shortRests(4, 7 * 60, { shift: "other" }),
      shortRests(4, 7 * 60, { services: ["jour"] }),
      splitShifts(),
      // A little more than sixteen hours: the rest comes after them.
      longDay("23:45", "2026-10-07 07:00"),
      longDay("2026-10-06 00:45", "2026-10-06 12:00"),
    ],
  }),
  evaluate({ visits, shifts, services, slice }, { hoursBelow, timesAbove, hoursAnyBelow }, report) {
    const hits: Hit[] = [];
    const { before, visits: own, after } = slice;
    const count = before.length + own.length + after.length;
    const rowAt = (index: number): number =>
      index < before.length
        ? before[index]!
        : index < before.length + own.length
          ? own[index - before.length]!
          : after[index - before.length - own.length]!;
    const counts = (row: number): boolean => visits.usable(row) && visits.end(row) - visits.start(row) <= LONGEST_MS;

    let found: Rest[] | null = null;
    let index = 0;
    while (index < count) {
      const first = rowAt(index);
      if (!counts(first)) {
        index++;
        continue;
      }
      const until = visits.start(first) + WORKDAY_MS;
      const morning = startOfDay(visits.day(first) + 1) + MORNING_MS;
      let latest = first;
      let bestIndex = -1;
      let bestMs = 0;
      let bestBefore = -1;
      let next = index + 1;
      let rested = false;
      for (; next < count; next++) {
        const row = rowAt(next);
        if (!counts(row)) continue;
        // A day that goes on past its hours has its rest after them.
        const over = visits.end(latest) >= until;
        if (over && (bestIndex >= 0 || visits.end(latest) >= visits.start(first) + DAY_MS)) break;
        const gap = visits.start(row) - visits.end(latest);
        if (gap >= hoursBelow * HOUR) {
          rested = true;
          break;
        }
        // What lies within the day, or ends in its night, is a pause, however long.
        if (gap > bestMs && visits.start(row) >= morning) [bestMs, bestBefore, bestIndex] = [gap, latest, next];
        if (visits.end(row) > visits.end(latest)) latest = row;
      }
      // After the last visit that is known nobody can say how long the rest was.
      if (!rested && next >= count && (bestIndex < 0 || visits.end(latest) < until)) break;
      if (rested || bestIndex < 0) {
        index = next;
        continue;
      }
      const best = { ms: bestMs, before: bestBefore, after: rowAt(bestIndex) };
      index = bestIndex;
      const day = visits.day(best.after);
      if (day >= slice.firstDay && day <= slice.lastDay) (found ??= []).push(best);
    }
    if (found === null) return hits;

    const enough = (rests: readonly Rest[]): boolean =>
      rests.length > timesAbove || rests.some((rest) => rest.ms < hoursAnyBelow * HOUR);
    if (!enough(found)) return hits;
    const onCall = (row: number): boolean =>
      services.has(visits.services(row), "alarm") || specialShift({ visits, shifts }, row);
    const ordinary = found.filter((rest) => !onCall(rest.before) && !onCall(rest.after));
    if (!enough(ordinary)) {
      report.suppressed(
        "onCall",
        found.flatMap((rest) => [rest.before, rest.after]),
      );
      return hits;
    }
    const certain = ordinary.filter((rest) => !visits.ambiguousTime(rest.before) && !visits.ambiguousTime(rest.after));
    if (!enough(certain)) {
      report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
      return hits;
    }
    const shortest = certain.reduce((least, rest) => (rest.ms < least.ms ? rest : least));
    const minutes = Math.floor(shortest.ms / MINUTE);
    hits.push({
      records: [...new Set(certain.flatMap((rest) => [rest.before, rest.after]))],
      reason:
        `Samma person har kortare vila än ${hoursBelow} timmar mellan två arbetsdagar ${certain.length === 1 ? "en gång" : `${certain.length} gånger`} under månaden. ` +
        `Den kortaste är ${Math.floor(minutes / 60)} timmar och ${minutes % 60} minuter, från ${formatLocal(visits.end(shortest.before))}.`,
      evidence: {
        [`vilor kortare än ${hoursBelow} timmar >`]: [certain.length, timesAbove],
        "kortaste vilan i minuter <": [minutes, hoursAnyBelow * 60],
      },
    });
    return hits;
  },
});
