import { z } from "zod";
import { dayOf, defineRule, example, formatDay, formatLocal, type Hit, NO_DAY, sample } from "#rule";

/** Moved away on Tuesday 6 October. */
function visitOn(date: string, { status = "completed", services = ["omvardnad"], back = false } = {}) {
  return example([
    sample("services", "ledsagning", { kind: "escort", away: true }),
    sample("clients", "C1", { movedOn: "2026-10-06" }),
    sample("visits", "v-1", { start: `${date} 08:00`, end: `${date} 08:30`, status, services }),
    ...(back ? [sample("orders", "o-9", { orderedAt: "2026-10-07 09:00", validFrom: "2026-10-07" })] : []),
  ]);
}

export default defineRule({
  id: "visit-after-move",
  version: 1,
  level: "indicator",
  severity: "hold",
  scope: "visit",
  title: { sv: "Besök efter att brukaren flyttat", en: "Visit after the client moved away" },
  why: "Ett besök är registrerat som utfört i en bostad som brukaren har flyttat från.",
  remedy: "Kontrollera flyttdatum och fråga utföraren var besöket gjordes.",
  innocent: {
    dayAfter: "Besöket var på flyttdagen eller dagen efter, till exempel för att städa ur.",
    away: "Insatsen ges utanför hemmet, till exempel ledsagning.",
    newOrder: "En beställning som gjordes efter flytten gäller den dagen: brukaren har kommit tillbaka.",
  },
  reads: ["visits", "clients", "services", "orders"],
  parameters: z.object({
    daysAfterAbove: z.int().min(0).default(1).describe("Så många dagar efter flyttdagen godtas ett besök."),
  }),
  examples: () => ({
    reports: [visitOn("2026-10-08")],
    accepts: [
      visitOn("2026-10-07"),
      visitOn("2026-10-06"),
      visitOn("2026-10-08", { status: "cancelled" }),
      visitOn("2026-10-08", { services: ["ledsagning"] }),
      visitOn("2026-10-08", { back: true }),
    ],
  }),
  evaluate({ visits, clients, services, orders, slice }, { daysAfterAbove }, report) {
    const hits: Hit[] = [];
    const movedOn = clients.movedOn(slice.client);
    if (movedOn === NO_DAY || movedOn > slice.lastDay) return hits;
    for (const row of slice.visits) {
      const days = visits.day(row) - movedOn;
      if (days <= 0 || !visits.performed(row)) continue;
      if (days <= daysAfterAbove) {
        report.suppressed("dayAfter", [row]);
        continue;
      }
      if (services.anyAway(visits.services(row))) {
        report.suppressed("away", [row]);
        continue;
      }
      const back = slice.orders.some(
        (order) => orders.valid(order, visits.day(row)) && dayOf(orders.orderedAt(order)) > movedOn,
      );
      if (back) {
        report.suppressed("newOrder", [row]);
        continue;
      }
      hits.push({
        records: [row],
        minutes: visits.minutes(row),
        reason: `Besöket ${formatLocal(visits.start(row))} är registrerat ${days} dagar efter att brukaren flyttade (${formatDay(movedOn)}).`,
        evidence: {
          "dagar efter flyttdagen >": [days, daysAfterAbove],
          "ny beställning efter flytten": [false, false],
        },
      });
    }
    return hits;
  },
});
