import { z } from "zod";
import { at, defineRule, example, type Hit, type Instant, sample, type Silence } from "#rule";

/** Thirty visits of one person at C1, the first so many of them typed in by hand; silent: in the first six days nothing was heard. */
function monthWith(manual: number, count = 30, silent = false) {
  const hours = 30 * 24;
  const arrivals = Array.from({ length: hours }, (_, hour) => ({
    at: at("2026-10-01 05:00", hour * 60),
    records: silent && hour > 0 && hour < 6 * 24 ? 0 : 1,
  }));
  return example(
    Array.from({ length: count }, (_, position) => {
      const proof = position < manual ? "manual" : "lock";
      return sample("visits", `v-${position}`, {
        start: at("2026-10-01 06:00", position * 12 * 60),
        startProof: proof,
        endProof: proof,
      });
    }),
    { facts: [{ source: "files", everyHours: 1, arrivals }] },
  );
}

export default defineRule({
  id: "manual-share",
  version: 3,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Stor andel manuella registreringar", en: "Large share of manual registrations" },
  why: "Tider som skrivs in för hand är inte uppmätta. Där de är vanliga kan ingen veta när besöken gjordes.",
  remedy: "Ta reda på varför lås, taggar eller telefoner inte används, och följ upp enheten.",
  innocent: {
    outage: "Källan var tyst när besöken gjordes, till exempel vid ett avbrott: då skrivs tiderna in i efterhand.",
  },
  reads: ["visits", "sources"],
  parameters: z.object({
    visitsMin: z.int().min(1).default(30).describe("Färre besök säger för lite."),
    provenPercentBelow: z.number().min(0).max(100).default(80).describe("Lägre andel kvitterade besök granskas."),
    provenPercentHoldBelow: z.number().min(0).max(100).default(50).describe("Vid lägre andel väntar utbetalningen."),
  }),
  examples: () => ({
    reports: [monthWith(7), monthWith(12, 44)],
    accepts: [monthWith(6), monthWith(7, 29), monthWith(12, 44, true)],
  }),
  evaluate({ visits, sources, slice, asOf }, { visitsMin, provenPercentBelow, provenPercentHoldBelow }, report) {
    const hits: Hit[] = [];
    const whole = new Tally();
    const byStaff = new Map<number, Tally>();
    const byClient = new Map<number, Tally>();
    let unknown = 0;
    let silent = 0;
    const silences = Array.from({ length: sources.count }, (_, source) => sources.silences(source, asOf));
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      if (!visits.performed(row)) continue;
      const proven = visits.proven(row);
      if (proven === null) {
        unknown++;
        continue;
      }
      if (meets(silences[visits.source(row)]!, visits.start(row), visits.end(row))) {
        if (!proven) silent++;
        continue;
      }
      whole.add(row, proven);
      if (visits.staff(row) >= 0) tallyOf(byStaff, visits.staff(row)).add(row, proven);
      tallyOf(byClient, visits.client(row)).add(row, proven);
    }
    if (unknown > 0) report.tooLittleData("kvittens saknas");
    if (silent > 0) report.suppressed("outage");
    const limits = { visitsMin, provenPercentBelow, provenPercentHoldBelow };
    const hit = hitOf(whole, "Utförarens", limits);
    // About the provider, also where one person or client had all of these visits.
    if (hit !== null) hits.push({ ...hit, staff: -1, client: -1, distinct: "provider" });
    for (const [staff, tally] of byStaff) {
      const found = hitOf(tally, "En medarbetares", limits);
      if (found !== null) hits.push({ ...found, staff, distinct: "staff" });
    }
    for (const [client, tally] of byClient) {
      const found = hitOf(tally, "En brukares", limits);
      if (found !== null) hits.push({ ...found, client, distinct: "client" });
    }
    return hits;
  },
});

/** Without a closure: asked of every visit. */
function meets(silences: readonly Silence[], start: Instant, end: Instant): boolean {
  for (const { from, until } of silences) if (start < until && end > from) return true;
  return false;
}

class Tally {
  count = 0;
  proven = 0;
  readonly manual: number[] = [];

  add(row: number, proven: boolean): void {
    this.count++;
    if (proven) this.proven++;
    else this.manual.push(row);
  }
}

function tallyOf(tallies: Map<number, Tally>, code: number): Tally {
  let tally = tallies.get(code);
  if (tally === undefined) tallies.set(code, (tally = new Tally()));
  return tally;
}

function hitOf(
  { count, proven, manual }: Tally,
  whose: string,
  limits: { visitsMin: number; provenPercentBelow: number; provenPercentHoldBelow: number },
): Hit | null {
  const percent = (100 * proven) / count;
  if (count < limits.visitsMin || percent >= limits.provenPercentBelow) return null;
  const shown = Math.floor(percent * 10) / 10;
  return {
    records: manual,
    severity: percent < limits.provenPercentHoldBelow ? "hold" : "review",
    reason: `${whose} besök är kvitterade på plats i ${String(shown).replace(".", ",")} % av fallen (${proven} av ${count}); resten är inskrivna för hand.`,
    evidence: {
      "kvitterade besök i procent <": [shown, limits.provenPercentBelow],
      "antal besök ≥": [count, limits.visitsMin],
    },
  };
}
