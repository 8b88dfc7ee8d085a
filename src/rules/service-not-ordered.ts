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
  type Lines,
  mayBeOrderOf,
  type Orders,
  sample,
  startOfDay,
} from "#rule";

/** C1 has omvardnad ordered; a visit with other services, and perhaps another order. */
function visitWith(services: string[], { law = "SoL", clientId = "C1" } = {}, more: ReturnType<typeof sample>[] = []) {
  return example([
    sample("services", "inkop", { kind: "household" }),
    sample("visits", "v-1", { clientId, services, law }),
    ...more,
  ]);
}

/** An order for stad from `from`, entered on `entered`. */
function ordered(from: string, entered: string, order: Record<string, unknown> = {}) {
  return [
    sample("orders", "o-9", { validFrom: from, orderedAt: entered, ...order }),
    sample("order-lines", "o-9-1", { orderId: "o-9", service: "stad", per: "week" }),
  ];
}

export default defineRule({
  id: "service-not-ordered",
  version: 2,
  level: "error",
  scope: "visit",
  title: { sv: "Insats som inte är beställd", en: "A service that was not ordered" },
  why: "Utföraren har en beställning för brukaren, men inte för insatsen som är registrerad. Tiden ska inte betalas.",
  remedy: "Kontrollera om beställningen ska ändras, eller om utföraren har registrerat fel insats.",
  innocent: {
    enteredLater: "En beställning på insatsen som gäller från några dagar senare lades in inom tre vardagar.",
    alarm: "Besöket är en larmutryckning.",
    otherLaw: "Besöket görs enligt en annan lag, till exempel hemsjukvård (HSL).",
  },
  reads: ["visits", "orders", "lines", "services", "settlement"],
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
      visitWith(["stad"]),
      { ...visitWith(["stad"]), asOf: at("2026-10-09 00:00") },
      visitWith(["omvardnad", "stad"]),
      visitWith(["stad"], {}, ordered("2026-10-06", "2026-10-09 10:00")),
      visitWith(["stad"], {}, ordered("2026-01-01", "2025-12-15 10:00", { validTo: "2026-10-04" })),
      // Ordered of somebody else.
      visitWith(["stad"], {}, ordered("2026-01-01", "2025-12-15 10:00", { unitId: "U2" })),
    ],
    accepts: [
      visitWith(["omvardnad"]),
      visitWith(["stad"], {}, ordered("2026-01-01", "2025-12-15 10:00", { validTo: "2026-10-05" })),
      visitWith(["stad"], {}, ordered("2026-10-06", "2026-10-08 10:00")),
      visitWith(["larm"]),
      // Until Thursday an order may still be entered.
      { ...visitWith(["stad"]), asOf: at("2026-10-08 23:59") },
      visitWith(["stad"], { law: "HSL" }),
      // Nobody has said what the code means: it may be another word for what is ordered.
      visitWith(["X17"]),
      // No order at all is another rule's.
      visitWith(["stad"], {}, [sample("orders", "o-1", { validTo: "2026-09-30" })]),
    ],
  }),
  evaluate({ visits, orders, lines, services, settlement, slice, asOf }, { workingDaysAfter }, report) {
    const hits: Hit[] = [];
    if (slice.visits.length === 0) return hits;
    const rows = orders.byClient.rows;
    const [first, end] = [orders.byClient.offsets[slice.client]!, orders.byClient.offsets[slice.client + 1]!];
    let unsaid = false;
    for (let at = 0; at < slice.visits.length; at++) {
      const row = slice.visits[at]!;
      if (!visits.performed(row)) continue;
      const set = visits.services(row);
      if (set < 0) {
        unsaid = true;
        continue;
      }
      const day = visits.day(row);
      const provider = visits.provider(row);
      const list = services.list(set);
      let missing = 0;
      let hasOrder = false;
      let hasLines = false;
      for (let position = 0; position < list.length; position++) {
        const service = list[position]!;
        let found = false;
        for (let i = first; i < end && !found; i++) {
          const order = rows[i]!;
          if (!mayBeOrderOf(orders, order, provider) || !orders.valid(order, day)) continue;
          hasOrder = true;
          const { offsets } = lines.byOrder;
          for (let j = offsets[order]!; j < offsets[order + 1]! && !found; j++) {
            const line = lines.byOrder.rows[j]!;
            hasLines = true;
            found = lines.service(line) === service && lines.valid(line, day);
          }
        }
        if (!found) missing++;
      }
      // A visit without any order is another rule's.
      if (missing > 0 && hasOrder) lookInto(row, hasLines);
    }
    if (unsaid) report.tooLittleData("besöket nämner ingen insats");

    // A function of its own: what closures hold is made anew each time round a loop, and nearly every service is ordered.
    function lookInto(row: number, hasLines: boolean): void {
      const set = visits.services(row);
      const list = services.list(set);
      const day = visits.day(row);
      const provider = visits.provider(row);
      const ofClient = rows.subarray(first, end);
      const lacking = list.filter((service) => !orderedOn(orders, lines, ofClient, service, provider, day));
      const deadline = addWorkingDays(day, workingDaysAfter);
      if (!hasLines) {
        report.tooLittleData("beställningen har inga insatser");
      } else if (lacking.some((service) => !services.known(service))) {
        report.tooLittleData("insatskoden är okänd");
      } else if (services.has(set, "alarm")) {
        report.suppressed("alarm", [row]);
      } else if (visits.law(row) === "HSL" || services.has(set, "nursing")) {
        report.suppressed("otherLaw", [row]);
      } else if (
        lacking.every((service) =>
          ofClient.some(
            (order) =>
              mayBeOrderOf(orders, order, provider) &&
              orders.validFrom(order) > day &&
              orders.validFrom(order) <= deadline &&
              dayOf(orders.orderedAt(order)) <= deadline &&
              orderedOn(orders, lines, Int32Array.of(order), service, provider, orders.validFrom(order)),
          ),
        )
      ) {
        report.suppressed("enteredLater", [row]);
      } else if (asOf < startOfDay(deadline + 1)) {
        report.tooLittleData("en akut beställning kan ännu läggas in");
      } else {
        const names = lacking.map((service) => services.name(service)).join(", ");
        const whole = lacking.length === list.length;
        const elsewhere = lacking.some((service) => orderedOn(orders, lines, ofClient, service, -1, day));
        hits.push({
          records: [row],
          // How much of the visit went to what was ordered, nobody says.
          minutes: whole ? visits.minutes(row) : null,
          amountOre: whole ? settlement.oreOf(row, visits.minutes(row)) : null,
          severity: whole ? "hold" : "review",
          reason: `Besöket ${formatLocal(visits.start(row))}${visits.usable(row) ? `–${formatClock(visits.end(row))}` : ""} är registrerat med ${names}, som utföraren inte har någon beställning på den dagen.`,
          evidence: {
            "beställning hos utföraren gäller dagen": true,
            "insatser utan beställning": names,
            "insatser med beställning": whole
              ? "inga"
              : list
                  .filter((service) => !lacking.includes(service))
                  .map((service) => services.name(service))
                  .join(", "),
            "beställda av en annan utförare": elsewhere,
            "lades in senare, inom vardagar": [false, workingDaysAfter],
          },
        });
      }
    }
    return hits;
  },
});

/** `provider` -1: any. */
function orderedOn(
  orders: Orders,
  lines: Lines,
  ofClient: Int32Array,
  service: number,
  provider: number,
  day: Day,
): boolean {
  return ofClient.some((order) => {
    if (!mayBeOrderOf(orders, order, provider) || !orders.valid(order, day)) return false;
    const { offsets, rows } = lines.byOrder;
    for (let j = offsets[order]!; j < offsets[order + 1]!; j++) {
      if (lines.service(rows[j]!) === service && lines.valid(rows[j]!, day)) return true;
    }
    return false;
  });
}
