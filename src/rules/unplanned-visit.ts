import { z } from "zod";
import { defineRule, example, formatClock, formatLocal, rowsOf, sample } from "#rule";

/** Planned at 18:00 only; the visit is at another time. */
function visitAt(
  start: string,
  { services = ["omvardnad"], law = "SoL", planned = true, planner = "U1", on = "2026-10-05" } = {},
  more: ReturnType<typeof sample>[] = [],
) {
  return example([
    ...(planned
      ? [sample("planned-visits", "p-1", { start: `${on} 18:00`, services: ["omvardnad"], unitId: planner })]
      : []),
    sample("visits", "v-1", { start, services, law }),
    ...more,
  ]);
}
/** The rest of S1's day, at two others. */
const others = [
  sample("visits", "v-2", { clientId: "C2", start: "2026-10-05 09:00" }),
  sample("visits", "v-3", { clientId: "C3", start: "2026-10-05 10:00" }),
];
const planOfOthers = sample("planned-visits", "p-2", { clientId: "C2", start: "2026-10-05 09:00" });

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
  reads: ["visits", "plans", "services", "matches"],
  parameters: z.object({}),
  settlesAfterDays: 1,
  examples: {
    reports: [
      visitAt("2026-10-05 12:00"),
      visitAt("2026-10-05 12:00", { on: "2026-10-06" }, [...others, planOfOthers]),
    ],
    accepts: [
      // Most of S1's day is not planned.
      visitAt("2026-10-05 12:00", { on: "2026-10-06" }, others),
      visitAt("2026-10-05 17:10"),
      visitAt("2026-10-05 12:00", { services: ["larm"] }),
      visitAt("2026-10-05 12:00", { law: "HSL" }),
      visitAt("2026-10-05 12:00", { planned: false }),
      // Only another provider's plans of the client are known.
      visitAt("2026-10-05 12:00", { planner: "U2" }),
    ],
  },
  *evaluate({ visits, plans, services, matches, slice }, _parameters, report) {
    /** At least half of what else this person did that day has no plan either: then it is the day's plan that never came. */
    const dayWithoutPlans = (row: number): boolean => {
      const staff = visits.staff(row);
      if (staff < 0) return false;
      let [planned, unplanned] = [0, 0];
      for (const other of rowsOf(visits.byStaff, staff)) {
        if (other === row || visits.day(other) !== visits.day(row) || !visits.performed(other)) continue;
        if (matches.plan(other) >= 0) planned++;
        else unplanned++;
      }
      return unplanned >= 2 && unplanned >= planned;
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
      } else if (dayWithoutPlans(row)) {
        report.tooLittleData("det mesta av medarbetarens dag saknas i planeringen");
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
