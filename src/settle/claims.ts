import { rowsOf, type Tables } from "#columns";
import { type Day, startOfDay } from "#model";
import { expectsVisit, type LineMatcher } from "#match";

/** What a claim speaks of, day by day, and which of its days have a visit. */
export interface ClaimCoverage {
  /** The order line that it is about, or -1. */
  line: number;
  /** The days over which it is divided equally: those on which a line of its order and service expects a visit, else all. */
  days: readonly Day[];
  /** Minutes and öre of each of these days; minutes are 0 where the claim is not about time. */
  minutesPerDay: number;
  orePerDay: number;
  /** Visits of the client by the provider on these days that the claim can mean. */
  visits: readonly number[];
  /** Days without such a visit on which every system that would know was heard. */
  emptyDays: readonly Day[];
  /** Days without a visit while such a system was silent. */
  silentDays: readonly Day[];
}

export function claimCoverage(
  tables: Tables,
  matcher: LineMatcher,
  silent: (client: number, from: number, until: number) => boolean,
  claim: number,
): ClaimCoverage {
  const { claims, visits, services } = tables;
  const line = matcher.ofClaim(claim, claims.from(claim));
  const all: Day[] = [];
  for (let day = claims.from(claim); day <= claims.to(claim); day++) all.push(day);
  // A claim speaks of the service: weekdays may stand on one line of its order and the weekend on another.
  const ofService =
    line < 0
      ? []
      : rowsOf(tables.lines.byOrder, tables.lines.order(line)).filter(
          (other) => tables.lines.service(other) === tables.lines.service(line),
        );
  const expected = all.filter((day) => ofService.some((other) => expectsVisit(tables, other, day)));
  const days = expected.length > 0 ? expected : all;
  const minutes = claims.minutes(claim);
  const wanted = claims.service(claim);
  const client = claims.client(claim);

  const meant: number[] = [];
  const visited = new Set<Day>();
  for (const visit of rowsOf(visits.byClient, client)) {
    const day = visits.day(visit);
    if (day < claims.from(claim) || day > claims.to(claim) || !visits.performed(visit)) continue;
    const provider = visits.provider(visit);
    if (provider >= 0 && claims.provider(claim) >= 0 && provider !== claims.provider(claim)) continue;
    const named = services.list(visits.services(visit));
    // A visit that names only other services is not what the claim means, unless both count on one order line.
    if (wanted >= 0 && named.length > 0 && !named.includes(wanted)) {
      if (line < 0 || !matcher.ofVisit(visit).lines.includes(line)) continue;
    }
    meant.push(visit);
    visited.add(day);
  }
  const without = days.filter((day) => !visited.has(day));
  const silentDays = without.filter((day) => silent(client, startOfDay(day), startOfDay(day + 1)));
  return {
    line,
    days,
    minutesPerDay: Number.isNaN(minutes) ? 0 : minutes / days.length,
    orePerDay: claims.amountOre(claim) / days.length,
    visits: meant,
    emptyDays: without.filter((day) => !silentDays.includes(day)),
    silentDays,
  };
}
