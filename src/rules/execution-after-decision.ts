import { z } from "zod";
import {
  type Decisions,
  defineRule,
  example,
  formatDay,
  type Hit,
  type Lines,
  NO_DAY,
  rowsOf,
  sample,
  type Services,
} from "#rule";

/** The decision behind C1's order ended on 10 October; a visit on `day`, and perhaps a new decision. */
function visitOn(day: string, renewal: Record<string, unknown> | null = null, order: Record<string, unknown> = {}) {
  return example([
    sample("decisions", "b-1", { validTo: "2026-10-10" }),
    ...(renewal === null ? [] : [sample("decisions", "b-2", { decidedOn: "2026-10-05", ...renewal })]),
    sample("orders", "o-1", { decisionId: "b-1", ...order }),
    sample("visits", "v-0", { start: "2026-10-09 08:00" }),
    sample("visits", "v-1", { start: `${day} 08:00` }),
  ]);
}

export default defineRule({
  id: "execution-after-decision",
  version: 1,
  level: "indicator",
  scope: "order",
  title: { sv: "Besök efter att beslutet gått ut", en: "Visits after the decision expired" },
  why: "Utan ett gällande beslut finns inget som säger att brukaren ska ha hjälpen eller att den ska betalas.",
  remedy: "Fråga handläggaren om beslutet ska förlängas, och utföraren varför besöken fortsatte.",
  innocent: { renewed: "Ett annat beslut om insatsen gällde dagen." },
  reads: ["visits", "orders", "lines", "decisions", "services", "sources", "settlement"],
  parameters: z.object({
    renewalWithinDays: z
      .int()
      .min(0)
      .default(14)
      .describe("Förnyas beslutet inom så många dagar är det en brist i uppgifterna, som bara visas på begäran."),
  }),
  subject: "slice",
  examples: () => ({
    reports: [
      visitOn("2026-10-11"),
      visitOn("2026-10-11", { validFrom: "2026-10-25" }),
      // Shown on request only: renewed late, or decided afterwards.
      visitOn("2026-10-11", { validFrom: "2026-10-24" }),
      visitOn("2026-10-11", { validFrom: "2026-10-11", decidedOn: "2026-10-20" }),
      // The order has ended too.
      visitOn("2026-10-12", null, { validTo: "2026-10-10" }),
    ],
    accepts: [
      visitOn("2026-10-10"),
      visitOn("2026-10-11", { validFrom: "2026-10-11" }),
      visitOn("2026-10-11", null, { decisionId: undefined }),
    ],
  }),
  evaluate({ visits, orders, lines, decisions, services, sources, settlement, slice }, { renewalWithinDays }, report) {
    const hits: Hit[] = [];
    if (slice.visits.length === 0) return hits;
    for (const order of slice.orders) {
      const decision = orders.decision(order);
      const expired = decision < 0 ? NO_DAY : decisions.validTo(decision);
      if (decision < 0) report.tooLittleData("beställningens beslut saknas");
      if (expired === NO_DAY || expired >= slice.lastDay) continue;
      const others = rowsOf(decisions.byClient, slice.client).filter((other) => other !== decision);
      const uncovered: number[] = [];
      const backdated: number[] = [];
      let covered = 0;
      for (const row of slice.visits) {
        const day = visits.day(row);
        if (day <= expired || !visits.performed(row)) continue;
        const named = visits.order(row);
        if (named >= 0 ? named !== order : !meant(row)) continue;
        const valid = others.filter(
          (other) => decisions.valid(other, day) && about(decisions, services, other, visits.services(row)),
        );
        if (valid.length === 0) uncovered.push(row);
        else if (valid.every((other) => decisions.decidedOn(other) > day)) backdated.push(row);
        else covered++;
      }
      if (covered > 0) report.suppressed("renewed");
      const found = uncovered.length > 0 ? uncovered : backdated;
      if (found.length === 0) continue;
      // The first that came after it, of those that are about what was done.
      const renewal = others
        .filter(
          (other) =>
            decisions.validFrom(other) > expired && about(decisions, services, other, visits.services(found[0]!)),
        )
        .sort((a, b) => decisions.validFrom(a) - decisions.validFrom(b) || a - b)[0];
      const within = renewal === undefined ? NaN : decisions.validFrom(renewal) - expired;
      const late = uncovered.length === 0 || within <= renewalWithinDays;
      const minutes = found.reduce((total, row) => total + visits.minutes(row), 0);
      const ore = found.map((row) => settlement.oreOf(row, visits.minutes(row)));
      const times = found.length === 1 ? "ett besök är registrerat" : `${found.length} besök är registrerade`;
      hits.push({
        records: [
          ...found,
          { table: "orders", row: order },
          { table: "decisions", row: decision },
          ...(renewal === undefined ? [] : [{ table: "decisions", row: renewal } as const]),
        ],
        distinct: `${sources.id(orders.source(order))}/${orders.id(order)}`,
        severity: late ? "info" : "review",
        minutes,
        amountOre: ore.includes(null) ? null : ore.reduce<number>((total, one) => total + one!, 0),
        reason:
          `Beslutet gällde till och med ${formatDay(expired)}, men ${times} på beställningen därefter, från ${formatDay(visits.day(found[0]!))}.` +
          (renewal === undefined
            ? ""
            : ` Ett nytt beslut gäller från ${formatDay(decisions.validFrom(renewal))} och fattades ${formatDay(decisions.decidedOn(renewal))}.`),
        evidence: [
          {
            condition: "besök efter beslutets sista dag >",
            value: found.length,
            threshold: 0,
            records: [...found],
          },
          { condition: "minuter efter beslutets sista dag", value: minutes },
          {
            condition: "nytt beslut inom dagar ≤",
            value: Number.isNaN(within) ? "inget nytt beslut" : within,
            threshold: renewalWithinDays,
          },
          { condition: "ett annat beslut täcker dagarna, fattat i efterhand", value: uncovered.length === 0 },
        ],
      });

      /** A visit that names no order: the one whose line it counts on, or, where the order has ended, whose service it is. */
      function meant(row: number): boolean {
        const shares = settlement.lines(row).lines;
        if (shares.length > 0) return shares.some((line) => lines.order(line) === order);
        const ended = orders.validTo(order) !== NO_DAY && orders.validTo(order) < visits.day(row);
        const same = orders.provider(order) < 0 || orders.provider(order) === visits.provider(row);
        return ended && same && named(lines, services, order, visits.services(row));
      }
    }
    return hits;
  },
});

/** A decision that names no service is about all. */
function about(decisions: Decisions, services: Services, decision: number, set: number): boolean {
  const service = decisions.service(decision);
  return service < 0 || set < 0 || services.list(set).includes(service);
}

function named(lines: Lines, services: Services, order: number, set: number): boolean {
  return rowsOf(lines.byOrder, order).some((line) => services.list(set).includes(lines.service(line)));
}
