import { NO_DAY, type Tables } from "#columns";
import { daysOfMonth, type Instant, type Month } from "#model";
import { compileTerms, cutOffOf } from "./terms.ts";

/** The latest cut-off of a month: of all contracts that hold on some day of it, and of the usual terms. */
export function lastCutOff({ contracts }: Tables, month: Month): Instant {
  const { first, last } = daysOfMonth(month);
  let latest = cutOffOf(month, compileTerms({}));
  for (let contract = 0; contract < contracts.count; contract++) {
    const to = contracts.validTo(contract);
    if (contracts.validFrom(contract) > last || (to !== NO_DAY && to < first)) continue;
    latest = Math.max(latest, cutOffOf(month, compileTerms(contracts.terms(contract))));
  }
  return latest;
}
