import type { Services } from "#columns";
import type { Day } from "#model";
import type { Settlement } from "#settle";

/**
 * Whether somebody is expected to come, and to register it, where a service is ordered. Nobody is for alarms and meals
 * or where the contract pays by the month or by what is granted; nursing is given by another law, mostly by others.
 */
export function visitExpected(
  services: Services,
  settlement: Settlement,
  { provider, unit, service, day }: { provider: number; unit: number; service: number; day: Day },
): boolean {
  const kind = service < 0 ? "care" : services.kind(service);
  if (kind === "alarm" || kind === "meal" || kind === "nursing") return false;
  const inForce = settlement.terms(provider, unit, service, day);
  const basis = inForce?.terms.basisOf(service < 0 ? null : services.code[service]!);
  return basis !== "monthly" && basis !== "granted";
}
