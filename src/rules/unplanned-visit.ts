import { z } from "zod";
import { dayOf, defineRule, example, expectsVisit, formatClock, formatLocal, sample } from "#rule";

/** Planned at 18:00 only; the visit is at another time. */
function visitAt(
  start: string,
  { services = ["omvardnad"], law = "SoL", planned = true, planner = "U1", on = "2026-10-05", per = "day" } = {},
) {
  return example([
    ...(planned
      ? [sample("planned-visits", "p-1", { start: `${on} 18:00`, services: ["omvardnad"], unitId: planner })]
      : []),
    sample("order-lines", "o-1-1", { times: 3, per }),
    sample("visits", "v-1", { start, services, law }),
  ]);
}

export default defineRule({
  id: "unplanned-visit",
  version: 2,
  level: "indicator",
  scope: "visit",
  title: { sv: "Besök som inte var planerat", en: "A visit that was not planned" },
  why: "Besöket finns inte i planeringen. Det kan vara akut, men också tid som bara finns i registreringen.",
  remedy: "Fråga utföraren varför besöket gjordes och vem som bad om det.",
  innocent: {
    alarm: "Besöket är en larmutryckning.",
    otherLaw: "Besöket görs enligt en annan lag och planeras i ett annat system.",
  },
  reads: ["visits", "plans", "lines", "services", "matches", "settlement"],
  parameters: z.object({}),
  settlesAfterDays: 1,
  examples: {
    reports: [visitAt("2026-10-05 12:00"), visitAt("2026-10-05 12:00", { on: "2026-10-06", per: "week" })],
    accepts: [
      // Help is ordered every day, and that day's plan never came.
      visitAt("2026-10-05 12:00", { on: "2026-10-06" }),
      visitAt("2026-10-05 17:10"),
      visitAt("2026-10-05 12:00", { services: ["larm"] }),
      visitAt("2026-10-05 12:00", { law: "HSL" }),
      visitAt("2026-10-05 12:00", { planned: false }),
      // Only another provider's plans of the client are known.
      visitAt("2026-10-05 12:00", { planner: "U2" }),
    ],
  },
  *evaluate({ visits, plans, lines, services, matches, settlement, slice }, _parameters, report) {
    /** Help is ordered for the day, and nothing at all is planned: then it is the plan that is missing. */
    const expectedWithoutAnyPlan = (row: number): boolean => {
      const day = visits.day(row);
      return (
        settlement
          .lines(row)
          .lines.some((line) =>
            lines.listsWeekdays(line) || lines.per(line) === "day" ? expectsVisit({ lines }, line, day) : false,
          ) &&
        !slice.plans.some(
          (plan) => plans.provider(plan) === visits.provider(row) && dayOf(plans.start(plans.frozen(plan))) === day,
        )
      );
    };
    for (const row of slice.visits) {
      if (!visits.performed(row) || matches.visitState(row) !== "unplanned") continue;
      if (services.has(visits.services(row), "alarm")) {
        report.suppressed("alarm", [row]);
      } else if (visits.law(row) === "HSL" || services.has(visits.services(row), "nursing")) {
        report.suppressed("otherLaw", [row]);
      } else if (!slice.plans.some((plan) => plans.provider(plan) === visits.provider(row))) {
        // The provider's plans of the client may be in a system whose client nobody has joined with this one.
        report.tooLittleData("utföraren har ingen planering för brukaren");
      } else if (expectedWithoutAnyPlan(row)) {
        report.tooLittleData("dagens planering för brukaren saknas, fast hjälp är beställd den dagen");
      } else {
        const end = visits.usable(row) ? `–${formatClock(visits.end(row))}` : "";
        yield {
          records: [row],
          minutes: visits.minutes(row),
          reason: `Besöket ${formatLocal(visits.start(row))}${end} har inget planerat besök inom två timmar.`,
          evidence: { "planerat besök inom 120 minuter": false, "planerade besök under månaden": slice.plans.length },
        };
      }
    }
  },
});
