import { MINUTE } from "#model";
import type { World } from "./world.ts";

/** How much there is of everything, for summaries and tests. */
export function worldStats(world: World): Record<string, number> {
  const heads = world.visits.map(({ versions }) => versions.at(-1)!);
  const completed = heads.filter(({ status, deleted }) => status === "completed" && deleted !== true);
  const minutes = completed.reduce((sum, { start, end }) => sum + (end === null ? 0 : (end - start) / MINUTE), 0);
  return {
    providers: world.providers.length,
    units: world.units.length,
    clients: world.clients.length,
    staff: world.staff.length,
    employments: world.staff.reduce((sum, { employments }) => sum + employments.length, 0),
    orders: world.orders.length,
    plans: world.plans.length,
    cancelledPlans: world.plans.filter(({ versions }) => versions.at(-1)!.cancelled === true).length,
    visits: world.visits.length,
    completed: completed.length,
    declined: heads.filter(({ status }) => status === "declined").length,
    noAnswer: heads.filter(({ status }) => status === "noAnswer").length,
    edited: world.visits.filter(({ versions }) => versions.length > 1).length,
    doubleStaffed: world.visits.filter(({ doubleStaffing }) => doubleStaffing === true).length,
    manual: completed.filter(({ startProof, endProof }) => startProof === "manual" || endProof === "manual").length,
    hours: Math.round(minutes / 60),
    absences: world.absences.length,
    shifts: world.shifts.length,
    lockEvents: world.lockEvents.length,
    claims: world.claims.length,
    aliases: world.aliases.length,
    planted: world.labels.filter(({ planted, optional }) => planted && optional !== true).length,
    consequences: world.labels.filter(({ optional }) => optional === true).length,
    twins: world.labels.filter(({ planted }) => !planted).length,
  };
}
