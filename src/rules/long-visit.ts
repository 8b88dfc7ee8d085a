import { z } from "zod";
import {
  ambiguousStart,
  defineRule,
  formatClock,
  formatLocal,
  heldAgainst,
  type Hit,
  type Matches,
  partsOf,
  plannedVisit,
  sample,
  type Visits,
} from "#rule";

export default defineRule({
  id: "long-visit",
  version: 3,
  level: "indicator",
  scope: "visit",
  title: { sv: "Besök mycket längre än planerat", en: "A visit much longer than planned" },
  why: "Tiden kan vara restid eller en glömd utloggning. Är den verklig har brukaren kanske fått större behov.",
  remedy: "Fråga utföraren varför besöket tog längre tid, och låt utföraren rätta sluttiden om den är fel.",
  innocent: {
    approved: "Den längre tiden är godkänd av chef.",
    severalPlans: "Registreringen omfattar fler planerade besök, som inte har någon egen.",
  },
  reads: ["visits", "plans", "matches", "settlement"],
  parameters: z.object({
    minutesAbove: z.number().min(0).default(10).describe("Så många minuter längre än planerat godtas alltid."),
    percentAbove: z.number().min(0).default(20).describe("Så många procent längre än planerat godtas alltid."),
  }),
  examples: () => ({
    reports: [
      plannedVisit(41, 30),
      plannedVisit(73, 60),
      // One person logs out and in again: the two together are too long.
      plannedVisit(30, 30, [sample("visits", "v-2", { start: "08:32", end: "08:43" })]),
    ],
    accepts: [
      plannedVisit(40, 30),
      plannedVisit(72, 60),
      plannedVisit(41, 30, [], { approvedByManager: true }),
      plannedVisit(60, 30, [sample("planned-visits", "p-2", { start: "08:30", end: "09:00" })]),
      // On the way out an alarm: nobody planned it, and it is no part of what was.
      plannedVisit(30, 30, [sample("visits", "v-2", { start: "08:38", end: "08:49", services: ["larm"] })]),
      { ...plannedVisit(41, 30), warnings: [ambiguousStart("v-1")] },
      // Probable only: more than an hour off, and nobody has said that it is this plan's.
      plannedVisit(60, 30, [], { start: "09:05", end: "10:05", plannedVisitId: undefined }),
    ],
  }),
  evaluate({ visits, plans, matches, settlement, slice }, { minutesAbove, percentAbove }, report) {
    const hits: Hit[] = [];
    for (let at = 0; at < slice.visits.length; at++) {
      const row = slice.visits[at]!;
      const continues = matches.visitState(row) === "continuation";
      const main = continues ? mainOf(visits, matches, slice.visits, row) : row;
      if (main < 0) continue;
      const version = heldAgainst(visits, plans, matches, main);
      if (version < 0 || !visits.usable(row)) continue;
      const planned = plans.minutes(version);
      const most = planned + Math.max(minutesAbove, (planned * percentAbove) / 100);
      const alone = visits.minutes(main) > most;
      // Once a plan: at the main registration where that is long by itself, else at the last that continues it.
      if (alone !== continues) lookInto(row, main, version, most);
    }

    // A function of its own: what closures hold is made anew each time round a loop, and few visits are long.
    function lookInto(row: number, main: number, version: number, most: number): void {
      const planned = plans.minutes(version);
      const parts = partsOf(visits, matches, slice.visits, main);
      const minutes = parts.reduce((total, part) => total + visits.minutes(part), 0);
      if (minutes <= most || (row !== main && parts.findLast((part) => part !== main) !== row)) return;
      const others = slice.plans.filter((plan) => {
        const frozen = plans.frozen(plan);
        return (
          plan !== matches.plan(row) &&
          matches.visit(plan) < 0 &&
          !plans.cancelled(frozen) &&
          parts.some((part) => plans.start(frozen) < visits.end(part) && plans.end(frozen) > visits.start(part))
        );
      });
      const plannedInAll = others.reduce((total, plan) => total + plans.minutes(plans.frozen(plan)), planned);
      const over = minutes - planned;
      if (minutes <= plannedInAll + Math.max(minutesAbove, (plannedInAll * percentAbove) / 100)) {
        report.suppressed("severalPlans", parts);
      } else if (parts.some((part) => visits.ambiguousTime(part))) {
        report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
      } else if (parts.some((part) => visits.approvedByManager(part) === true)) {
        report.suppressed("approved", parts);
      } else {
        hits.push({
          records: [...parts, { table: "plans", row: matches.plan(row) }],
          minutes: over,
          amountOre: settlement.oreOf(main, over),
          reason: `Besöket ${formatLocal(visits.start(parts[0]!))}–${formatClock(visits.end(parts.at(-1)!))} är registrerat med ${minutes} minuter; ${planned} minuter var planerade.`,
          evidence: {
            "minuter längre än planerat >": [over, Math.round((most - planned) * 10) / 10],
            "planerad tid": `${formatClock(plans.start(version))}–${formatClock(plans.end(version))}`,
            "registreringar under den planerade tiden": parts.length,
            "godkänt av chef": false,
          },
        });
      }
    }
    return hits;
  },
});

/** The visit that a registration continues, or -1. */
function mainOf(visits: Visits, matches: Matches, rows: Int32Array, continuation: number): number {
  const plan = matches.plan(continuation);
  for (const row of rows) {
    const state = matches.visitState(row);
    const same = matches.plan(row) === plan && visits.staff(row) === visits.staff(continuation);
    if (same && (state === "matched" || state === "pair")) return row;
  }
  return -1;
}
