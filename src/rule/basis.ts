import type { Contracts } from "#columns";
import type { Day } from "#model";

/** True where the contract pays the service by the month or by what is granted: no visit is required for a claim. */
export function needsNoVisit(
  contracts: Contracts,
  claim: { provider: number; unit: number; service: number; serviceCode: string | null; day: Day },
): boolean {
  const contract = contracts.inForce(claim.provider, claim.unit, claim.service, claim.day);
  if (contract < 0) return false;
  const { basis } = contracts.terms(contract);
  if (typeof basis !== "object" || basis === null) return false;
  const { default: usual, ...byService } = basis as Record<string, unknown>;
  const own = claim.serviceCode === null ? undefined : byService[claim.serviceCode];
  return ["monthly", "granted"].includes(String(own ?? usual));
}
