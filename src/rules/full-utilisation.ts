import { z } from "zod";
import {
  at,
  cut,
  DAY_MS,
  decimalText,
  defineRule,
  example,
  formatDay,
  grossMinutes,
  type Hit,
  percentOf,
  rowsOf,
  sample,
  startOfDay,
  visitExpected,
} from "#rule";

/** So many clients of P1 with half an hour a day granted: all given in October but so many visits; and two months before. */
function octoberWithout(missing: number, earlier: readonly [august: number, september: number] | null, count = 10) {
  const clients = Array.from({ length: count }, (_, position) => `C${position + 1}`);
  return example(
    clients.flatMap((client, position) => [
      sample("clients", client),
      sample("orders", `o-${position + 1}`, { clientId: client }),
      sample("order-lines", `o-${position + 1}-1`, { orderId: `o-${position + 1}` }),
      ...Array.from({ length: 31 }, (_, date) =>
        sample("visits", `v-${client}-${date}`, {
          clientId: client,
          start: at("2026-10-01 08:00", date * 24 * 60 + (date >= 24 ? 60 : 0)),
          status: position * 31 + date < missing ? "cancelled" : "completed",
        }),
      ),
    ]),
    earlier === null
      ? {}
      : {
          earlier: [
            { who: "P1", month: "2026-08", name: "utilisation", value: earlier[0] },
            { who: "P1", month: "2026-09", name: "utilisation", value: earlier[1] },
          ],
        },
  );
}

export default defineRule({
  id: "full-utilisation",
  version: 1,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Nästan all beviljad tid, månad efter månad", en: "Nearly all that was granted, month after month" },
  why: "Brukare är sjuka, bortresta och tackar nej. Att nästan all beviljad tid utförs varje månad är ovanligt.",
  remedy: "Granska hur tiderna registreras, och jämför med personalens arbetade timmar.",
  innocent: {
    varies: "Andelen varierar mellan månaderna, som verklig tid gör.",
  },
  reads: ["visits", "orders", "lines", "absences", "decisions", "services", "settlement", "measures"],
  parameters: z.object({
    percentMin: z.number().min(0).default(98).describe("Så stor andel av den beviljade tiden varje månad."),
    monthsMin: z.int().min(2).default(3).describe("Så många månader i rad."),
    spreadBelow: z
      .number()
      .positive()
      .default(2)
      .describe("Så många procentenheter får månaderna högst skilja sig åt."),
    clientsMin: z.int().min(1).default(10).describe("Färre brukare säger för lite."),
    daysAfter: z
      .int()
      .min(0)
      .default(3)
      .describe("Så många dagar efter månadens slut väntar regeln på sena registreringar."),
  }),
  settlesAfterDays: 5,
  examples: () => ({
    reports: [octoberWithout(6, [98.1, 99.2])],
    accepts: [
      octoberWithout(7, [98.1, 99.2]),
      octoberWithout(6, [97.9, 99.2]),
      octoberWithout(6, [98.1, 100.2]),
      octoberWithout(5, [98.1, 99.2], 9),
      octoberWithout(6, null),
    ],
  }),
  evaluate(
    { visits, orders, lines, absences, decisions, services, settlement, measures, slice, asOf },
    { percentMin, monthsMin, spreadBelow, clientsMin, daysAfter },
    report,
  ) {
    const hits: Hit[] = [];
    if (asOf < startOfDay(slice.lastDay + 1) + daysAfter * DAY_MS) return hits;
    const { provider, firstDay, lastDay } = slice;

    const clients = new Set<number>();
    const ofDecision = new Map<number, number>();
    let granted = 0;
    for (let order = 0; order < orders.count; order++) {
      if (orders.provider(order) !== provider || orders.validFrom(order) > lastDay) continue;
      let ofOrder = 0;
      for (const line of rowsOf(lines.byOrder, order)) {
        const asked = { provider, unit: orders.unit(order), service: lines.service(line), day: firstDay };
        if (visitExpected(services, settlement, asked))
          ofOrder += grossMinutes({ lines, orders, absences }, line, firstDay, lastDay).granted;
      }
      if (ofOrder === 0) continue;
      clients.add(orders.client(order));
      const decision = orders.decision(order);
      if (decision < 0 || Number.isNaN(decisions.grantedMinutesPerMonth(decision))) granted += ofOrder;
      else ofDecision.set(decision, (ofDecision.get(decision) ?? 0) + ofOrder);
    }
    for (const [decision, minutes] of ofDecision)
      granted += Math.min(minutes, decisions.grantedMinutesPerMonth(decision));
    if (granted === 0) return hits;

    let registered = 0;
    // Of the sets of services that visits name there are few.
    const counts = new Map<number, boolean>();
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      if (!visits.usable(row) || visits.law(row) === "HSL") continue;
      const set = visits.services(row);
      let counted = counts.get(set);
      if (counted === undefined) {
        const unit = visits.unit(row);
        counted =
          set < 0 ||
          services
            .list(set)
            .some((service) => visitExpected(services, settlement, { provider, unit, service, day: firstDay }));
        counts.set(set, counted);
      }
      if (counted) registered += visits.minutes(row);
    }
    const percent = percentOf(registered, granted);
    report.measure("utilisation", percent);
    if (percent < percentMin) return hits;

    const months = [percent];
    for (let back = 1; back < monthsMin; back++) months.push(measures.of("utilisation", back));
    const spread = Math.max(...months) - Math.min(...months);
    if (months.some(Number.isNaN)) {
      report.tooLittleData("tidigare månader saknas");
    } else if (months.some((one) => one < percentMin)) {
      return hits;
    } else if (clients.size < clientsMin) {
      report.tooLittleData("utföraren har för få brukare");
    } else if (spread >= spreadBelow) {
      report.suppressed("varies");
    } else {
      hits.push({
        records: [],
        reason: `Under ${formatDay(firstDay).slice(0, 7)} är ${decimalText(percent)} % av den beviljade tiden registrerad (${registered} av ${Math.round(granted)} minuter). Månaderna före var det ${months
          .slice(1)
          .map((one) => `${decimalText(one)} %`)
          .join(" och ")}.`,
        evidence: {
          "registrerat i procent av beviljat, lägst av månaderna ≥": [cut(Math.min(...months)), percentMin],
          "månader i rad ≥": [months.length, monthsMin],
          "procentenheter mellan månaderna <": [cut(spread), spreadBelow],
          "brukare ≥": [clients.size, clientsMin],
        },
      });
    }
    return hits;
  },
});
