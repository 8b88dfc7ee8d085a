import { z } from "zod";
import {
  at,
  cut,
  decimalText,
  defineRule,
  example,
  type Fences,
  type Hit,
  HOUR,
  MINUTE,
  type ProviderMonthSlice,
  sample,
  tukeyFences,
} from "#rule";

type Name = "manual" | "lengthened" | "declined" | "round" | "length" | "unplanned" | "tight";

/** What providers are compared by. `least`: a smaller distance from the others' median says nothing, however alike they are. */
const compared: Readonly<Record<Name, { words: string; least: number }>> = {
  manual: { words: "besök inskrivna för hand, procent", least: 10 },
  lengthened: { words: "besök som förlängts i efterhand, procent", least: 5 },
  declined: { words: "avböjda besök, procent", least: 5 },
  round: { words: "besök som slutar på jämna fem minuter, procent", least: 15 },
  length: { words: "besökets längd i minuter, i genomsnitt", least: 10 },
  unplanned: { words: "besök utan plan, procent", least: 10 },
  tight: { words: "besök utan tid till nästa brukare, procent", least: 10 },
};
const names = Object.keys(compared) as Name[];
type Measured = Record<Name, number> & { visits: number };

/** October of P1 and so many others with a hundred visits each; P1 has so many manual, round and long ones. */
function october(
  { manual = 0, long = 0, round = 0 },
  { peers = 8, count = 100, earlier = [] as Array<{ who: string; month: string; name: string; value: number }> } = {},
) {
  const visits = (unit: string, odd: { manual: number; long: number; round: number }, total: number) =>
    Array.from({ length: total }, (_, position) => {
      const start = at("2026-10-01 06:00", position * 6 * 60);
      const minutes = position < odd.round ? 30 : 31 + (position % 4);
      const proof = position < odd.manual ? "manual" : "lock";
      return sample("visits", `${unit}-${position}`, {
        unitId: unit,
        start,
        end: start + (minutes + (position < odd.long ? 60 : 0)) * MINUTE,
        startProof: proof,
        endProof: proof,
      });
    });
  return example(
    [
      ...visits("U1", { manual, long, round }, count),
      ...Array.from({ length: peers }, (_, peer) => [
        sample("providers", `P${peer + 10}`),
        sample("units", `V${peer}`, { providerId: `P${peer + 10}` }),
        // Not all alike.
        ...visits(`V${peer}`, { manual: peer, long: peer % 3, round: 10 + peer }, 100),
      ]).flat(),
    ],
    { earlier },
  );
}

/** Twelve months of P1 before, much alike. */
const history = [
  "2025-10",
  "2025-11",
  "2025-12",
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((month) => `2026-0${month}`),
].flatMap((month, position) =>
  Object.entries({ manual: 3 + (position % 3), round: 12 + (position % 4), length: 33 + (position % 2) }).map(
    ([name, value]) => ({ who: "P1", month, name, value }),
  ),
);

export default defineRule({
  id: "provider-outlier",
  version: 1,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Utförare som avviker i flera mått", en: "Provider far out in several measures" },
  why: "Ett enskilt mått kan ha många förklaringar. När flera ligger långt utanför vad andra har är det värt att fråga varför.",
  remedy: "Gå igenom måtten med utföraren. Avvikelsen säger var man bör titta, inte att något är fel.",
  innocent: {
    fewMeasures: "Färre mått än så ligger långt utanför: var för sig har de ofta en förklaring.",
  },
  reads: ["visits", "matches", "clients", "peers", "measures"],
  parameters: z.object({
    measuresMin: z.int().min(1).default(3).describe("Så många mått ligger utanför."),
    ranges: z.number().positive().default(3).describe("Kvartilavstånd utanför kvartilerna; 3 är Tukeys yttre gräns."),
    peersMin: z.int().min(4).default(8).describe("Så många andra utförare, eller egna månader, att jämföra med."),
    monthsBack: z.int().min(4).max(36).default(12).describe("Så många egna månader ses tillbaka."),
    visitsMin: z.int().min(1).default(100).describe("Med färre besök under månaden säger måtten för lite."),
  }),
  examples: () => ({
    reports: [
      october({ manual: 45, long: 80, round: 90 }),
      // Too few others, but the own months tell.
      october({ manual: 45, long: 80, round: 90 }, { peers: 2, earlier: history }),
    ],
    accepts: [
      october({ manual: 45, long: 80, round: 10 }),
      october({ manual: 7, long: 2, round: 17 }),
      october({ manual: 45, long: 80, round: 90 }, { peers: 7 }),
      october({ manual: 45, long: 80, round: 90 }, { count: 99 }),
      october({ manual: 4, long: 2, round: 14 }, { peers: 2, earlier: history }),
    ],
  }),
  evaluate(
    { visits, matches, clients, peers, measures, slice },
    { measuresMin, ranges, peersMin, monthsBack, visitsMin },
    report,
  ) {
    const hits: Hit[] = [];
    const all = peers.of("measures", slice, measure);
    const own = all.get(slice.provider)!;
    for (const name of names) if (!Number.isNaN(own[name])) report.measure(name, own[name]);
    if (own.visits < visitsMin) return hits;

    let compares = 0;
    const out: Array<{ name: Name; value: number; fences: Fences; others: string }> = [];
    for (const name of names) {
      const value = own[name];
      if (Number.isNaN(value)) continue;
      const others = [...all].filter(([provider]) => provider !== slice.provider).map(([, measured]) => measured[name]);
      const months = Array.from({ length: monthsBack }, (_, back) => measures.of(name, back + 1));
      const beside = tukeyFences(others, { ranges, countMin: peersMin });
      const fences = beside ?? tukeyFences(months, { ranges, countMin: peersMin });
      if (fences === null) continue;
      compares++;
      if (value >= fences.low && value <= fences.high) continue;
      if (Math.abs(value - fences.median) < compared[name].least) continue;
      out.push({ name, value, fences, others: beside === null ? "egna månader" : "andra utförare" });
    }
    if (compares < measuresMin) {
      report.tooLittleData("för få utförare eller månader att jämföra med");
      return hits;
    }
    if (out.length < measuresMin) {
      if (out.length > 0) report.suppressed("fewMeasures");
      return hits;
    }
    hits.push({
      records: [],
      reason:
        `${out.length} av ${compares} mått ligger långt utanför vad som är vanligt: ` +
        `${out.map(({ name, value }) => `${compared[name].words} ${decimalText(value)}`).join("; ")}.`,
      evidence: [
        { condition: "mått långt utanför ≥", value: out.length, threshold: measuresMin },
        { condition: "antal besök ≥", value: own.visits, threshold: visitsMin },
        ...out.map(({ name, value, fences, others }) => ({
          condition: compared[name].words,
          value: cut(value),
          threshold: cut(value > fences.high ? fences.high : fences.low),
          alternatives: [
            { condition: `median, ${others}`, value: cut(fences.median) },
            { condition: "kvartiler", value: `${decimalText(fences.q1)}–${decimalText(fences.q3)}` },
          ],
        })),
      ],
    });

    function measure({ visits: rows, byStaff }: ProviderMonthSlice): Measured {
      let [count, proofs, manual, longer, edits, declined, round, ends, ms, matched, follows, tight] = Array<number>(
        12,
      ).fill(0) as [number, number, number, number, number, number, number, number, number, number, number, number];
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        if (visits.status(row) === "declined") declined++;
        if (!visits.usable(row)) continue;
        count++;
        const start = visits.start(row);
        const end = visits.end(row);
        ms += end - start;
        const proven = visits.proven(row);
        if (proven !== null) proofs++;
        if (proven === false) manual++;
        const original = visits.originalEnd(row) - visits.originalStart(row);
        if (!Number.isNaN(original)) edits++;
        if (end - start > original) longer++;
        // Typed in, times are round by nature: that is counted once.
        if (visits.endProof(row) !== "manual") {
          ends++;
          if (end % (5 * MINUTE) === 0) round++;
        }
        if (matches.plan(row) >= 0) matched++;
      }
      let last = -1;
      for (let i = 0; i < byStaff.length; i++) {
        const row = byStaff[i]!;
        if (!visits.usable(row)) continue;
        const before = last;
        last = row;
        if (before < 0 || visits.staff(before) !== visits.staff(row)) continue;
        if (visits.client(before) === visits.client(row)) continue;
        const gap = visits.start(row) - visits.end(before);
        if (gap >= HOUR) continue;
        follows++;
        // Only of these few it matters how far apart they are.
        if (gap > MINUTE) continue;
        if (clients.samePlace(visits.client(before), visits.client(row), visits.day(row)) === false) tight++;
      }
      const percent = (part: number, whole: number): number =>
        count < visitsMin || whole * 2 < visitsMin ? NaN : (100 * part) / whole;
      return {
        visits: count,
        manual: percent(manual, proofs),
        // Without a single edit nobody says what was changed.
        lengthened: edits === 0 ? NaN : percent(longer, count),
        declined: percent(declined, count + declined),
        round: percent(round, ends),
        length: count < visitsMin ? NaN : ms / count / MINUTE,
        unplanned: matched === 0 ? NaN : percent(count - matched, count),
        tight: percent(tight, follows),
      };
    }
    return hits;
  },
});
