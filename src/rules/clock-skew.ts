import { z } from "zod";
import { at, dayOf, defineRule, example, formatDay, type Hit, HOUR, MINUTE, sample } from "#rule";

/** Twenty visits a day for ten days, received a minute after they ended; on the last day so many minutes more. */
function skewOf(minutes: number) {
  return example(
    Array.from({ length: 10 }, (_, date) =>
      Array.from({ length: 20 }, (_unused, position) => {
        const end = at("2026-10-05 07:00", date * 24 * 60 + position * 40);
        return sample("visits", `v-${date}-${position}`, {
          start: end - 20 * MINUTE,
          end,
          receivedAt: end + (1 + (date === 9 ? minutes : 0)) * MINUTE,
        });
      }),
    ).flat(),
  );
}

export default defineRule({
  id: "clock-skew",
  version: 1,
  level: "quality",
  scope: "source",
  title: { sv: "Klockan i källan har ändrats", en: "The source's clock has shifted" },
  why: "Tiderna i källan ligger fel mot andra källor. Jämförelser på minuten blir osäkra.",
  remedy: "Be den som ansvarar för källan kontrollera klockan i enheter och server.",
  innocent: {},
  reads: ["visits", "sources"],
  parameters: z.object({
    minutesAbove: z.number().positive().default(2).describe("Så mycket får dagens median skilja sig från månadens."),
    visitsMin: z.int().min(1).default(20).describe("Färre besök om dagen säger för lite."),
    daysMin: z.int().min(2).default(5).describe("Så många dagar behövs för att veta vad som är vanligt."),
  }),
  examples: () => ({
    reports: [skewOf(3), skewOf(-3)],
    accepts: [skewOf(2), skewOf(0)],
  }),
  evaluate({ visits, sources, slice }, { minutesAbove, visitsMin, daysMin }, report) {
    const hits: Hit[] = [];
    const byDay = new Map<number, number[]>();
    // Visits come in order of their start: most end on the same day as the one before.
    let last = { day: NaN, delays: [] as number[] };
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      // Late arrivals and typed times say nothing of a clock.
      const delay = visits.receivedAt(row) - visits.end(row);
      if (!(Math.abs(delay) < HOUR) || visits.proven(row) !== true) continue;
      const day = dayOf(visits.end(row));
      if (day !== last.day) {
        last = { day, delays: byDay.get(day) ?? [] };
        byDay.set(day, last.delays);
      }
      last.delays.push(delay);
    }
    const medians = [...byDay]
      .filter(([, delays]) => delays.length >= visitsMin)
      .map(([day, delays]) => [day, median(delays)] as const)
      .toSorted(([a], [b]) => a - b);
    if (medians.length < daysMin) {
      if (byDay.size > 0) report.tooLittleData("för få besök med tid för mottagande");
      return hits;
    }
    const usual = median(medians.map(([, delay]) => delay));
    for (const [day, delay] of medians) {
      const shift = (delay - usual) / MINUTE;
      if (Math.abs(shift) <= minutesAbove) continue;
      const rounded = Math.round(shift * 10) / 10;
      hits.push({
        records: [],
        distinct: formatDay(day),
        period: { from: day, to: day },
        reason: `Tiden från besökets slut till mottagandet i källan ${sources.id(slice.source)} avvek ${formatDay(day)} med ${String(rounded).replace(".", ",")} minuter från det vanliga.`,
        evidence: { "avvikelse i minuter, åt något håll >": [Math.abs(rounded), minutesAbove] },
      });
    }
    return hits;
  },
});

/** Of thousands a day, without putting all in order. */
function median(values: readonly number[]): number {
  const partly = new Float64Array(values);
  const middle = partly.length >> 1;
  const upper = inPlace(partly, middle);
  return partly.length % 2 === 1 ? upper : (inPlace(partly, middle - 1) + upper) / 2;
}

/** What would stand at a place if the values were in order: Hoare's selection, which moves them about. */
function inPlace(values: Float64Array, place: number): number {
  let [first, last] = [0, values.length - 1];
  while (first < last) {
    const pivot = values[(first + last) >> 1]!;
    let [low, high] = [first, last];
    while (low <= high) {
      while (values[low]! < pivot) low++;
      while (values[high]! > pivot) high--;
      if (low > high) break;
      const value = values[low]!;
      values[low++] = values[high]!;
      values[high--] = value;
    }
    if (place <= high) last = high;
    else if (place >= low) first = low;
    else break;
  }
  return values[place]!;
}
