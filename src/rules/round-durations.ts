import { z } from "zod";
import {
  at,
  cut,
  decimalText,
  defineRule,
  example,
  type Hit,
  MINUTE,
  peerLimit,
  type ProviderMonthSlice,
  sample,
} from "#rule";

/** P1 has forty visits, so many of which end on whole fives; each of so many others has eight of forty. */
function endsOf(round: number, { peers = 3, count = 40, peersRound = 8, proof = "lock" } = {}) {
  const ends = (unit: string, rounded: number, visits: number) =>
    Array.from({ length: visits }, (_, position) => {
      const start = at("2026-10-01 06:00", position * 12 * 60);
      const minutes = position < rounded ? 30 : 31 + (position % 4);
      return sample("visits", `${unit}-${position}`, {
        unitId: unit,
        staffId: "S1",
        start,
        end: start + minutes * MINUTE,
        startProof: proof,
        endProof: proof,
      });
    });
  return example([
    ...ends("U1", round, count),
    ...Array.from({ length: peers }, (_, peer) => [
      sample("providers", `P${peer + 10}`),
      sample("units", `V${peer}`, { providerId: `P${peer + 10}` }),
      ...ends(`V${peer}`, peersRound, 40),
    ]).flat(),
  ]);
}

export default defineRule({
  id: "round-durations",
  version: 1,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Ovanligt många besök slutar på jämna fem minuter", en: "Unusually many visits end on whole fives" },
  why: "Uppmätta tider slutar lika ofta på vilken minut som helst. Jämna tider tyder på att de är skrivna ur minnet eller efter planen.",
  remedy: "Ta reda på hur besöken registreras, och jämför några dagar med lås- och tagghändelser.",
  innocent: {
    sourceRounds: "Nästan alla tider är jämna: källan avrundar dem, det är en uppgift om källan.",
    likePeers: "Andelen är hög men inte högre än hos andra utförare.",
  },
  reads: ["visits", "peers"],
  parameters: z.object({
    visitsMin: z.int().min(1).default(40).describe("Färre besök under månaden säger för lite."),
    percentMin: z
      .number()
      .min(0)
      .max(100)
      .default(40)
      .describe("Lägre andel rapporteras inte; av en slump slutar var femte minut jämnt."),
    madsAbove: z.number().min(0).default(3).describe("Så många MAD över de andras median."),
    madPointsMin: z.number().min(0).default(2).describe("Procentenheter; är de andra mer lika räknas MAD som detta."),
    peersMin: z.int().min(1).default(3).describe("Så många andra utförare behövs att jämföra med."),
    percentSource: z.number().min(0).max(100).default(99).describe("Från denna andel är det källan som avrundar."),
  }),
  examples: () => ({
    reports: [endsOf(16)],
    accepts: [
      endsOf(15),
      endsOf(20, { peersRound: 18 }),
      endsOf(40),
      endsOf(30, { peers: 2 }),
      endsOf(30, { count: 39 }),
      endsOf(30, { proof: "manual" }),
    ],
  }),
  evaluate(
    { visits, peers, slice },
    { visitsMin, percentMin, madsAbove, madPointsMin, peersMin, percentSource },
    report,
  ) {
    const hits: Hit[] = [];
    const shares = peers.of("share", slice, ({ visits: rows }: ProviderMonthSlice) => {
      let [count, round] = [0, 0];
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        // What is typed in is round by nature; the share of it is a rule of its own.
        if (!visits.usable(row) || visits.endProof(row) === "manual") continue;
        count++;
        if (visits.end(row) % (5 * MINUTE) === 0) round++;
      }
      return { count, round, percent: count < visitsMin ? NaN : (100 * round) / count };
    });
    const { count, round, percent } = shares.get(slice.provider)!;
    if (Number.isNaN(percent) || percent < percentMin) return hits;
    if (percent >= percentSource) {
      report.suppressed("sourceRounds");
      return hits;
    }
    const others = [...shares].filter(([provider]) => provider !== slice.provider).map(([, share]) => share.percent);
    const limit = peerLimit(others, { mads: madsAbove, countMin: peersMin, madMin: madPointsMin });
    if (limit === null) {
      report.tooLittleData("för få utförare att jämföra med");
      return hits;
    }
    if (percent <= limit.limit) {
      report.suppressed("likePeers");
      return hits;
    }
    hits.push({
      records: [],
      reason:
        `${decimalText(percent)} % av utförarens besök (${round} av ${count}) slutar på jämna fem minuter. ` +
        `För de andra utförarna är det i mitten ${decimalText(limit.median)} %.`,
      evidence: {
        "slutar på jämna fem minuter, procent >": [cut(percent), cut(limit.limit)],
        "minst, procent": percentMin,
        "de andras median, procent": cut(limit.median),
        "de andras MAD, procentenheter": cut(limit.mad),
        "andra utförare ≥": [limit.count, peersMin],
        "antal besök ≥": [count, visitsMin],
      },
    });
    return hits;
  },
});
