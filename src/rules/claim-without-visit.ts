import { z } from "zod";
import { at, defineRule, example, formatDay, needsNoVisit, sample, startOfDay } from "#rule";

function claimed(more: ReturnType<typeof sample>[] = [], asOf = "2026-11-10 04:30") {
  return example(
    [
      sample("visits", "v-0", { start: "2026-10-12 08:00" }),
      sample("claims", "k-1", { from: "2026-10-05", to: "2026-10-06", minutes: 60, amountOre: 48_000 }),
      ...more,
    ],
    { asOf: at(asOf) },
  );
}

export default defineRule({
  id: "claim-without-visit",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Fakturarad utan besök", en: "A claim without any visit" },
  why: "Utföraren begär betalt för tid då inget besök är registrerat.",
  remedy: "Utbetalningen väntar i 14 dagar. Be utföraren registrera besöken eller kreditera raden.",
  innocent: {
    sourceSilent: "Källan som skulle ha berättat om besöken var tyst.",
    basis: "Insatsen ersätts utan besök enligt avtalet, till exempel per månad.",
    credited: "Raden är krediterad.",
  },
  reads: ["claims", "visits", "contracts", "services", "clients", "settlement"],
  parameters: z.object({
    daysAfter: z
      .int()
      .min(0)
      .default(2)
      .describe("Så många dagar efter periodens sista dag väntar regeln på sena besök."),
  }),
  settlesAfterDays: 35,
  examples: {
    reports: [claimed()],
    accepts: [
      claimed([sample("visits", "v-1", { start: "2026-10-06 08:00" })]),
      claimed([sample("contracts", "K1", { terms: { basis: { omvardnad: "monthly" } } })]),
      claimed([
        sample("claims", "k-2", {
          from: "2026-10-05",
          to: "2026-10-06",
          kind: "credit",
          correctsId: "k-1",
          minutes: 60,
          amountOre: 48_000,
        }),
      ]),
      claimed([], "2026-10-07 12:00"),
    ],
  },
  *evaluate({ claims, visits, contracts, services, clients, settlement, slice, asOf }, { daysAfter }, report) {
    for (const row of slice.claims) {
      if (claims.credit(row) || asOf < startOfDay(claims.to(row) + daysAfter)) continue;
      const { visits: meant, silentDays, emptyDays } = settlement.claim(row);
      const service = claims.service(row);
      const paidWithoutVisit = needsNoVisit(contracts, {
        provider: claims.provider(row),
        unit: claims.unit(row),
        service,
        serviceCode: service < 0 ? null : services.code[service]!,
        day: claims.from(row),
      });
      if (meant.length > 0) continue;
      if (visits.count === 0 || !clients.known(slice.client)) {
        report.tooLittleData(visits.count === 0 ? "besök saknas" : "brukaren är okänd");
      } else if (silentDays.length > 0) {
        report.suppressed("sourceSilent", [row]);
      } else if (paidWithoutVisit) {
        report.suppressed("basis", [row]);
      } else if (
        slice.claims.some(
          (other) => claims.corrects(other) === row && -claims.amountOre(other) >= claims.amountOre(row),
        )
      ) {
        report.suppressed("credited", [row]);
      } else {
        const minutes = claims.minutes(row);
        yield {
          records: [row],
          minutes: Number.isNaN(minutes) ? null : Math.round(minutes),
          amountOre: claims.amountOre(row),
          reason: `Fakturaraden för ${periodOf(claims.from(row), claims.to(row))} saknar varje registrerat besök.`,
          evidence: { "registrerade besök under perioden": 0, "dagar som borde ha besök": emptyDays.length },
        };
      }
    }
  },
});

function periodOf(from: number, to: number): string {
  return from === to ? formatDay(from) : `${formatDay(from)} – ${formatDay(to)}`;
}
