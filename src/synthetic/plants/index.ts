import type { Bench } from "./bench.ts";
import { plantClaims } from "./claims.ts";
import { plantEdits, plantManual } from "./edits.ts";
import { plantOrders } from "./orders.ts";
import { plantOverlaps } from "./overlaps.ts";
import { plantPlans } from "./plans.ts";
import { plantBatches, plantOutages, plantQuality, plantUnjoined } from "./quality.ts";
import { plantStatus } from "./status.ts";

export { makeBench, type Opening } from "./bench.ts";

/**
 * Plants what a person would call wrong, and beside each kind its innocent twins. It knows the world, not the rules:
 * who was where, and what someone then wrote down. What touches most comes first.
 */
export function plantAll(bench: Bench) {
  plantOutages(bench);
  plantUnjoined(bench);
  plantManual(bench);
  plantBatches(bench);
  plantOrders(bench);
  plantStatus(bench);
  plantOverlaps(bench);
  plantPlans(bench);
  plantQuality(bench);
  plantClaims(bench);
  plantEdits(bench);
  bench.prune();
}
