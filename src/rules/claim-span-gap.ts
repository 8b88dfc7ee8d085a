import { z } from "zod";
import { at, defineRule, example, formatDay, needsNoVisit, sample, startOfDay } from "#rule";

/** Monday to Friday are claimed with 60 minutes a day; visits on so many of the days. */
function weekWith(dates: readonly string[], { asOf = "2026-11-10 04:30", basis = "performed" } = {}) {
  return example(
    [
      sample("contracts", "K1", { terms: { basis: { default: basis } } }),
      sample("claims", "k-1", { from: "2026-10-05", to: "2026-10-09", minutes: 300, amountOre: 240_000 }),
      ...dates.map((date) => sample("visits", `v-${date}`, { start: `${date} 08:00`, end: `${date} 09:00` })),
    ],
    { asOf: at(asOf) },
  );
}
const week = ["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09"];

export default defineRule({
  id: "claim-span-gap",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Fakturarad med dagar utan besök", en: "A claim for a period with days without visits" },
  why: "Raden gäller flera dagar. På några av dem väntas ett besök, men inget är registrerat.",
  remedy: "Utbetalningen för de dagarna väntar i 14 dagar. Be utföraren registrera besöken eller kreditera dagarna.",
  innocent: {
    sourceSilent: "Källan som skulle ha berättat om besöken var tyst.",
    basis: "Insatsen ersätts utan besök enligt avtalet, till exempel per månad.",
    credited: "Raden är krediterad.",
  },
  reads: ["claims", "contracts", "services", "clients", "settlement"],
  parameters: z.object({
    daysAfter: z
      .int()
      .min(0)
      .default(2)
      .describe("Så många dagar efter periodens sista dag väntar regeln på sena besök."),
  }),
  settlesAfterDays: 35,
  examples: {
    reports: [weekWith(["2026-10-05", "2026-10-06", "2026-10-09"])],
    accepts: [
      weekWith(week),
      weekWith(["2026-10-05"], { basis: "granted" }),
      weekWith(["2026-10-05"], { asOf: "2026-10-10 23:00" }),
    ],
  },
  *evaluate({ claims, contracts, services, clients, settlement, slice, asOf }, { daysAfter }, report) {
    for (const row of slice.claims) {
      if (claims.credit(row) || claims.from(row) === claims.to(row) || asOf < startOfDay(claims.to(row) + daysAfter))
        continue;
      const { visits: meant, emptyDays, silentDays, minutesPerDay, orePerDay, days } = settlement.claim(row);
      const service = claims.service(row);
      const paidWithoutVisit = needsNoVisit(contracts, {
        provider: claims.provider(row),
        unit: claims.unit(row),
        service,
        serviceCode: service < 0 ? null : services.code[service]!,
        day: claims.from(row),
      });
      // No visit at all is claim-without-visit.
      if (meant.length === 0) continue;
      if (silentDays.length > 0) report.suppressed("sourceSilent", [row]);
      if (emptyDays.length === 0) continue;
      if (!clients.known(slice.client)) {
        report.tooLittleData("brukaren är okänd");
      } else if (paidWithoutVisit) {
        report.suppressed("basis", [row]);
      } else if (slice.claims.some((other) => claims.corrects(other) === row)) {
        report.suppressed("credited", [row]);
      } else {
        const shown = emptyDays
          .slice(0, 10)
          .map((day) => formatDay(day))
          .join(", ");
        yield {
          records: [row],
          minutes: Math.round(minutesPerDay * emptyDays.length),
          amountOre: Math.round(orePerDay * emptyDays.length),
          reason: `Fakturaraden för ${formatDay(claims.from(row))} – ${formatDay(claims.to(row))} omfattar ${emptyDays.length} dagar utan besök: ${shown}${emptyDays.length > 10 ? " …" : ""}.`,
          evidence: { "dagar utan besök": emptyDays.length, "dagar som raden fördelas på": days.length },
        };
      }
    }
  },
});
