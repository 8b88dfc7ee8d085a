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

type Given = Record<string, unknown>;

/** What P1 has answered here to the order below. */
function answered(
  { accepted, declined, returned }: { accepted?: string; declined?: string; returned?: string },
  provider = "P1",
) {
  const [acceptedAt, declinedAt, returnedAt] = [accepted, declined, returned].map((when) =>
    when === undefined ? null : at(when),
  );
  const last = (acceptedAt ?? -1) > (declinedAt ?? -1) ? ("accepted" as const) : ("declined" as const);
  const lastAt = Math.max(acceptedAt ?? 0, declinedAt ?? 0);
  return [
    {
      source: "files",
      order: "o-9",
      provider,
      returnedAt: returnedAt ?? null,
      acceptedAt: acceptedAt ?? null,
      declinedAt: declinedAt ?? null,
      last,
      lastAt,
      current: true,
    },
  ];
}

/** Ordered of U1 on Monday 5 October at 10:00, from the 12th; the contract gives 24 hours of office time. */
function order(values: Given, terms: Given | null = {}, asOf?: string, answers?: ReturnType<typeof answered>) {
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
    { ...(asOf === undefined ? {} : { asOf: at(asOf) }), ...(answers === undefined ? {} : { answers }) },
  );
}

export default defineRule({
  id: "order-not-confirmed",
  version: 2,
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
  examples: () => ({
    reports: [
      order({}),
      order({ status: "accepted", acceptedAt: "2026-10-07 16:01" }),
      order({ status: "accepted", acceptedAt: "2026-10-06 10:01" }, { orderConfirm: { hours: 9 } }),
      order({}, {}, undefined, answered({ accepted: "2026-10-07 16:01" })),
      // No is no yes, and this one came too late.
      order({}, {}, undefined, answered({ declined: "2026-10-07 16:01" })),
      // Another provider had the order before.
      order({}, {}, undefined, answered({ accepted: "2026-10-05 11:00" }, "P2")),
      // It came back, and the clock began anew.
      order({}, {}, undefined, answered({ returned: "2026-10-12 10:00", accepted: "2026-10-14 16:01" })),
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
      // The earlier of both stops the clock.
      order({}, {}, undefined, answered({ accepted: "2026-10-07 16:00" })),
      order(
        { status: "accepted", acceptedAt: "2026-10-20 08:00" },
        {},
        undefined,
        answered({ accepted: "2026-10-06 09:00" }),
      ),
      order(
        { status: "accepted", acceptedAt: "2026-10-06 09:00" },
        {},
        undefined,
        answered({ accepted: "2026-10-20 08:00" }),
      ),
      order({}, {}, undefined, answered({ declined: "2026-10-07 16:00" })),
      order({}, {}, undefined, answered({ returned: "2026-10-12 10:00", accepted: "2026-10-14 16:00" })),
      order({}, {}, undefined, answered({ declined: "2026-10-07 16:00", accepted: "2026-10-12 09:00" })),
      // The source does not say when, which may have been in time.
      order({ status: "accepted" }, {}, undefined, answered({ accepted: "2026-10-20 08:00" })),
      order({ status: "accepted" }),
      order({ status: "declined" }),
      order({ status: "cancelled" }),
      order({ status: "registered" }),
      order({}, {}, "2026-10-07 16:00"),
      order({}, null),
    ],
  }),
  evaluate({ orders, lines, settlement, slice, asOf }, _parameters, report) {
    const hits: Hit[] = [];
    for (const row of slice.orders) {
      const here = orders.answers(row);
      const returnedAt = here?.returnedAt ?? -Infinity;
      const orderedAt = Math.max(orders.orderedAt(row), returnedAt);
      const ordered = dayOf(orderedAt);
      // In one month only: that in which it was sent or, if later, begins.
      const from = Math.max(ordered, orders.validFrom(row));
      if (from < slice.firstDay || from > slice.lastDay) continue;
      const [there, yes] = [orders.acceptedAt(row), here?.acceptedAt ?? NaN];
      const acceptedAt = Number.isNaN(there) ? yes : Number.isNaN(yes) ? there : Math.min(there, yes);
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
      const no = here?.declinedAt ?? null;
      if (no !== null && no <= deadline) {
        report.suppressed("declined", [row]);
        continue;
      }
      if (status === "accepted" && Number.isNaN(there)) {
        report.tooLittleData("tiden för bekräftelsen saknas");
        continue;
      }
      const took = businessMinutes(orderedAt, open ? asOf : acceptedAt, counted) / 60;
      const clause = inForce.terms.clauses["order-not-confirmed"] ?? inForce.terms.clauses["orderConfirm"];
      hits.push({
        records: [row, { table: "contracts", row: inForce.contract }],
        period: { from, to: from },
        reason:
          `Beställningen ${orderedAt === returnedAt ? "kom tillbaka" : "skickades"} ${formatLocal(orderedAt)} och skulle enligt avtalet ha bekräftats senast ${formatLocal(deadline)}. ` +
          (!open
            ? `Den bekräftades ${formatLocal(acceptedAt)}.`
            : no === null
              ? "Den är inte bekräftad."
              : `Utföraren tackade nej ${formatLocal(no)}.`),
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
