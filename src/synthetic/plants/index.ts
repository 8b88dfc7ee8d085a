import type { Bench } from "./bench.ts";
import { nameCases } from "./cases.ts";
import { plantClaims } from "./claims.ts";
import { explainManual, plantCorrections, plantHabits } from "./corrections.ts";
import { plantDoubles } from "./doubles.ts";
import { plantEdits, plantManual } from "./edits.ts";
import { plantHousehold, plantLimits, plantLogins } from "./limits.ts";
import { coverShifts, plantEmployment } from "./employment.ts";
import { labelWhatFollows } from "./follows.ts";
import { fillUp, plantFullUtilisation, plantGranted } from "./granted.ts";
import { plantInvoices, plantRounding } from "./invoices.ts";
import { plantLocks } from "./locks.ts";
import { makeNoise } from "./noise.ts";
import { plantOrders } from "./orders.ts";
import { plantOverlaps } from "./overlaps.ts";
import { plantPlans } from "./plans.ts";
import { keepSilent, plantBatches, plantOutages, plantQuality, plantUnjoined } from "./quality.ts";
import { plantCopied, plantSchedule } from "./schedule.ts";
import { plantStatistics } from "./statistics.ts";
import { plantStatus } from "./status.ts";
import { plantTravel } from "./travel.ts";

export { makeBench, type Opening } from "./bench.ts";

/**
 * Plants what a person would call wrong, and beside each kind its innocent twins. It knows the world, not the rules:
 * who was where, and what someone then wrote down. What touches most comes first.
 */
export function plantAll(bench: Bench, noise = false) {
  plantOutages(bench);
  plantUnjoined(bench);
  plantManual(bench);
  plantStatistics(bench);
  plantCopied(bench);
  plantRounding(bench);
  plantHabits(bench);
  fillUp(bench);
  plantBatches(bench);
  plantOrders(bench);
  plantHousehold(bench);
  plantStatus(bench);
  plantOverlaps(bench);
  plantDoubles(bench);
  plantLimits(bench);
  plantTravel(bench);
  plantLocks(bench);
  plantPlans(bench);
  plantQuality(bench);
  plantClaims(bench);
  plantEdits(bench);
  plantSchedule(bench);
  plantGranted(bench);
  plantEmployment(bench);
  plantCorrections(bench);
  plantInvoices(bench);
  plantLogins(bench);
  plantFullUtilisation(bench);
  if (noise) makeNoise(bench);
  keepSilent(bench);
  nameCases(bench);
  bench.prune();
  explainManual(bench);
  coverShifts(bench);
  labelWhatFollows(bench);
}
