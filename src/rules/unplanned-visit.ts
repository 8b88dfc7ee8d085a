import { z } from "zod";
import { dayOf, defineRule, example, formatClock, formatLocal, type Hit, rowsOf, sample } from "#rule";

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
const othersWith = (status: string) => [
  sample("visits", "v-2", { clientId: "C2", start: "2026-10-05 09:00", status }),
  sample("visits", "v-3", { clientId: "C3", start: "2026-10-05 10:00", status }),
];
const others = othersWith("completed");
const planOfOthers = sample("planned-visits", "p-2", { clientId: "C2", start: "2026-10-05 09:00" });
/** They too are planned on other days. */
const plannedElse = ["C2", "C3"].map((clientId) =>
  sample("planned-visits", `p-${clientId}`, { clientId, start: "2026-10-06 09:00" }),
);

export default defineRule({
  id: "unplanned-visit",
  version: 4,
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
  examples: () => ({
    reports: [
      visitAt("2026-10-05 12:00"),
      visitAt("2026-10-05 12:00", { on: "2026-10-06" }, [...others, ...plannedElse, planOfOthers]),
      // Nobody plans two of the others in a system that is known: that they have no plan says nothing of the day.
      visitAt("2026-10-05 12:00", { on: "2026-10-06" }, [
        ...others,
        sample("visits", "v-4", { start: "2026-10-05 15:00", end: "2026-10-05 15:30" }),
        sample("planned-visits", "p-4", { start: "2026-10-05 15:00", end: "2026-10-05 15:30" }),
      ]),
    ],
    accepts: [
      // Nothing of S1's day is known to be planned, or most of it is not.
      visitAt("2026-10-05 12:00", { on: "2026-10-06" }, others),
      visitAt("2026-10-05 12:00", { on: "2026-10-06" }, [...others, ...plannedElse]),
      // Also where two said no.
      visitAt("2026-10-05 12:00", { on: "2026-10-06" }, [...othersWith("declined"), ...plannedElse]),
      visitAt("2026-10-05 17:10"),
      visitAt("2026-10-05 12:00", { services: ["larm"] }),
      visitAt("2026-10-05 12:00", { law: "HSL" }),
      visitAt("2026-10-05 12:00", { planned: false }),
      // Only another provider's plans of the client are known.
      visitAt("2026-10-05 12:00", { planner: "U2" }),
    ],
  }),
  evaluate({ visits, plans, services, matches, slice }, _parameters, report) {
    const hits: Hit[] = [];
    const plannedThisMonth = (client: number, provider: number): boolean =>
      rowsOf(plans.byClient, client).some((plan) => {
        const version = plans.frozen(plan);
        const day = dayOf(plans.start(version));
        return plans.provider(version) === provider && slice.firstDay <= day && day <= slice.lastDay;
      });
    /**
     * Nothing else that this person did that day has a plan, or at most half of it at clients who are planned for: then
     * it is the day's plan that never came.
     */
    const dayWithoutPlans = (row: number): boolean => {
      const staff = visits.staff(row);
      if (staff < 0) return false;
      let [planned, unplanned, unknown] = [0, 0, 0];
      for (const other of rowsOf(visits.byStaff, staff)) {
        if (other === row || visits.day(other) !== visits.day(row)) continue;
        // Whoever was turned away at a door was on a round too.
        if (!visits.performed(other) && !["declined", "noAnswer"].includes(visits.status(other)!)) continue;
        if (matches.plan(other) >= 0) planned++;
        else if (services.has(visits.services(other), "alarm")) continue;
        else if (plannedThisMonth(visits.client(other), visits.provider(other))) unplanned++;
        else unknown++;
      }
      return planned === 0 ? unplanned + unknown >= 2 : unplanned >= 2 && unplanned >= planned;
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
        hits.push({
          records: [row],
          minutes: visits.minutes(row),
          reason: `Besöket ${formatLocal(visits.start(row))}${end} har inget planerat besök inom två timmar.`,
          evidence: { "planerat besök inom 120 minuter": false, "planerade besök under månaden": slice.plans.length },
        });
      }
    }
    return hits;
  },
});
