import { z } from "zod";
import {
  afterBusinessHours,
  at,
  businessMinutes,
  dayOf,
  decimalText,
  defineRule,
  example,
  formatLocal,
  type Hit,
  sample,
} from "#rule";

/** Ordered of U1 on Monday 5 October at 10:00, from the 12th; the contract gives 24 hours of office time. */
function order(values: Record<string, unknown>, terms: Record<string, unknown> | null = {}, asOf?: string) {
  return example(
    [
      ...(terms === null ? [] : [sample("contracts", "K1", { terms })]),
      sample("orders", "o-9", {
        status: "sent",
        orderedAt: "2026-10-05 10:00",
        acceptedAt: undefined,
        validFrom: "2026-10-12",
        ...values,
      }),
      sample("order-lines", "o-9-1", { orderId: "o-9" }),
    ],
    asOf === undefined ? {} : { asOf: at(asOf) },
  );
}

export default defineRule({
  id: "order-not-confirmed",
  version: 1,
  level: "error",
  scope: "order",
  title: { sv: "Beställning som inte bekräftats i tid", en: "An order that was not confirmed in time" },
  why: "Avtalet säger hur fort utföraren ska bekräfta en beställning. Innan dess vet ingen att brukaren får hjälpen.",
  remedy: "Be utföraren bekräfta beställningen och säga varför det dröjde.",
  innocent: {
    declined: "Utföraren har tackat nej till beställningen.",
    withdrawn: "Beställningen är återtagen.",
    notSent: "Beställningen är registrerad men inte skickad till utföraren.",
  },
  reads: ["orders", "lines", "settlement"],
  parameters: z.object({}),
  // The last day of a month and the public holidays of Christmas or Easter.
  settlesAfterDays: 14,
  examples: {
    reports: [
      order({}),
      order({ status: "accepted", acceptedAt: "2026-10-07 16:01" }),
      order({ status: "accepted", acceptedAt: "2026-10-06 10:01" }, { orderConfirm: { hours: 9 } }),
    ],
    accepts: [
      order({ status: "accepted", acceptedAt: "2026-10-07 16:00" }),
      order({ status: "accepted", acceptedAt: "2026-10-06 10:00" }, { orderConfirm: { hours: 9 } }),
      // Sent on Friday evening, and confirmed on Monday.
      order({
        orderedAt: "2026-10-09 18:00",
        status: "accepted",
        acceptedAt: "2026-10-12 16:30",
      }),
      order({ status: "accepted" }),
      order({ status: "declined" }),
      order({ status: "cancelled" }),
      order({ status: "registered" }),
      order({}, {}, "2026-10-07 16:00"),
      order({}, null),
    ],
  },
  evaluate({ orders, lines, settlement, slice, asOf }, _parameters, report) {
    const hits: Hit[] = [];
    for (const row of slice.orders) {
      const orderedAt = orders.orderedAt(row);
      const ordered = dayOf(orderedAt);
      // In one month only: that in which it was sent or, if later, begins.
      const from = Math.max(ordered, orders.validFrom(row));
      if (from < slice.firstDay || from > slice.lastDay) continue;
      const acceptedAt = orders.acceptedAt(row);
      const status = orders.status(row);
      const open = Number.isNaN(acceptedAt);
      if (open && status !== "sent") {
        if (status === "declined") report.suppressed("declined", [row]);
        else if (status === "cancelled") report.suppressed("withdrawn", [row]);
        else if (status === "registered") report.suppressed("notSent", [row]);
        else report.tooLittleData("tiden för bekräftelsen saknas");
        continue;
      }
      const line = lines.byOrder.offsets[row]! < lines.byOrder.offsets[row + 1]! ? lines.byOrder.offsets[row]! : -1;
      const service = line < 0 ? -1 : lines.service(lines.byOrder.rows[line]!);
      const inForce =
        settlement.terms(orders.provider(row), orders.unit(row), service, ordered) ??
        settlement.terms(orders.provider(row), orders.unit(row), service, from);
      if (inForce === null) {
        report.tooLittleData("inget avtal gäller");
        continue;
      }
      const { hours, ...limits } = inForce.terms.orderConfirm;
      const counted = { ...limits, eves: inForce.terms.eves };
      const deadline = afterBusinessHours(orderedAt, hours, counted);
      if ((open ? asOf : acceptedAt) <= deadline) continue;
      const took = businessMinutes(orderedAt, open ? asOf : acceptedAt, counted) / 60;
      const clause = inForce.terms.clauses["order-not-confirmed"] ?? inForce.terms.clauses["orderConfirm"];
      hits.push({
        records: [row, { table: "contracts", row: inForce.contract }],
        period: { from, to: from },
        reason:
          `Beställningen skickades ${formatLocal(orderedAt)} och skulle enligt avtalet ha bekräftats senast ${formatLocal(deadline)}. ` +
          (open ? "Den är inte bekräftad." : `Den bekräftades ${formatLocal(acceptedAt)}.`),
        evidence: {
          "timmar till bekräftelse, som avtalet räknar >": [decimalText(took), hours],
          bekräftad: open ? "nej" : formatLocal(acceptedAt),
          senast: formatLocal(deadline),
          "bara vardagar räknas": counted.weekdaysOnly,
          ...(clause === undefined ? {} : { "avtalets punkt": clause }),
        },
      });
    }
    return hits;
  },
});
