import { z } from "zod";
import { at, defineRule, example, formatLocal, type Hit, mayBeOrderOf, MINUTE, rowsOf, sample } from "#rule";

function visitOf(minutes: number, services = ["omvardnad"]) {
  return example([
    sample("services", "vak", { kind: "nightWatch" }),
    sample("visits", "v-1", { start: "08:00", end: at("08:00", minutes), services }),
  ]);
}

/** A night watch is ordered; the visit names these services, or none. */
function ordered(minutes: number, services: string[] | undefined) {
  return example([
    sample("services", "vak", { kind: "nightWatch" }),
    sample("order-lines", "o-1-2", { orderId: "o-1", service: "vak", minutes: 600 }),
    sample("visits", "v-1", { start: "20:00", end: at("20:00", minutes), services }),
  ]);
}

export default defineRule({
  id: "overlong-visit",
  version: 2,
  level: "quality",
  severity: "review",
  scope: "visit",
  title: { sv: "Orimligt långt besök", en: "Overlong visit" },
  why: "Så långa besök är nästan alltid en glömd utloggning. Över 25 timmar räknas besöket inte alls.",
  remedy: "Låt utföraren rätta sluttiden i sitt system, med skäl.",
  innocent: { nightWatch: "Insatsen är beställd vaknatt." },
  reads: ["visits", "services", "orders", "lines"],
  parameters: z.object({ hoursAbove: z.number().positive().default(12).describe("Längre besök granskas.") }),
  examples: () => ({
    reports: [visitOf(12 * 60 + 1), ordered(13 * 60, ["omvardnad"])],
    accepts: [visitOf(12 * 60), visitOf(13 * 60, ["vak"]), ordered(13 * 60, undefined)],
  }),
  evaluate({ visits, services, orders, lines, slice }, { hoursAbove }, report) {
    const hits: Hit[] = [];
    for (let at = 0; at < slice.visits.length; at++) {
      const row = slice.visits[at]!;
      const minutes = Math.round((visits.end(row) - visits.start(row)) / MINUTE);
      if (!visits.performed(row) || !(minutes > hoursAbove * 60)) continue;
      if (services.has(visits.services(row), "nightWatch") || (visits.services(row) < 0 && mayBeNightWatch(row))) {
        report.suppressed("nightWatch", [row]);
        continue;
      }
      hits.push({
        records: [row],
        minutes,
        reason: `Besöket ${formatLocal(visits.start(row))}–${formatLocal(visits.end(row))} är ${Math.floor(minutes / 60)} timmar och ${minutes % 60} minuter långt.`,
        evidence: {
          "timmar >": [Math.round((minutes / 60) * 10) / 10, hoursAbove],
          "räknas i avräkningen": visits.usable(row),
        },
      });
    }
    return hits;

    /** A visit that names no service, where a night watch is ordered of its provider. */
    function mayBeNightWatch(row: number): boolean {
      return slice.orders.some(
        (order) =>
          mayBeOrderOf(orders, order, visits.provider(row)) &&
          orders.valid(order, visits.day(row)) &&
          rowsOf(lines.byOrder, order).some(
            (line) => lines.valid(line, visits.day(row)) && services.kind(lines.service(line)) === "nightWatch",
          ),
      );
    }
  },
});
