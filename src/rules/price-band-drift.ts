import { z } from "zod";
import { cut, decimalText, defineRule, example, formatOre, type Hit, MINUTE, minuteOfDay, sample } from "#rule";

const terms = {
  bands: [
    { name: "kväll", from: "18:00", to: "22:00" },
    { name: "natt", from: "22:00", to: "06:00" },
  ],
  price: [{ orePerHour: 48_000 }, { band: "kväll", orePerHour: 60_000 }, { band: "natt", orePerHour: 70_000 }],
};

/**
 * On so many days a visit at C1 planned at 17:40 begins at the time given, and one planned at 10:40 at 10:42; on
 * `late` days that one begins at 11:02.
 */
function evenings(
  days: number,
  begins: string,
  { late = 0, planned = "17:40", price = terms as Record<string, unknown>, usual = 31, nights = 0 } = {},
) {
  const pair = (date: string, name: string, plan: string, start: string) => [
    sample("planned-visits", `p-${name}-${date}`, { start: `${date} ${plan}` }),
    sample("visits", `v-${name}-${date}`, { start: `${date} ${start}`, plannedVisitId: `p-${name}-${date}` }),
  ];
  return example([
    sample("contracts", "k-1", { terms: price }),
    ...Array.from({ length: nights }, (_, night) => {
      const date = `2026-10-${String((night % 31) + 1).padStart(2, "0")}`;
      const [id, time] = [`n-${night}`, `${date} 21:${String(5 + 10 * Math.floor(night / 31)).padStart(2, "0")}`];
      return [
        sample("planned-visits", `p-${id}`, { clientId: "C2", start: time }),
        sample("visits", `v-${id}`, { clientId: "C2", start: time, plannedVisitId: `p-${id}` }),
      ];
    }).flat(),
    ...Array.from({ length: usual }, (_, day) => `2026-10-${String(day + 1).padStart(2, "0")}`).flatMap(
      (date, position) => [
        ...(position < days ? pair(date, "b", planned, begins) : pair(date, "b", "17:40", "17:41")),
        ...pair(date, "a", "10:40", position < late ? "11:02" : "10:42"),
      ],
    ),
  ]);
}

export default defineRule({
  id: "price-band-drift",
  version: 2,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Besök börjar strax innanför en dyrare pristid", en: "Visits begin just inside a dearer price band" },
  why: "Besök som var planerade till en annan tid börjar gång på gång strax innanför en dyrare pristid, oftare än de annars hamnar strax efter en hel timme.",
  remedy: "Jämför planerad och registrerad tid med utföraren, och fråga varför besöken flyttas.",
  innocent: {
    asUsual: "Besöken hamnar lika ofta strax efter andra hela timmar, då priset är detsamma.",
    planned: "Besöket var planerat till den tiden.",
  },
  reads: ["visits", "plans", "matches", "settlement", "units", "services"],
  parameters: z.object({
    minutesInside: z.int().min(1).default(10).describe("Så långt in i den dyrare pristiden börjar besöket."),
    minutesAround: z.int().min(1).default(60).describe("Så nära den, före eller efter, var besöket planerat."),
    movedMin: z.int().min(1).default(10).describe("Färre sådana besök under månaden säger för lite."),
    percentMin: z.number().min(0).max(100).default(10).describe("Av besöken som var planerade däromkring."),
    timesUsualMin: z.number().min(1).default(2).describe("Gånger andelen vid andra hela timmar."),
    deviationsMin: z
      .number()
      .min(0)
      .default(3)
      .describe("Så många standardavvikelser fler än andelen vid andra hela timmar ger: färre kan vara en slump."),
    usualMin: z.int().min(1).default(60).describe("Så många besök kring andra hela timmar behövs att jämföra med."),
  }),
  examples: () => ({
    reports: [
      evenings(10, "18:02"),
      evenings(31, "18:09"),
      // From both sides into the same ten minutes.
      evenings(31, "18:02", { planned: "18:40" }),
      evenings(10, "18:02", { late: 8 }),
      // Nobody waits for the night.
      evenings(10, "18:02", { nights: 124 }),
    ],
    accepts: [
      evenings(9, "18:02"),
      evenings(31, "18:10"),
      evenings(31, "17:58"),
      evenings(31, "18:02", { planned: "18:00" }),
      // Half of the visits around eleven begin just after it, too.
      evenings(15, "18:02", { late: 31 }),
      // Nine of 62: of 31 that would be four and a half, give or take six.
      evenings(10, "18:02", { late: 9 }),
      evenings(31, "18:02", { price: {} }),
      evenings(29, "18:02", { usual: 29 }),
    ],
  }),
  evaluate(
    { visits, plans, matches, settlement, units, services, slice },
    { minutesInside, minutesAround, movedMin, percentMin, timesUsualMin, deviationsMin, usualMin },
    report,
  ) {
    const hits: Hit[] = [];
    // Minutes of the day at which some band of the provider's contracts begins or ends.
    const cuts = new Set<number>();
    for (let unit = 0; unit < units.count; unit++) {
      if (units.provider(unit) !== slice.provider) continue;
      for (let service = 0; service < services.code.length; service++) {
        const inForce = settlement.terms(slice.provider, unit, service, slice.lastDay);
        for (const day of inForce?.terms.bands?.byWeekday ?? []) for (const { from } of day) cuts.add(from);
      }
    }
    if (cuts.size === 0) return hits;
    const borders = [...cuts].flatMap((minute) => (minute === 0 ? [0, 24 * 60] : [minute])).sort((a, b) => a - b);

    const inside = (at: number, border: number): boolean => at >= border && at < border + minutesInside * MINUTE;
    /** By the time at which the price changes: few wait for the night because many wait for the evening. */
    const byBorder = new Map<number, { near: number; moved: number[]; minutes: number; ore: number }>();
    let [planned, usual, usualMoved] = [0, 0, 0];
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      const plan = matches.plan(row);
      if (plan < 0 || !visits.usable(row)) continue;
      const start = plans.start(plans.frozen(plan));
      const begun = visits.start(row);
      const minute = minuteOfDay(start);
      const time = borders.find((one) => Math.abs(one - minute) <= minutesAround);
      if (time === undefined) {
        for (const hour of [minute - (minute % 60), minute - (minute % 60) + 60]) {
          const border = start + (hour - minute) * MINUTE;
          usual++;
          if (inside(begun, border) && !inside(start, border)) usualMoved++;
        }
        continue;
      }
      const border = start + (time - minute) * MINUTE;
      const before = settlement.orePerHour(row, border - MINUTE);
      const after = settlement.orePerHour(row, border);
      if (before === null || after === null || after <= before) continue;
      let there = byBorder.get(time % (24 * 60));
      if (there === undefined) byBorder.set(time % (24 * 60), (there = { near: 0, moved: [], minutes: 0, ore: 0 }));
      there.near++;
      if (!inside(begun, border)) continue;
      if (inside(start, border)) {
        planned++;
        continue;
      }
      there.moved.push(row);
      const dearer = Math.max(0, Math.min(visits.minutes(row), Math.floor((border - start) / MINUTE)));
      there.minutes += dearer;
      there.ore += Math.floor((dearer * (after - before)) / 60);
    }
    for (let times = 0; times < planned; times++) report.suppressed("planned");
    const many = [...byBorder.values()].filter(
      ({ near, moved }) => moved.length >= movedMin && 100 * moved.length >= percentMin * near,
    );
    if (many.length === 0) return hits;
    if (usual < usualMin) {
      report.tooLittleData("för få andra besök att jämföra med");
      return hits;
    }
    const usualShare = usualMoved / usual;
    const drifting = many.filter(({ near, moved }) => {
      const expected = near * usualShare;
      const chance = deviationsMin * Math.sqrt(expected);
      const drifts = moved.length >= timesUsualMin * expected && moved.length >= expected + chance;
      if (!drifts) report.suppressed("asUsual", moved);
      return drifts;
    });
    if (drifting.length === 0) return hits;
    const sum = (of: (one: (typeof drifting)[number]) => number): number =>
      drifting.reduce((total, one) => total + of(one), 0);
    const moved = drifting.flatMap((one) => one.moved);
    const near = sum((one) => one.near);
    const [percent, usualPercent] = [(100 * moved.length) / near, 100 * usualShare];
    const ore = sum((one) => one.ore);
    hits.push({
      records: moved,
      client: -1,
      staff: -1,
      minutes: sum((one) => one.minutes),
      amountOre: ore,
      reason:
        `${moved.length} av ${near} besök som var planerade omkring en dyrare pristid började högst ${minutesInside} minuter in i den, utan att vara planerade då. ` +
        `Vid andra hela timmar händer det ${decimalText(usualPercent)} % av besöken. Prisskillnaden för dem som var planerade före är ${formatOre(ore)}.`,
      evidence: {
        "besök flyttade till strax innanför den dyrare pristiden ≥": [moved.length, movedMin],
        "av dem som var planerade däromkring, procent ≥": [cut(percent), percentMin],
        "andelen vid andra hela timmar, procent": cut(usualPercent),
        "gånger den andelen ≥": [
          usualPercent === 0 ? "där händer det aldrig" : cut(percent / usualPercent),
          timesUsualMin,
        ],
        "fler än andelen ger, i standardavvikelser ≥": [
          usualPercent === 0
            ? "där händer det aldrig"
            : cut((moved.length - near * usualShare) / Math.sqrt(near * usualShare)),
          deviationsMin,
        ],
        "besök att jämföra med ≥": [usual, usualMin],
        "besök som var planerade till den tiden": planned,
      },
    });
    return hits;
  },
});
