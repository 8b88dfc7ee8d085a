import { z } from "zod";
import {
  at,
  DAY_MS,
  defineRule,
  example,
  formatDay,
  heardThroughout,
  type Hit,
  NO_DAY,
  sample,
  startOfDay,
  visitExpected,
} from "#rule";

const DAYS = 31;

/** 90 minutes a day are granted, 2,790 in October. One visit of so many minutes a day, and what else there is. */
function octoberOf(minutesPerDay: number, more: ReturnType<typeof sample>[] = [], asOf = "2026-11-10 04:30") {
  return example(
    [
      sample("orders", "o-2", { clientId: "C2", status: "cancelled" }),
      sample("orders", "o-3", { clientId: "C3", status: "cancelled" }),
      ...Array.from({ length: DAYS }, (_, date) => {
        const start = at("2026-10-01 08:00", date * 24 * 60 + (date >= 24 ? 60 : 0));
        return sample("visits", `v-${date}`, { start, end: start + minutesPerDay * 60_000 });
      }),
      ...more,
    ],
    { asOf: at(asOf) },
  );
}

/** So many visits of an hour that the client declined, or at which nobody opened. */
function vain(count: number, status: "declined" | "noAnswer") {
  return Array.from({ length: count }, (_, date) =>
    sample("visits", `d-${date}`, {
      start: at("2026-10-01 13:00", date * 24 * 60),
      end: at("2026-10-01 14:00", date * 24 * 60),
      status,
    }),
  );
}

export default defineRule({
  id: "under-delivered",
  version: 2,
  level: "indicator",
  scope: "client-month",
  title: { sv: "Mycket mindre utfört än beviljat", en: "Much less registered than granted" },
  why: "Brukaren har kanske inte fått den hjälp som är beslutad, eller behöver inte så mycket.",
  remedy: "Fråga utföraren och brukaren varför. Beslutet kan behöva följas upp.",
  innocent: {
    sourceSilent: "Källan som skulle ha berättat om besöken var tyst under en del av tiden.",
    noAnswer: "Personalen kom, men brukaren var inte hemma eller öppnade inte.",
    otherTime: "Resten av tiden är registrerad på något annat än det som är beställt.",
    gone: "Brukaren avled eller flyttade under månaden.",
  },
  reads: ["settlement", "orders", "visits", "clients", "services", "matches"],
  parameters: z.object({
    percentBelow: z
      .number()
      .min(0)
      .max(100)
      .default(80)
      .describe("Lägre andel av den beviljade tiden, med avböjt och frånvaro inräknat, rapporteras."),
    daysAfter: z
      .int()
      .min(0)
      .default(3)
      .describe("Så många dagar efter månadens slut väntar regeln på sena registreringar."),
  }),
  settlesAfterDays: 5,
  examples: () => ({
    reports: [
      octoberOf(71),
      octoberOf(71, [sample("orders", "o-1", { status: "ended", validTo: "2026-10-31" })]),
      octoberOf(30, vain(15, "declined")),
    ],
    accepts: [
      octoberOf(72),
      octoberOf(60, vain(7, "declined")),
      octoberOf(60, vain(7, "noAnswer")),
      octoberOf(60, [sample("absences", "a-1", { from: "2026-10-12", to: "2026-10-31" })]),
      octoberOf(45, [sample("clients", "C1", { deceasedOn: "2026-10-20" })]),
      octoberOf(60, [
        sample("visits", "v-99", { start: "2026-10-08 10:00", end: "2026-10-08 20:00", services: ["stad"] }),
      ]),
      // Nothing is known of anybody's visits before the 10th.
      {
        ...octoberOf(90),
        records: octoberOf(90).records.filter(({ record }) => !/^v-[0-8]$/.test(record.id)),
      },
      // It has ended, and nobody says when.
      octoberOf(30, [sample("orders", "o-1", { status: "ended" })]),
      // The month has not ended yet, or not long ago.
      octoberOf(30, [], "2026-11-03 23:00"),
      // Paid by the month: nobody need come.
      octoberOf(0, [sample("contracts", "K1", { terms: { basis: { omvardnad: "monthly" } } })]),
      // Nothing was heard for six days.
      {
        ...octoberOf(80),
        records: octoberOf(80).records.filter(({ record }) => !/^v-(9|1[0-4])$/.test(record.id)),
        facts: [
          {
            source: "files",
            everyHours: 24,
            arrivals: Array.from({ length: 40 }, (_, date) => ({
              at: at("2026-10-01 04:00", date * 24 * 60),
              records: date >= 10 && date <= 14 ? 0 : 1,
            })),
          },
        ],
      },
    ],
  }),
  evaluate(
    { settlement, orders, visits, clients, services, matches, slice, asOf },
    { percentBelow, daysAfter },
    report,
  ) {
    const hits: Hit[] = [];
    if (slice.orders.length === 0 || asOf < startOfDay(slice.lastDay + 1) + daysAfter * DAY_MS) return hits;
    let granted = 0;
    let registered = 0;
    let excused = 0;
    let noAnswer = 0;
    let other = 0;
    let provider = -2;
    let heard = true;
    for (const row of settlement.month(slice.client, slice.firstDay, slice.lastDay)) {
      const { unit, service } = row;
      if (!visitExpected(services, settlement, { provider: row.provider, unit, service, day: slice.firstDay }))
        continue;
      if (row.line < 0) {
        other += row.minutes.registered;
        continue;
      }
      granted += row.minutes.granted;
      registered += row.minutes.registered;
      excused += row.minutes.declined + row.minutes.absent;
      noAnswer += row.minutes.noAnswer;
      if (row.minutes.granted > 0 && row.provider !== provider)
        heard &&= heardThroughout(visits, row.provider, slice.firstDay, slice.lastDay);
      provider = provider === -2 || provider === row.provider ? row.provider : -1;
    }
    const limit = (granted * percentBelow) / 100;
    const done = registered + excused;
    if (granted === 0 || done >= limit) return hits;
    const client = slice.client;
    const gone = Math.max(clients.deceasedOn(client), clients.movedOn(client));
    const registersItself = slice.orders.some((order) => visits.registeredBy(orders.source(order)));
    if (visits.count === 0) {
      report.tooLittleData("besök saknas");
    } else if (registered + other === 0 && !registersItself && !clients.joined(client)) {
      report.tooLittleData("beställningens brukare är inte hopkopplad med någon");
    } else if (slice.orders.some((order) => orders.status(order) === "ended" && orders.validTo(order) === NO_DAY)) {
      report.tooLittleData("den avslutade beställningens sista dag saknas");
    } else if (!heard) {
      report.tooLittleData("utförarens besök är inte kända hela månaden");
    } else if (gone > 0 && gone <= slice.lastDay) {
      report.suppressed("gone");
    } else if (done + noAnswer >= limit) {
      report.suppressed("noAnswer");
    } else if (done + noAnswer + other >= limit) {
      report.suppressed("otherTime");
    } else {
      let silentDays = 0;
      for (let day = slice.firstDay; day <= slice.lastDay; day++) {
        if (matches.silent(client, startOfDay(day), startOfDay(day + 1))) silentDays++;
      }
      const unheard = (granted * silentDays) / (slice.lastDay - slice.firstDay + 1);
      if (done + noAnswer + other + unheard >= limit) {
        report.suppressed("sourceSilent");
        return hits;
      }
      const percent = Math.floor((1000 * done) / granted) / 10;
      hits.push({
        records: slice.orders.length > 0 ? [...slice.orders].map((row) => ({ table: "orders", row }) as const) : [],
        ...(provider >= 0 ? { provider } : {}),
        minutes: granted - done,
        reason: `Under ${formatDay(slice.firstDay).slice(0, 7)} är ${registered} minuter utförda av ${granted} beviljade. Med ${excused} minuter som brukaren avböjde eller var frånvarande är det ${String(percent).replace(".", ",")} %.`,
        evidence: {
          "utfört, avböjt och frånvaro i procent av beviljat <": [percent, percentBelow],
          "beviljade minuter": granted,
          "utförda minuter": registered,
          "avböjda och frånvarande minuter": excused,
          "minuter då ingen öppnade": noAnswer,
          "dagar då källan var tyst": silentDays,
        },
      });
    }
    return hits;
  },
});
