import { day as dayOfDate } from "#model";
import type { WorldClaim } from "../world.ts";
import { dateOf, headOf } from "./bench.ts";
import type { Bench, Billing } from "./bench.ts";

/** Lets everything happen to the invoices that was planned while the days were changed. */
export function rebill(claims: WorldClaim[], bench: Bench): WorldClaim[] {
  const dropped = new Set<WorldClaim>();
  const byClient = Map.groupBy(claims, ({ clientId }) => clientId);
  const byProvider = Map.groupBy(claims, ({ providerId }) => providerId);
  const people = new Map(bench.population.people.map((person) => [person.client.id, person]));
  const kept = (list: WorldClaim[] | undefined) => (list ?? []).filter((one) => !dropped.has(one));
  let added = 0;
  const billing: Billing = {
    of: (clientId) => kept(byClient.get(clientId)),
    ofProvider: (providerId) => kept(byProvider.get(providerId)),
    days: ({ clientId, service, from, to }) => {
      const person = people.get(clientId);
      if (person === undefined) return [];
      const days = bench
        .ofPerson(person)
        .filter((one) => headOf(one).services.includes(service))
        .map(dateOf);
      return [...new Set(days)].filter((day) => day >= dayOfDate(from) && day <= dayOfDate(to)).sort((a, b) => a - b);
    },
    add: (claim) => {
      added++;
      const made = { ...claim, id: `fr+${added}` };
      claims.push(made);
      byClient.get(claim.clientId)?.push(made);
      byProvider.get(claim.providerId)?.push(made);
      return made;
    },
    drop: (claim) => void dropped.add(claim),
  };
  for (const change of bench.later) change(billing);
  return claims.filter((one) => !dropped.has(one));
}
