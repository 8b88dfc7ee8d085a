import { z } from "zod";
import { at, daily, defineRule, example, formatDay, type Hit, sample } from "#rule";

/** 30 minutes three times a day are granted: 2,790 minutes in October. One visit of so many minutes every day. */
function octoberOf(minutesPerDay: number, more: ReturnType<typeof sample>[] = []) {
  return example([
    ...more,
    ...Array.from({ length: 31 }, (_, date) => {
      const start = at("2026-10-01 08:00", date * 24 * 60 + (date >= 24 ? 60 : 0));
      return sample("visits", `v-${date}`, { start, end: start + minutesPerDay * 60_000 });
    }),
  ]);
}

export default defineRule({
  id: "over-granted",
  version: 2,
  level: "error",
  scope: "client-month",
  title: { sv: "Mer utfört än beviljat", en: "More registered than granted" },
  why: "Tid utöver beslutet ska inte betalas. Behöver brukaren mer hjälp ska beslutet ändras.",
  remedy: "Kontrollera om beslutet har ändrats. Annars ersätts högst den beviljade tiden.",
  innocent: { alarm: "Tiden utöver är larmutryckningar, som tar den tid de tar." },
  reads: ["settlement", "visits", "lines", "services"],
  parameters: z.object({
    percentAbove: z.number().min(0).default(5).describe("Så många procent över den beviljade tiden godtas."),
  }),
  examples: () => ({
    reports: [octoberOf(95)],
    accepts: [
      octoberOf(94),
      // More was approved for the month.
      octoberOf(100, [
        sample("orders", "o-9", { validFrom: "2026-10-01", validTo: "2026-10-31", orderedAt: "2026-09-28 10:00" }),
        sample("order-lines", "o-9-1", { orderId: "o-9", minutes: 10 }),
      ]),
      // An alarm a day, for which a minute is ordered so that it can be billed.
      octoberOf(90, [
        sample("order-lines", "o-1-2", { orderId: "o-1", service: "larm", minutes: 1 }),
        ...daily(20, (date) =>
          sample("visits", `l-${date}`, { start: `${date} 03:00`, end: `${date} 03:30`, services: ["larm"] }),
        ),
      ]),
    ],
  }),
  evaluate({ settlement, visits, lines, services, slice }, { percentAbove }, report) {
    const hits: Hit[] = [];
    let granted = 0;
    let registered = 0;
    let alarms = 0;
    const ofAlarm = (line: number): boolean => services.kind(lines.service(line)) === "alarm";
    for (const { line, minutes } of settlement.month(slice.client, slice.firstDay, slice.lastDay)) {
      // What belongs to no line is another rule's.
      if (line < 0) continue;
      granted += minutes.granted;
      // Somebody answers an alarm as long as it takes.
      const answered = ofAlarm(line) ? Math.max(0, minutes.registered - minutes.granted) : 0;
      registered += minutes.registered - answered;
      alarms += answered;
    }
    const most = granted * (1 + percentAbove / 100);
    if (granted === 0 || registered <= most) {
      if (granted > 0 && registered + alarms > most) report.suppressed("alarm");
      return hits;
    }
    const counted = slice.visits.filter(
      (row) => visits.performed(row) && settlement.lines(row).lines.some((line) => !ofAlarm(line)),
    );
    const over = registered - granted;
    const last = counted.at(-1);
    hits.push({
      records: [...counted],
      minutes: over,
      amountOre: last === undefined ? null : settlement.oreOf(last, over),
      reason: `Under ${formatDay(slice.firstDay).slice(0, 7)} är ${registered} minuter utförda, men ${granted} beviljade: ${over} minuter för mycket.`,
      evidence: {
        "utfört i procent av beviljat >": [Math.round((1000 * registered) / granted) / 10, 100 + percentAbove],
        "beviljade minuter": granted,
        "utförda minuter": registered,
      },
    });
    return hits;
  },
});
