import { z } from "zod";
import { at, cut, decimalText, defineRule, example, formatDay, type Hit, MINUTE, sample } from "#rule";

/** Thirty visits of so many minutes, each claimed at this many, under a contract that rounds like this. */
function visitsOf(minutes: number, claimed: number, rounding: object, count = 30) {
  return example([
    sample("contracts", "K1", { terms: { rounding } }),
    ...Array.from({ length: count }, (_, index) => {
      const date = `2026-10-${String(index + 1).padStart(2, "0")}`;
      const start = at(`${date} 08:00`);
      return [
        sample("visits", `v-${index}`, { start, end: start + minutes * MINUTE }),
        sample("claims", `k-${index}`, { from: date, to: date, minutes: claimed, amountOre: claimed * 800 }),
      ];
    }).flat(),
  ]);
}
const nearest = { to: 5, direction: "nearest", per: "visit" };
const up = { to: 5, direction: "up", per: "visit" };

export default defineRule({
  id: "rounding-gain",
  version: 1,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Avrundningen går nästan alltid åt samma håll", en: "Rounding nearly always gains" },
  why: "Fakturerad tid är i snitt längre än den registrerade, mer än avtalets avrundning ger när besökens längd är slumpmässig. Så blir det om utloggning väntar in nästa steg, eller om utföraren avrundar själv.",
  remedy:
    "Titta på fördelningen av besökens sluttider tillsammans med utföraren. Mönstret ensamt är inget skäl till återkrav.",
  innocent: {},
  reads: ["claims", "services", "visits", "settlement"],
  parameters: z.object({
    minutesAbove: z
      .number()
      .min(0)
      .default(1)
      .describe("Så många minuter per besök i snitt, utöver avtalets egen avrundning, godtas."),
    visitsMin: z.int().min(10).default(30).describe("Färre besök än så säger inget om snittet."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [visitsOf(28, 30, nearest), visitsOf(26, 30, up), visitsOf(28, 30, { ...nearest, direction: "none" })],
    accepts: [
      visitsOf(29, 30, nearest),
      visitsOf(27, 30, up),
      visitsOf(28, 30, nearest, 29),
      // So much is not rounding but more than is payable.
      visitsOf(20, 30, nearest),
    ],
  }),
  evaluate({ claims, services, visits, settlement, slice }, { minutesAbove, visitsMin }, report) {
    const hits: Hit[] = [];
    const mine = (row: number): boolean => claims.provider(row) === slice.provider;
    const credited = new Set<number>();
    for (let row = 0; row < claims.count; row++) {
      if (!mine(row) || !claims.credit(row)) continue;
      const about = claims.corrects(row) >= 0 ? claims.corrects(row) : row;
      if (claims.from(about) <= slice.lastDay && claims.to(about) >= slice.firstDay) credited.add(claims.client(row));
    }
    // Claims of one client for the same days belong together.
    const together = new Map<number, { row: number; claimed: number; visits: readonly number[]; whole: boolean }>();
    const length = slice.lastDay - slice.firstDay + 1;
    for (let row = 0; row < claims.count; row++) {
      const client = claims.client(row);
      const from = claims.from(row);
      const to = claims.to(row);
      if (!mine(row) || from < slice.firstDay || to > slice.lastDay || credited.has(client)) continue;
      const { timed, minutesPerDay, days, emptyDays, silentDays, visits: meant } = settlement.claim(row);
      const key = (client * length + from - slice.firstDay) * length + to - slice.firstDay;
      let one = together.get(key);
      if (one === undefined) together.set(key, (one = { row, claimed: 0, visits: meant, whole: true }));
      else one.visits = [...new Set([...one.visits, ...meant])];
      one.claimed += minutesPerDay * days.length;
      // Where services share a visit, how its minutes are divided says more than how they are rounded.
      one.whole &&=
        timed &&
        emptyDays.length + silentDays.length === 0 &&
        meant.every((visit) => visits.usable(visit) && services.list(visits.services(visit)).length < 2);
    }
    let [count, gain, expected] = [0, 0, 0];
    for (const { row, claimed, visits: meant, whole } of together.values()) {
      if (!whole || meant.length === 0) continue;
      const service = claims.service(row);
      const terms = settlement.terms(slice.provider, claims.unit(row), service, claims.from(row))?.terms;
      // Claims by the month or by what is granted say nothing of visits.
      if (terms === undefined || terms.basisOf(service < 0 ? null : services.code[service]!) !== "performed") continue;
      const { rounding } = terms;
      let exact = 0;
      for (const visit of meant) exact += (visits.end(visit) - visits.start(visit)) / MINUTE;
      const step = rounding === null ? 5 : rounding.stepMs / MINUTE;
      // More than a step a visit is no rounding: other rules look at it.
      if (Math.abs(claimed - exact) >= step * meant.length) continue;
      count += meant.length;
      gain += claimed - exact;
      if (rounding === null || rounding.direction === "nearest") continue;
      const times = rounding.per === "visit" ? meant.length : rounding.per === "day" ? 1 : 0;
      expected += (rounding.direction === "up" ? step / 2 : -step / 2) * times;
    }
    const beyond = (gain - expected) / count;
    if (count === 0 || beyond <= minutesAbove) return hits;
    if (count < visitsMin) {
      report.tooLittleData("för få besök med egen fakturarad");
      return hits;
    }
    hits.push({
      records: [],
      minutes: Math.round(gain - expected),
      reason: `Under ${formatDay(slice.firstDay).slice(0, 7)} är ${count} besök fakturerade med i snitt ${decimalText(gain / count)} minuter mer än de registrerades. Avtalets avrundning väntas ge ${decimalText(expected / count)}.`,
      evidence: {
        "minuter per besök utöver avtalets avrundning >": [cut(beyond, 2), minutesAbove],
        "besök ≥": [count, visitsMin],
        "fakturerat över registrerat, minuter i snitt": cut(gain / count, 2),
      },
    });
    return hits;
  },
});
