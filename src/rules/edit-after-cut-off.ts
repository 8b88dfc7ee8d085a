import { z } from "zod";
import {
  addedMs,
  at,
  defineRule,
  example,
  formatClock,
  formatDay,
  formatLocal,
  type Hit,
  MINUTE,
  sample,
  startOfDay,
  timesChanged,
} from "#rule";

/** A visit in October, made ten minutes longer (or as it was) at an instant. The third weekday of November is Wednesday the 4th. */
function editedAt(instant: string, { added = 10, contract = true, originalStart = "08:00" as string | null } = {}) {
  return example([
    ...(contract ? [sample("contracts", "K1")] : []),
    sample("visits", "v-1", {
      end: at("08:30", added),
      originalStart: originalStart ?? undefined,
      originalEnd: "08:30",
      editedAt: instant,
    }),
  ]);
}

export default defineRule({
  id: "edit-after-cut-off",
  version: 2,
  level: "error",
  scope: "visit",
  title: { sv: "Ändring efter spärrdatum", en: "Edit after the cut-off" },
  why: "Efter spärrdatum är månadens registreringar låsta. En senare ändring påverkar det som redan är avräknat.",
  remedy:
    "Ersätt enligt den registrering som gällde vid spärrdatum. En riktig rättelse görs som justering i nästa månad.",
  innocent: { sameTimes: "Ändringen rörde inte tiderna, till exempel ett godkännande." },
  reads: ["visits", "services", "settlement"],
  parameters: z.object({}),
  examples: () => ({
    reports: [editedAt("2026-11-04 12:01"), editedAt("2026-11-04 12:01", { added: -10 })],
    accepts: [
      editedAt("2026-11-04 12:00"),
      editedAt("2026-11-04 12:01", { added: 0 }),
      // The source keeps the first times of a side that was changed once, and no others.
      editedAt("2026-11-04 12:01", { added: 0, originalStart: null }),
      editedAt("2026-11-04 12:01", { contract: false }),
    ],
  }),
  evaluate({ visits, services, settlement, slice }, _parameters, report) {
    const hits: Hit[] = [];
    const endOfMonth = startOfDay(slice.lastDay + 1);
    for (const row of slice.visits) {
      const edited = visits.editedAt(row);
      // Most edits are made within the month: none is locked before its end.
      if (!(edited >= endOfMonth) || !visits.performed(row)) continue;
      const service = services.list(visits.services(row))[0] ?? -1;
      const cutOff = settlement.cutOff(
        visits.provider(row),
        visits.unit(row),
        service,
        formatDay(slice.firstDay).slice(0, 7),
      );
      if (cutOff === null) {
        report.tooLittleData("avtal saknas");
        continue;
      }
      if (edited <= cutOff) continue;
      const added = addedMs(visits, row);
      if (!Number.isNaN(added) && !timesChanged(visits, row)) {
        report.suppressed("sameTimes", [row]);
        continue;
      }
      // Without an original time all of the visit may be what was changed.
      const minutes = Number.isNaN(added) ? visits.minutes(row) : Math.abs(Math.round(added / MINUTE));
      hits.push({
        records: [row],
        minutes,
        amountOre: settlement.oreOf(row, minutes),
        // Time that was taken away costs nobody anything while somebody looks at it.
        severity: added < 0 ? "review" : "hold",
        reason:
          `Besöket ${formatDay(visits.day(row))} ${formatClock(visits.start(row))}–${formatClock(visits.end(row))} ändrades ${formatLocal(edited)}, ` +
          `efter att månaden spärrades ${formatLocal(cutOff)}.`,
        evidence: {
          "ändrad senare än": [formatLocal(edited), formatLocal(cutOff)],
          "minuter som ändringen lade till": Number.isNaN(added) ? null : Math.round(added / MINUTE),
        },
      });
    }
    return hits;
  },
});
