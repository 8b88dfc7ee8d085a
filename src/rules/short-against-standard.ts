import { z } from "zod";
import { cut, decimalText, defineRule, example, type Hit, MINUTE, rowsOf, sample } from "#rule";

/** P1 is paid 96 minutes for each cleaning; twenty visits, so many of which take so many minutes. */
function cleanings(
  short: number,
  minutes: number,
  { second = false, reason = undefined as string | undefined, basis = "standard" } = {},
) {
  return example([
    sample("contracts", "k-1", { terms: { basis: { stad: basis }, standardMinutes: { stad: 96 } } }),
    ...Array.from({ length: 20 }, (_, position) => {
      const date = `2026-10-${String(position + 1).padStart(2, "0")}`;
      const visit = (id: string, staffId: string, length: number) =>
        sample("visits", `${id}-${position}`, {
          staffId,
          services: ["stad"],
          start: `${date} 08:00`,
          end: `${date} ${String(8 + Math.floor(length / 60)).padStart(2, "0")}:${String(length % 60).padStart(2, "0")}`,
          declinedReason: position < short ? reason : undefined,
        });
      return [
        visit("v", "S1", position < short ? minutes : 90),
        ...(second && position < short ? [visit("w", "S2", minutes)] : []),
      ];
    }).flat(),
  ]);
}

export default defineRule({
  id: "short-against-standard",
  version: 1,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Korta besök mot schablonen", en: "Visits much shorter than the standard time" },
  why: "Besöken betalas efter en schablon, men många är mycket kortare. Schablonen passar inte, eller så görs inte hela insatsen.",
  remedy: "Följ upp några av besöken hos brukarna, och se över schablonen om tiden räcker.",
  innocent: {
    several: "Flera besök samma dag, eller två personer, gjorde insatsen tillsammans.",
    interrupted: "Besöket avbröts och ett skäl är angivet.",
  },
  reads: ["visits", "services", "units", "settlement"],
  parameters: z.object({
    percentBelow: z.number().min(0).max(100).default(40).describe("Av schablonen; kortare besök räknas."),
    timesMin: z.int().min(1).default(5).describe("Så många korta besök under månaden."),
    sharePercentMin: z.number().min(0).max(100).default(20).describe("Så stor del av besöken med schablon."),
  }),
  examples: () => ({
    // 40 % of 96 minutes is 38.4.
    reports: [cleanings(5, 38)],
    accepts: [
      cleanings(5, 39),
      cleanings(4, 38),
      cleanings(5, 38, { second: true }),
      cleanings(5, 38, { reason: "Orkade inte mer" }),
      cleanings(5, 38, { basis: "performed" }),
    ],
  }),
  evaluate({ visits, services, units, settlement, slice }, { percentBelow, timesMin, sharePercentMin }, report) {
    const hits: Hit[] = [];
    const width = services.code.length;
    /** Standard time by unit and service; NaN where it is not paid so. */
    const standard = new Float64Array(units.count * width).fill(NaN);
    let some = false;
    for (let unit = 0; unit < units.count; unit++) {
      if (units.provider(unit) !== slice.provider) continue;
      for (let service = 0; service < width; service++) {
        const terms = settlement.terms(slice.provider, unit, service, slice.lastDay)?.terms;
        const code = services.code[service]!;
        if (terms?.basisOf(code) !== "standard") continue;
        standard[unit * width + service] = terms.standardMs.get(code) ?? NaN;
        some = true;
      }
    }
    if (!some) return hits;
    const short: number[] = [];
    let [count, missingMs, partSum] = [0, 0, 0];
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      if (visits.status(row) !== "completed" || !visits.usable(row)) continue;
      for (const service of services.list(visits.services(row))) {
        const ms = standard[visits.unit(row) * width + service]!;
        if (Number.isNaN(ms)) continue;
        count++;
        const length = visits.end(row) - visits.start(row);
        if (length * 100 >= ms * percentBelow) continue;
        if (visits.declinedReason(row) !== null) report.suppressed("interrupted", [row]);
        else if (sameDay(row, service) * 100 >= ms * percentBelow) report.suppressed("several", [row]);
        else {
          short.push(row);
          missingMs += ms - length;
          partSum += length / ms;
        }
        break;
      }
    }
    const percent = (100 * short.length) / count;
    if (short.length < timesMin || percent < sharePercentMin) return hits;
    hits.push({
      records: short,
      client: -1,
      staff: -1,
      minutes: Math.floor(missingMs / MINUTE),
      reason:
        `${short.length} av ${count} besök som betalas efter schablon tog mindre än ${decimalText(percentBelow)} % av den; ` +
        `i genomsnitt ${decimalText((100 * partSum) / short.length)} %.`,
      evidence: {
        "korta besök ≥": [short.length, timesMin],
        "av besöken med schablon, procent ≥": [cut(percent), sharePercentMin],
        "procent av schablonen <": [cut((100 * partSum) / short.length), percentBelow],
      },
    });

    /** All time with the service at the client that day. */
    function sameDay(row: number, service: number): number {
      let ms = 0;
      for (const other of rowsOf(visits.byClient, visits.client(row))) {
        if (visits.day(other) !== visits.day(row) || !visits.usable(other)) continue;
        if (services.list(visits.services(other)).includes(service)) ms += visits.end(other) - visits.start(other);
      }
      return ms;
    }
    return hits;
  },
});
