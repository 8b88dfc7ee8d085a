import { z } from "zod";
import { daily, defineRule, example, formatDay, type Hit, inTime, NO_DAY, sample } from "#rule";

/** P1 visits C1 on 5–7 October. */
function permit(provider: Record<string, unknown>) {
  return example([
    sample("providers", "P1", provider),
    ...daily(3, (date, position) =>
      sample("visits", `v-${position}`, { start: `${date} 08:00`, end: `${date} 08:30` }),
    ),
  ]);
}

/** So many are named in the finding; the number of all is in the evidence. */
const RECORDS_MAX = 100;

export default defineRule({
  id: "provider-without-permit",
  version: 1,
  level: "indicator",
  severity: "hold",
  scope: "provider-month",
  title: { sv: "Utförare utan tillstånd", en: "Provider without a permit" },
  why: "Besök är gjorda på dagar då utföraren enligt registret saknade tillstånd att bedriva hemtjänst.",
  remedy: "Kontrollera tillståndet hos tillsynsmyndigheten och utförarens registrering.",
  innocent: {},
  reads: ["visits", "providers"],
  parameters: z.object({}),
  examples: () => ({
    reports: [permit({ permitFrom: "2020-01-01", permitTo: "2026-10-06" }), permit({ permitFrom: "2026-10-06" })],
    accepts: [
      permit({ permitFrom: "2020-01-01", permitTo: "2026-10-07" }),
      permit({ permitFrom: "2026-10-05" }),
      permit({}),
    ],
  }),
  evaluate({ visits, providers, slice }, _parameters, report) {
    const hits: Hit[] = [];
    const [from, to] = [providers.permitFrom(slice.provider), providers.permitTo(slice.provider)];
    if (from === NO_DAY && to === NO_DAY) {
      report.tooLittleData("utförarens tillstånd är inte känt");
      return hits;
    }
    if ((from === NO_DAY || from <= slice.firstDay) && (to === NO_DAY || to >= slice.lastDay)) return hits;
    const rows: number[] = [];
    let minutes = 0;
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      const day = visits.day(row);
      if (!visits.performed(row) || ((from === NO_DAY || day >= from) && (to === NO_DAY || day <= to))) continue;
      rows.push(row);
      minutes += visits.minutes(row);
    }
    if (rows.length === 0) return hits;
    const permit = `${from === NO_DAY ? "" : formatDay(from)}–${to === NO_DAY ? "" : formatDay(to)}`;
    hits.push({
      records: inTime(visits, rows).slice(0, RECORDS_MAX),
      minutes,
      reason: `${rows.length} besök gjordes när utföraren saknade tillstånd (tillståndet gäller ${permit}).`,
      evidence: { "besök utan tillstånd": rows.length, "tillståndet gäller": permit },
    });
    return hits;
  },
});
