import { z } from "zod";
import {
  at,
  defineRule,
  example,
  formatClock,
  formatLocal,
  heldAgainst,
  type Hit,
  MINUTE,
  type Plans,
  sample,
} from "#rule";

/** Planned 08:00–08:30 since the day before; changed so many minutes after the visit of 08:10–08:35 began. */
function changedAfter(
  minutes: number,
  to: Record<string, unknown> = { start: "08:10", end: "08:35" },
  visit: Record<string, unknown> = {},
) {
  return example([
    sample("planned-visits", "p-1", { start: "08:00", end: "08:30", modifiedAt: "2026-10-04 12:00" }, { version: 1 }),
    sample(
      "planned-visits",
      "p-1",
      { start: "08:00", end: "08:30", modifiedAt: at("08:10", minutes), ...to },
      { version: 2 },
    ),
    sample("visits", "v-1", { start: "08:10", end: "08:35", ...visit }),
  ]);
}

export default defineRule({
  id: "plan-rewritten",
  version: 1,
  level: "indicator",
  scope: "visit",
  title: { sv: "Planeringen ändrad efter att besöket börjat", en: "The plan was changed after the visit began" },
  why: "En plan som ändras i efterhand kan inte visa att besöket blev som det var tänkt.",
  remedy: "Fråga utföraren varför planeringen ändrades. Besöket jämförs med planen som gällde när det började.",
  innocent: { sameTime: "Ändringen gällde annat än tiden, till exempel vem som gjorde besöket." },
  reads: ["visits", "plans", "matches"],
  parameters: z.object({
    minutesMovedMin: z.number().min(0).default(1).describe("Så många minuter ska start eller slut minst ha flyttats."),
  }),
  examples: () => ({
    reports: [changedAfter(1), changedAfter(600, { end: "08:45" })],
    accepts: [
      changedAfter(0),
      changedAfter(600, { staffId: "S2" }),
      changedAfter(600, { modifiedAt: undefined, start: "08:10", end: "08:35" }),
      // Probable only: another person, more than an hour off.
      changedAfter(600, { start: "09:20", end: "09:50" }, { start: "09:20", end: "09:50", staffId: "S2" }),
    ],
  }),
  evaluate({ visits, plans, matches, slice }, { minutesMovedMin }, report) {
    const hits: Hit[] = [];
    for (const row of slice.visits) {
      const plan = matches.plan(row);
      if (plan < 0 || !plans.changed(plan)) continue;
      const version = heldAgainst(visits, plans, matches, row);
      if (version < 0) continue;
      const versions = plans.versions(plan);
      // At least a millisecond: a limit of nothing still asks for a change.
      const moved = Math.max(1, minutesMovedMin * MINUTE);
      if (version === plan) {
        // What does not say when it was changed counts as it stands.
        const undated = versions.some((one) => one !== versions[0] && Number.isNaN(plans.modifiedAt(one)));
        if (undated && movedBy(plans, versions[0]!, plan) >= moved) report.tooLittleData("planens ändringstid saknas");
        continue;
      }
      if (plans.cancelled(plan)) continue;
      if (movedBy(plans, version, plan) < moved) {
        report.suppressed("sameTime", [row]);
        continue;
      }
      hits.push({
        records: [row, { table: "plans", row: plan }],
        reason: `Besöket började ${formatLocal(visits.start(row))} och var då planerat ${span(plans, version)}. Planen ändrades ${formatLocal(plans.modifiedAt(plan))} till ${span(plans, plan)}.`,
        evidence: {
          "planen ändrad, minuter efter besökets start >": [
            Math.floor((plans.modifiedAt(plan) - visits.start(row)) / MINUTE),
            0,
          ],
          "planerat när besöket började": span(plans, version),
          "planerat nu": span(plans, plan),
          registrerat: `${formatClock(visits.start(row))}–${Number.isNaN(visits.end(row)) ? "" : formatClock(visits.end(row))}`,
        },
      });
    }
    return hits;
  },
});

function movedBy(plans: Plans, from: number, to: number): number {
  return Math.max(Math.abs(plans.start(to) - plans.start(from)), Math.abs(plans.end(to) - plans.end(from)));
}

function span(plans: Plans, version: number): string {
  return `${formatClock(plans.start(version))}–${formatClock(plans.end(version))}`;
}
