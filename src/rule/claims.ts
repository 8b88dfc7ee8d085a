import type { Claims } from "#columns";
import { type Day, formatDay, type Instant, startOfDay } from "#model";
import type { ClaimMatter, JudgedClaim, Settlement } from "#settle";
import type { ClientMonthSlice, Hit, RowRef } from "./define.ts";

interface Context {
  claims: Claims;
  settlement: Settlement;
  slice: ClientMonthSlice;
  asOf: Instant;
}

/**
 * What the month's claims come to, of those whose last day is so many days ago that late registrations have come. All
 * rules about claims read this, and each takes its own matter: no day of a claim is reported twice.
 */
export function ripeClaims(
  { claims, settlement, slice, asOf }: Context,
  daysAfter: number,
): ReadonlyArray<JudgedClaim & { matter: ClaimMatter }> {
  return settlement
    .judged(slice.client, slice.firstDay, slice.lastDay)
    .filter(
      (one): one is JudgedClaim & { matter: ClaimMatter } =>
        one.claim >= 0 && one.matter !== null && asOf >= startOfDay(claims.to(one.claim) + daysAfter),
    );
}

/**
 * Records and period of a finding on a claim: of one that goes on into another month the days of this one. It is known
 * again by the claim, whichever visits come to light; and it is the provider's, not that of who made the visits.
 */
export function claimHit(
  claims: Claims,
  { firstDay, lastDay }: ClientMonthSlice,
  { claim, related, visits }: JudgedClaim,
): Required<Pick<Hit, "records" | "knownBy" | "period" | "staff">> {
  const records: RowRef[] = [claim, ...related, ...visits.map((row) => ({ table: "visits", row }) as const)];
  return {
    records,
    knownBy: [claim],
    staff: -1,
    period: { from: Math.max(claims.from(claim), firstDay), to: Math.min(claims.to(claim), lastDay) },
  };
}

/** "2026-10-05", "2026-10-05 – 2026-10-09" or, with gaps, each of the first ten. */
export function daysText(days: readonly Day[]): string {
  const [first, last] = [days[0]!, days.at(-1)!];
  if (first === last) return formatDay(first);
  if (last - first === days.length - 1 && days.length > 2) return `${formatDay(first)} – ${formatDay(last)}`;
  const shown = days.slice(0, 10).map((day) => formatDay(day));
  return `${shown.join(", ")}${days.length > 10 ? " …" : ""}`;
}

/** Minutes as a provider reads them: whole where they are, else with one decimal. */
export function minutesText(minutes: number): string {
  return `${String(Math.round(minutes * 10) / 10).replace(".", ",")} minuter`;
}
