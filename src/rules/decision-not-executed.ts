import { z } from "zod";
import {
  at,
  type Day,
  DAY_MS,
  dayOf,
  defineRule,
  example,
  formatDay,
  heardThroughout,
  type Hit,
  type Lines,
  NO_DAY,
  rowsOf,
  sample,
  type Services,
  startOfDay,
  visitExpected,
} from "#rule";

/** C3's order, decided on `decidedOn`; quiet since the day given for September; what happened in October. */
function octoberOf(
  more: ReturnType<typeof sample>[] = [],
  {
    decidedOn = "2026-07-15",
    quietSince = "2026-07-15" as string | null,
    order = {} as Record<string, unknown>,
    client = {} as Record<string, unknown>,
    service = "omvardnad",
    asOf = "2026-11-10 04:30",
    heardFrom = 0,
  } = {},
) {
  const made = example(
    [
      sample("decisions", "b-9", { clientId: "C3", decidedOn, validFrom: decidedOn }),
      sample("clients", "C3", client),
      sample("orders", "o-3", { clientId: "C3", decisionId: "b-9", validFrom: decidedOn, ...order }),
      sample("order-lines", "o-3-1", { orderId: "o-3", service }),
      // Others get their visits, from the day given on.
      ...Array.from({ length: 31 }, (_, date) =>
        sample("visits", `v-0-${date}`, { start: at("2026-10-01 08:00", date * 24 * 60) }),
      ).slice(heardFrom),
      ...more,
    ],
    { asOf: at(asOf) },
  );
  if (quietSince === null) return made;
  const value = dayOf(at(`${quietSince} 12:00`));
  return { ...made, earlier: [{ who: "C3", month: "2026-09", name: "files/o-3", value }] };
}

export default defineRule({
  id: "decision-not-executed",
  version: 2,
  level: "indicator",
  scope: "order",
  title: { sv: "Beslut som inte verkställs", en: "A decision that is not carried out" },
  why: "Hjälp som är beslutad ska ges. Kommunen ska rapportera beslut som inte verkställts inom tre månader till IVO.",
  remedy: "Fråga utföraren varför inga besök görs, och brukaren om hjälpen behövs. Se över beslutet.",
  innocent: {
    declined: "Brukaren har tackat nej till besöken.",
    absence: "Brukaren var frånvarande större delen av månaden.",
    gone: "Brukaren har avlidit eller flyttat.",
    sourceSilent: "Källan som skulle ha berättat om besöken var tyst större delen av månaden.",
  },
  source: "Socialtjänstlagen, rapportering av gynnande beslut som inte verkställts inom tre månader",
  reads: [
    "visits",
    "orders",
    "lines",
    "decisions",
    "clients",
    "services",
    "settlement",
    "absences",
    "matches",
    "sources",
    "measures",
  ],
  parameters: z.object({
    monthsMin: z.int().min(1).default(3).describe("Så många månader utan något besök."),
    daysAfter: z.int().min(0).default(2).describe("Så många dagar till väntar regeln på sena registreringar."),
  }),
  subject: "slice",
  settlesAfterDays: 4,
  examples: () => ({
    reports: [
      octoberOf(),
      octoberOf([], { decidedOn: "2026-02-01", quietSince: "2026-08-01" }),
      octoberOf([], { asOf: "2026-10-17 00:00" }),
    ],
    accepts: [
      octoberOf([], { asOf: "2026-10-16 23:59" }),
      octoberOf([], { decidedOn: "2026-08-02", quietSince: "2026-08-02" }),
      octoberOf([sample("visits", "v-1", { clientId: "C3", start: "2026-10-30 08:00" })]),
      octoberOf([sample("visits", "v-1", { clientId: "C3", start: "2026-10-10 08:00", status: "declined" })]),
      octoberOf([sample("absences", "a-1", { clientId: "C3", from: "2026-07-01", to: "2026-10-20" })]),
      octoberOf([], { client: { deceasedOn: "2026-10-02" } }),
      octoberOf([], { service: "larm" }),
      // Nothing is known of anybody's visits before the 10th.
      octoberOf([], { heardFrom: 9 }),
      octoberOf([], { order: { status: "cancelled" } }),
      // It has ended, and nobody says when.
      octoberOf([], { order: { status: "ended" } }),
      // Nobody has looked at the months before.
      octoberOf([], { decidedOn: "2026-02-01", quietSince: null }),
      {
        ...octoberOf(),
        records: octoberOf().records.filter(({ record }) => !/^v-0-([5-9]|[123]\d)$/.test(record.id)),
        facts: [
          {
            source: "files",
            everyHours: 24,
            arrivals: [
              { at: at("2026-10-05 20:00"), records: 1 },
              { at: at("2026-11-09 12:00"), records: 1 },
            ],
          },
        ],
      },
    ],
  }),
  evaluate(
    {
      visits,
      orders,
      lines,
      decisions,
      clients,
      services,
      settlement,
      absences,
      matches,
      sources,
      measures,
      slice,
      asOf,
    },
    { monthsMin, daysAfter },
    report,
  ) {
    const hits: Hit[] = [];
    for (const order of slice.orders) {
      let tried = false;
      let declined = false;
      for (const row of slice.visits) {
        const status = visits.status(row);
        if (status === "cancelled" || !isFor(lines, services, order, visits.order(row), visits.services(row))) continue;
        tried = status !== "declined";
        declined = true;
        if (tried) break;
      }
      if (tried) continue;
      const decision = orders.decision(order);
      const decided = decision < 0 ? dayOf(orders.orderedAt(order)) : decisions.decidedOn(decision);
      const since = Math.max(decided, orders.validFrom(order));
      // The last whole day of which late registrations have come.
      const heard = dayOf(asOf - daysAfter * DAY_MS) - 1;
      const ends = orders.validTo(order) === NO_DAY ? slice.lastDay : Math.min(orders.validTo(order), slice.lastDay);
      const until = Math.min(ends, heard);
      if (since > until || !orders.valid(order, Math.max(since, slice.firstDay))) continue;
      const [provider, unit, day] = [orders.provider(order), orders.unit(order), until];
      const expected = rowsOf(lines.byOrder, order).some((line) =>
        visitExpected(services, settlement, { provider, unit, service: lines.service(line), day }),
      );
      if (!expected) continue;

      const key = `${sources.id(orders.source(order))}/${orders.id(order)}`;
      const before = measures.of(key, 1);
      // Of months that nobody has looked at, or with visits, nothing counts.
      const quiet = since >= slice.firstDay ? since : Number.isNaN(before) ? slice.firstDay : Math.max(since, before);
      const deadline = monthsAfter(quiet, monthsMin);
      const reached = until + 1 >= deadline;
      const { client } = slice;
      const gone = Math.max(clients.deceasedOn(client), clients.movedOn(client));
      const days = until - slice.firstDay + 1;
      if (declined) {
        if (reached) report.suppressed("declined");
        continue;
      }
      if (gone > 0 && gone <= until) {
        if (reached) report.suppressed("gone");
        continue;
      }
      if (daysWhere((from, to) => absences.covering(client, from, to) >= 0) * 2 > days) {
        if (reached) report.suppressed("absence");
        continue;
      }
      if (daysWhere((from, to) => matches.silent(client, from, to)) * 2 > days) {
        if (reached) report.suppressed("sourceSilent");
        continue;
      }
      if (orders.status(order) === "ended" && orders.validTo(order) === NO_DAY) {
        if (reached) report.tooLittleData("den avslutade beställningens sista dag saknas");
        continue;
      }
      if (!heardThroughout(visits, provider, slice.firstDay, until)) {
        if (reached) report.tooLittleData("utförarens besök är inte kända hela månaden");
        continue;
      }
      report.measure(key, quiet);
      if (!reached) continue;
      const registersItself = visits.registeredBy(orders.source(order));
      if (visits.count === 0) {
        report.tooLittleData("besök saknas");
      } else if (!registersItself && !clients.joined(client)) {
        report.tooLittleData("beställningens brukare är inte hopkopplad med någon");
      } else {
        const never = quiet === since;
        hits.push({
          records: [
            { table: "orders", row: order },
            ...(decision < 0 ? [] : [{ table: "decisions", row: decision } as const]),
          ],
          distinct: key,
          unit,
          provider,
          reason: never
            ? `Beslutet fattades ${formatDay(decided)} och beställningen gäller från ${formatDay(orders.validFrom(order))}, men inget besök är registrerat till och med ${formatDay(until)}.`
            : `Inget besök är registrerat på beställningen från ${formatDay(quiet)} till och med ${formatDay(until)}.`,
          evidence: {
            "månader utan besök ≥": [fullMonths(quiet, until + 1), monthsMin],
            "utan besök sedan": formatDay(quiet),
            "verkställdes aldrig": never,
            beslutat: formatDay(decided),
          },
        });
      }

      function daysWhere(holds: (from: number, until: number) => boolean): number {
        let count = 0;
        for (let day = slice.firstDay; day <= until; day++) if (holds(startOfDay(day), startOfDay(day + 1))) count++;
        return count;
      }
    }
    return hits;
  },
});

/** A visit that names the order, or one of its services: whoever made it, the help was given. */
function isFor(lines: Lines, services: Services, order: number, named: number, set: number): boolean {
  if (named === order || set < 0) return true;
  const { offsets, rows } = lines.byOrder;
  const list = services.list(set);
  for (let i = offsets[order]!; i < offsets[order + 1]!; i++) if (list.includes(lines.service(rows[i]!))) return true;
  return false;
}

/** The same date so many months later; the last of the month where there is none. */
function monthsAfter(day: Day, months: number): Day {
  const date = new Date(day * DAY_MS);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(date.getUTCDate(), last)) / DAY_MS;
}

function fullMonths(from: Day, until: Day): number {
  let months = 0;
  while (monthsAfter(from, months + 1) <= until) months++;
  return months;
}
