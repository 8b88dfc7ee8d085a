import { z } from "zod";
import { at, defineRule, example, formatClock, formatLocal, type Hit, sample } from "#rule";

function plannedWithout(
  more: ReturnType<typeof sample>[] = [],
  plan: Record<string, unknown> = {},
  asOf = "2026-10-07 00:00",
) {
  return example(
    [
      sample("planned-visits", "p-1", { start: "2026-10-05 08:00", end: "2026-10-05 08:30", ...plan }),
      sample("visits", "v-0", { start: "2026-10-05 18:00" }),
      ...more,
    ],
    { asOf: at(asOf) },
  );
}

export default defineRule({
  id: "missed-visit",
  version: 1,
  level: "indicator",
  scope: "planned-visit",
  title: { sv: "Planerat besök som uteblev", en: "A planned visit that nobody made" },
  why: "Brukaren väntade på hjälp som inte kom, eller så gjordes besöket utan att registreras.",
  remedy: "Fråga utföraren vad som hände. Uteblev besöket: finns en avvikelserapport?",
  innocent: {
    absence: "Brukaren var frånvarande.",
    cancelled: "Besöket avbokades före start.",
    sourceSilent: "Källan som skulle ha berättat om besöket var tyst.",
  },
  reads: ["plans", "matches"],
  parameters: z.object({}),
  settlesAfterDays: 3,
  examples: () => ({
    reports: [plannedWithout()],
    accepts: [
      plannedWithout([sample("visits", "v-1", { start: "2026-10-05 08:20" })]),
      plannedWithout([sample("visits", "v-1", { start: "2026-10-05 08:00", status: "declined" })]),
      plannedWithout([sample("absences", "a-1", { from: "2026-10-04 20:00", to: "2026-10-06 12:00" })]),
      plannedWithout([], { cancelled: true }),
      // Nothing was heard from six in the morning until three in the afternoon.
      {
        ...plannedWithout(),
        facts: [
          {
            source: "files",
            everyHours: 1,
            arrivals: Array.from({ length: 48 }, (_, hour) => ({
              at: at("00:00", hour * 60),
              records: hour > 6 && hour < 15 ? 0 : 1,
            })),
          },
        ],
      },
      // The day has ended, but not 24 hours ago.
      plannedWithout([], {}, "2026-10-06 23:59"),
    ],
  }),
  evaluate({ plans, matches, slice }, _parameters, report) {
    const hits: Hit[] = [];
    for (const plan of slice.plans) {
      const state = matches.planState(plan);
      if (state === "absent") report.suppressed("absence", [plan]);
      else if (state === "cancelled") report.suppressed("cancelled", [plan]);
      else if (state === "silent") report.suppressed("sourceSilent", [plan]);
      else if (state === "unjoined") report.tooLittleData("planeringens brukare är inte hopkopplad med någon");
      if (state !== "missed") continue;
      const version = plans.frozen(plan);
      hits.push({
        records: [plan],
        minutes: plans.minutes(version),
        reason: `Besöket var planerat ${formatLocal(plans.start(version))}–${formatClock(plans.end(version))}, men inget besök är registrerat inom två timmar från starten.`,
        evidence: { "registrerat besök inom 120 minuter": false, "brukaren frånvarande": false, "källan tyst": false },
      });
    }
    return hits;
  },
});
