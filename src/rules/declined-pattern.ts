import { z } from "zod";
import {
  at,
  cut,
  decimalText,
  defineRule,
  example,
  type Hit,
  HOUR,
  MINUTE,
  peerLimit,
  percentOf,
  type ProviderMonthSlice,
  type RuleTables,
  sample,
} from "#rule";

/** P1 and six others, each with a hundred visits of half an hour; so many of P1's and of the others' were declined and paid in full. */
function providersOf(
  own: number,
  {
    others = [1, 2, 2, 2, 2, 3] as readonly number[],
    percent = 100,
    notified = undefined as number | undefined,
    clients = 3,
  } = {},
) {
  return example(
    [own, ...others].flatMap((declined, provider) => {
      const [id, unitId] = [`P${provider + 11}`, `U${provider + 11}`];
      const terms = {
        declined: { percent: { default: percent }, ...(notified !== undefined && { onlyIfNotifiedWithinHours: 24 }) },
      };
      return [
        sample("providers", id),
        sample("units", unitId, { providerId: id }),
        sample("contracts", `K-${id}`, { providerId: id, terms }),
        ...Array.from({ length: 100 }, (_, position) => {
          const start = at("2026-10-01 06:00", position * 6 * 60 + provider * 40);
          const said = position < declined;
          const clientId = `C${1 + (position % clients)}`;
          return [
            sample("planned-visits", `p-${id}-${position}`, {
              clientId,
              unitId,
              staffId: `${id}-1`,
              start,
              end: start + 30 * MINUTE,
            }),
            sample("visits", `v-${id}-${position}`, {
              clientId,
              unitId,
              staffId: `${id}-1`,
              plannedVisitId: `p-${id}-${position}`,
              start,
              ...(said && {
                status: "declined",
                ...(notified !== undefined && { declinedNotifiedAt: start - notified * HOUR }),
              }),
            }),
          ];
        }).flat(),
      ];
    }),
  );
}

export default defineRule({
  id: "declined-pattern",
  version: 1,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Ovanligt många avböjda besök som ersätts", en: "Unusually many paid declined visits" },
  why: "Besök som brukaren avböjer ersätts utan att någon hjälp ges. Många fler än hos andra utförare kan vara besök som aldrig var tänkta att göras.",
  remedy: "Fråga ett urval av brukarna om besöken, och be utföraren visa när och varför de avböjdes.",
  innocent: { oneClient: "Nästan alla avböjda besök gäller en enda brukare, som ofta säger nej." },
  reads: ["visits", "plans", "services", "matches", "settlement", "peers"],
  parameters: z.object({
    madsAbove: z.number().positive().default(3).describe("Så många medianavvikelser över de andra utförarnas median."),
    peersMin: z
      .int()
      .min(2)
      .default(4)
      .describe("Färre andra utförare, vars avtal ersätter avböjda besök, går inte att jämföra med."),
    madPercentMin: z
      .number()
      .positive()
      .default(0.5)
      .describe("Minsta medianavvikelse i procentenheter: där de andra är lika ska en liten skillnad inte synas."),
    visitsMin: z.int().min(1).default(10).describe("Färre avböjda besök som ersätts säger för lite."),
    oneClientPercentAbove: z
      .number()
      .min(0)
      .max(100)
      .default(80)
      .describe("Större del hos en enda brukare är dennes vana, inte utförarens."),
  }),
  examples: () => ({
    // The others' median is 9 % and their MAD 1: the limit is 12 %. Where all have 9 %, the MAD counts as 0.5.
    reports: [
      providersOf(13, { others: [6, 8, 9, 9, 10, 12] }),
      providersOf(11, { others: [9, 9, 9, 9, 9, 9] }),
      providersOf(20, { notified: 23 }),
    ],
    accepts: [
      providersOf(12, { others: [6, 8, 9, 9, 10, 12] }),
      providersOf(10, { others: [9, 9, 9, 9, 9, 9] }),
      providersOf(9),
      providersOf(20, { others: [2, 2, 2] }),
      providersOf(20, { clients: 1 }),
      providersOf(20, { percent: 0 }),
      // Told of a day in advance: declined, and not paid.
      providersOf(20, { notified: 24 }),
    ],
  }),
  evaluate(tables, parameters, report) {
    const hits: Hit[] = [];
    const { madsAbove, peersMin, madPercentMin, visitsMin, oneClientPercentAbove } = parameters;
    const { visits, peers, slice } = tables;
    const all = peers.of("declined", slice, (other) => paidDeclined(tables, other));
    const own = all.get(slice.provider)!;
    if (own.rows.length < visitsMin) return hits;
    const others = [...all].filter(([provider]) => provider !== slice.provider).map(([, { percent }]) => percent);
    const limit = peerLimit(others, { mads: madsAbove, countMin: peersMin, madMin: madPercentMin });
    if (limit === null) {
      report.tooLittleData("för få utförare att jämföra med");
      return hits;
    }
    if (own.percent <= limit.limit) return hits;
    const byClient = new Map<number, number>();
    for (const row of own.rows) byClient.set(visits.client(row), (byClient.get(visits.client(row)) ?? 0) + 1);
    const most = Math.max(...byClient.values());
    if (most * 100 > oneClientPercentAbove * own.rows.length) {
      report.suppressed("oneClient", own.rows);
      return hits;
    }
    hits.push({
      records: own.rows,
      minutes: Math.round(own.ms / MINUTE),
      reason:
        `${decimalText(own.percent)} % av utförarens tid är besök som avböjdes och ändå ersätts (${own.rows.length} besök). ` +
        `Hos de andra utförarna är det i mitten ${decimalText(limit.median)} %.`,
      evidence: [
        {
          condition: "avböjd tid som ersätts, i procent av utförd och avböjd >",
          value: cut(own.percent, 2),
          threshold: cut(limit.limit, 2),
          alternatives: [
            { condition: "de andra utförarnas median", value: cut(limit.median, 2) },
            { condition: "de andra utförarnas medianavvikelse", value: cut(limit.mad, 2) },
            { condition: "utförare att jämföra med", value: limit.count, threshold: peersMin },
          ],
        },
        { condition: "avböjda besök som ersätts ≥", value: own.rows.length, threshold: visitsMin },
        { condition: "brukare som de gäller", value: byClient.size },
      ],
    });
    return hits;
  },
});

interface Declined {
  /** Of performed and paid declined time; NaN where the contract pays for no declined visit. */
  percent: number;
  ms: number;
  rows: number[];
}

/** Planned time of declined visits that the contract pays for, in whole or in part. */
function paidDeclined(
  {
    visits,
    plans,
    services,
    matches,
    settlement,
  }: Pick<RuleTables, "visits" | "plans" | "services" | "matches" | "settlement">,
  slice: ProviderMonthSlice,
): Declined {
  const rows: number[] = [];
  let [performed, ms] = [0, 0];
  let pays = false;
  let asked = -1;
  for (let i = 0; i < slice.visits.length; i++) {
    const row = slice.visits[i]!;
    if (visits.usable(row)) performed += visits.end(row) - visits.start(row);
    const declined = visits.status(row) === "declined";
    // Most visits of a provider are of the same unit and service as the one before.
    const place = visits.unit(row) * 65_536 + visits.services(row);
    if (!declined && (pays || place === asked)) continue;
    asked = place;
    const service = services.list(visits.services(row))[0] ?? -1;
    const terms = settlement.terms(visits.provider(row), visits.unit(row), service, visits.day(row))?.terms;
    const share = terms?.declinedShare(service < 0 ? null : services.code[service]!) ?? 0;
    if (share > 0) pays = true;
    if (!declined || share === 0) continue;
    const plan = matches.plan(row);
    if (plan < 0 || matches.visit(plan) !== row) continue;
    const frozen = plans.frozen(plan);
    const within = terms!.declinedWithinMs;
    // Where the notice counts, a notice that nobody has written down is not paid for.
    if (within !== null && !(plans.start(frozen) - visits.declinedNotifiedAt(row) < within)) continue;
    rows.push(row);
    ms += (plans.end(frozen) - plans.start(frozen)) * share;
  }
  return { rows, ms, percent: pays ? percentOf(ms, performed + ms) : NaN };
}
