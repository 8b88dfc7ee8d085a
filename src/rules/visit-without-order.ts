import { z } from "zod";
import {
  addWorkingDays,
  at,
  type Day,
  dayOf,
  defineRule,
  example,
  formatClock,
  formatLocal,
  type Hit,
  mayBeOrderOf,
  type Orders,
  rowsOf,
  sample,
  startOfDay,
} from "#rule";

/** C1's order ended on 30 September; perhaps a new one from `from`, entered on `entered`. */
function visitAfterOrder({
  from = "2027-01-01",
  entered = "2026-12-01 10:00",
  status = "accepted",
  services = ["omvardnad"],
  law = "SoL",
  clientId = "C1",
  asOf = "2026-11-10 04:30",
} = {}) {
  return example(
    [
      sample("orders", "o-1", { clientId: "C1", validTo: "2026-09-30" }),
      sample("orders", "o-9", { clientId: "C1", validFrom: from, orderedAt: entered, status }),
      sample("visits", "v-1", { clientId, services, law, start: "2026-10-05 08:00", end: "2026-10-05 08:30" }),
    ],
    { asOf: at(asOf) },
  );
}

export default defineRule({
  id: "visit-without-order",
  version: 2,
  level: "error",
  scope: "visit",
  title: { sv: "Besök utan beställning", en: "Visit without an order" },
  why: "Utföraren har ingen beställning som gäller den dagen, så besöket ska inte betalas.",
  remedy: "Kontrollera om en beställning saknas i verksamhetssystemet; annars meddela utföraren.",
  innocent: {
    enteredLater: "En beställning som gäller från några dagar senare lades in inom tre vardagar.",
    alarm: "Besöket är en larmutryckning.",
    otherLaw: "Besöket görs enligt en annan lag, till exempel hemsjukvård (HSL).",
  },
  reads: ["visits", "orders", "clients", "services"],
  parameters: z.object({
    workingDaysAfter: z
      .int()
      .min(0)
      .default(3)
      .describe("Så många vardagar får det ta att lägga in en akut beställning."),
  }),
  // Three weekdays, and the public holidays of Christmas or Easter.
  settlesAfterDays: 10,
  examples: () => ({
    reports: [
      visitAfterOrder(),
      visitAfterOrder({ from: "2026-10-06", entered: "2026-10-09 10:00" }),
      visitAfterOrder({ from: "2026-10-01", status: "cancelled" }),
      visitAfterOrder({ asOf: "2026-10-09 00:00" }),
    ],
    accepts: [
      visitAfterOrder({ from: "2026-10-01" }),
      visitAfterOrder({ from: "2026-10-06", entered: "2026-10-08 10:00" }),
      visitAfterOrder({ services: ["larm"] }),
      visitAfterOrder({ law: "HSL" }),
      // Until Thursday an order may still be entered.
      visitAfterOrder({ asOf: "2026-10-08 23:59" }),
      visitAfterOrder({ clientId: "C99" }),
    ],
  }),
  evaluate({ visits, orders, clients, services, slice, asOf }, { workingDaysAfter }, report) {
    const hits: Hit[] = [];
    if (slice.visits.length === 0) return hits;
    const ofClient = rowsOf(orders.byClient, slice.client);
    for (let at = 0; at < slice.visits.length; at++) {
      const row = slice.visits[at]!;
      if (visits.performed(row) && !ordered(orders, ofClient, visits.provider(row), visits.day(row))) lookInto(row);
    }

    // A function of its own: what closures hold is made anew each time round a loop, and nearly every visit has an order.
    function lookInto(row: number): void {
      const day = visits.day(row);
      const provider = visits.provider(row);
      const deadline = addWorkingDays(day, workingDaysAfter);
      const entered = ofClient.some((order) => {
        const status = orders.status(order);
        return (
          mayBeOrderOf(orders, order, provider) &&
          status !== "declined" &&
          status !== "cancelled" &&
          orders.validFrom(order) > day &&
          orders.validFrom(order) <= deadline &&
          dayOf(orders.orderedAt(order)) <= deadline
        );
      });
      if (orders.count === 0) {
        report.tooLittleData("beställningar saknas");
      } else if (!clients.known(slice.client)) {
        report.tooLittleData("brukaren är okänd");
      } else if (services.has(visits.services(row), "alarm")) {
        report.suppressed("alarm", [row]);
      } else if (visits.law(row) === "HSL" || services.has(visits.services(row), "nursing")) {
        report.suppressed("otherLaw", [row]);
      } else if (entered) {
        report.suppressed("enteredLater", [row]);
      } else if (asOf < startOfDay(deadline + 1)) {
        report.tooLittleData("en akut beställning kan ännu läggas in");
      } else {
        hits.push({
          records: [row],
          minutes: visits.minutes(row),
          reason: `Besöket ${formatLocal(visits.start(row))}${Number.isNaN(visits.end(row)) ? "" : `–${formatClock(visits.end(row))}`} gjordes en dag då utföraren inte hade någon beställning för brukaren.`,
          evidence: {
            "beställning hos utföraren gäller dagen": false,
            "beställningar för brukaren, alla utförare": ofClient.length,
            "lades in senare, inom vardagar": [false, workingDaysAfter],
          },
        });
      }
    }
    return hits;
  },
});

/** Without a closure: of nearly every visit nothing else is asked. */
function ordered(orders: Orders, rows: Int32Array, provider: number, day: Day): boolean {
  for (let i = 0; i < rows.length; i++)
    if (orders.valid(rows[i]!, day) && mayBeOrderOf(orders, rows[i]!, provider)) return true;
  return false;
}
