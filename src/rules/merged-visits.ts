import { z } from "zod";
import {
  dayOf,
  defineRule,
  example,
  formatClock,
  formatDay,
  heldAgainst,
  type Hit,
  HOUR,
  type Plans,
  rowsOf,
  sample,
} from "#rule";

/** Planned 08:00–08:30 and again from `second` for half an hour; one registration from 08:00 until `until`. */
function registeredUntil(
  until: string,
  {
    second = "12:00",
    secondEnd = "12:30",
    service = "omvardnad",
    first = {} as Record<string, unknown>,
    more = [] as ReturnType<typeof sample>[],
  } = {},
) {
  return example([
    sample("services", "vak", { kind: "nightWatch" }),
    sample("planned-visits", "p-1", { start: "08:00", end: "08:30", services: [service], ...first }, { version: 1 }),
    sample("planned-visits", "p-2", { start: second, end: secondEnd, services: [service] }),
    sample("visits", "v-1", { start: "08:00", end: until, services: [service], plannedVisitId: "p-1" }),
    ...more,
  ]);
}

export default defineRule({
  id: "merged-visits",
  version: 1,
  level: "indicator",
  scope: "client-day",
  title: { sv: "Flera planerade besök i en registrering", en: "Several planned visits in one registration" },
  why: "Två besök med timmar emellan är två tillfällen med hjälp. Görs de på en gång får brukaren ingen hjälp däremellan.",
  remedy: "Fråga utföraren om besöken gjordes samtidigt, och varför. Rätta registreringen om de gjordes var för sig.",
  innocent: {
    nightWatch: "Insatsen är vaknatt.",
    joinedInPlan: "Planeringen har själv slagit ihop besöken: det ena är avbokat, eller det andra förlängt.",
  },
  reads: ["visits", "plans", "services", "matches"],
  parameters: z.object({
    hoursApartMin: z.number().min(0).default(2).describe("Så långt ska det vara mellan de planerade besöken."),
    minutesLongerMin: z
      .number()
      .min(0)
      .default(10)
      .describe("Så många minuter längre än sitt eget planerade besök ska registreringen minst vara."),
    percentOfOtherMin: z
      .number()
      .min(0)
      .default(50)
      .describe("Så stor del av det andra besökets tid ska registreringen rymma utöver sin egen."),
  }),
  settlesAfterDays: 3,
  examples: () => ({
    reports: [
      registeredUntil("09:00"),
      registeredUntil("12:30"),
      registeredUntil("08:45", { second: "10:30", secondEnd: "11:00" }),
    ],
    accepts: [
      registeredUntil("08:44"),
      registeredUntil("09:00", { second: "10:29", secondEnd: "10:59" }),
      registeredUntil("09:00", { more: [sample("visits", "v-2", { start: "12:05", end: "12:20" })] }),
      registeredUntil("12:30", { service: "vak" }),
      registeredUntil("09:00", { first: { end: "09:00" } }),
      registeredUntil("09:00", {
        more: [
          sample(
            "planned-visits",
            "p-1",
            { start: "08:00", end: "09:00", modifiedAt: "2026-10-05 08:20" },
            { version: 2 },
          ),
        ],
      }),
    ],
  }),
  evaluate(
    { visits, plans, services, matches, slice },
    { hoursApartMin, minutesLongerMin, percentOfOtherMin },
    report,
  ) {
    const hits: Hit[] = [];
    for (const row of slice.visits) {
      if (!visits.usable(row)) continue;
      const version = heldAgainst(visits, plans, matches, row);
      if (version < 0) continue;
      let left = visits.minutes(row) - plans.minutes(version);
      if (left < minutesLongerMin) continue;
      const over = left;
      const others: number[] = [];
      for (const plan of rowsOf(plans.byClient, slice.client)) {
        const frozen = plans.frozen(plan);
        const start = plans.start(frozen);
        if (dayOf(start) > slice.day) break;
        if (dayOf(start) < slice.day || plan === matches.plan(row) || matches.planState(plan) !== "missed") continue;
        if (plans.provider(frozen) !== plans.provider(version)) continue;
        const needed = (plans.minutes(frozen) * percentOfOtherMin) / 100;
        if (apart(plans, version, frozen) < hoursApartMin * HOUR || needed > left) continue;
        left -= needed;
        others.push(plan);
      }
      if (others.length === 0) continue;
      if (services.has(visits.services(row), "nightWatch") || services.has(plans.services(version), "nightWatch")) {
        report.suppressed("nightWatch", [row]);
      } else if (
        others.every((plan) => plans.cancelled(plan)) ||
        visits.minutes(row) - plans.minutes(matches.plan(row)) < minutesLongerMin
      ) {
        report.suppressed("joinedInPlan", [row]);
      } else {
        const planned = [version, ...others.map((plan) => plans.frozen(plan))];
        hits.push({
          records: [row, ...[matches.plan(row), ...others].map((plan) => ({ table: "plans", row: plan }) as const)],
          minutes: over,
          reason: `${formatDay(slice.day)} var besök planerade ${planned.map((one) => span(plans, one)).join(" och ")}, men bara ett är registrerat: ${formatClock(visits.start(row))}–${formatClock(visits.end(row))}, ${visits.minutes(row)} minuter.`,
          evidence: {
            "timmar mellan de planerade besöken ≥": [
              Math.round((10 * Math.min(...planned.slice(1).map((one) => apart(plans, version, one)))) / HOUR) / 10,
              hoursApartMin,
            ],
            "minuter längre än det egna planerade besöket ≥": [over, minutesLongerMin],
            "planerade minuter i de besök som saknar egen registrering": planned
              .slice(1)
              .reduce((total, one) => total + plans.minutes(one), 0),
          },
        });
      }
    }
    return hits;
  },
});

/** Milliseconds from the end of the earlier to the start of the later. */
function apart(plans: Plans, a: number, b: number): number {
  return Math.max(plans.start(b) - plans.end(a), plans.start(a) - plans.end(b));
}

function span(plans: Plans, version: number): string {
  return `${formatClock(plans.start(version))}–${formatClock(plans.end(version))}`;
}
