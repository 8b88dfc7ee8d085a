import { z } from "zod";
import {
  at,
  type Claims,
  cut,
  type Day,
  DAY_MS,
  defineRule,
  example,
  formatClock,
  heldAgainst,
  type Hit,
  HOUR,
  MINUTE,
  minuteOfDay,
  mostStaffing,
  orderedStaffing,
  outsidePart,
  percentOf,
  type RuleTables,
  sample,
  startOfDay,
  type Visits,
} from "#rule";

/** Two are ordered for C1; S1 is there for 40 minutes, or `of`, a second person for so many of them (0: nobody). */
function secondFor(
  minutes: number,
  {
    staffing = 2,
    of = 40,
    who = {},
    start = "10:00",
    services = ["omvardnad"],
    claimed = 1,
    asOf = "2026-11-10 04:30",
    more = [] as ReturnType<typeof sample>[],
    flagged = undefined as boolean | undefined,
  } = {},
) {
  return example(
    [
      sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, staffing }),
      sample("claims", "k-1", { staffing: claimed }),
      sample("visits", "v-1", { start, end: at(start, of), doubleStaffing: flagged, services }),
      ...(minutes === 0 ? [] : [sample("visits", "v-2", { staffId: "S2", start, end: at(start, minutes), ...who })]),
      ...more,
    ],
    { asOf: at(asOf) },
  );
}

const single = sample("order-lines", "o-1-2", { orderId: "o-1", times: 1 });
/** Two come in the morning to help, one at midday with a meal. */
const helpAndMeal = [
  sample("services", "maltid"),
  sample("order-lines", "o-1-1", { orderId: "o-1", staffing: 2, partOfDay: "morning" }),
  sample("order-lines", "o-1-2", { orderId: "o-1", service: "maltid", partOfDay: "midday" }),
];
/** Nothing was heard from noon to eight in the evening. */
const silentFromNoon = {
  facts: [
    { source: "files", everyHours: 1, arrivals: ["12:00", "20:00"].map((time) => ({ at: at(time), records: 5 })) },
  ],
};
const twoPlans = ["S1", "S2"].map((staffId) =>
  sample("planned-visits", `p-${staffId}`, { staffId, start: "10:00", end: "10:40" }),
);

const LONGEST_MS = 25 * HOUR;
/** A registration is sent when it ends, and the second may leave a while after the first. */
const LEAVES_LATER_MS = 30 * MINUTE;

export default defineRule({
  id: "double-staffing-incomplete",
  version: 4,
  level: "indicator",
  scope: "client-day",
  title: { sv: "Dubbelbemanning där den andra saknas", en: "Double staffing without the second person" },
  why: "Två personer är beställda eller fakturerade, men bara en är registrerad under hela besöket. Brukaren har fått mindre hjälp än beslutat, och den andra personens tid ska inte ersättas.",
  remedy:
    "Fråga utföraren om den andra personen kom och varför besöket inte är registrerat. Rätta registreringen eller kräv tillbaka tiden.",
  innocent: {
    otherUnit: "Den andra personen kom från en annan enhet eller utförare, till exempel nattpatrullen.",
    alsoSingle:
      "Brukaren har också en beställning för en person, av en insats som besöket anger, och besöket kan höra till den.",
  },
  reads: ["visits", "plans", "matches", "orders", "lines", "services", "claims", "sources", "settlement"],
  parameters: z.object({
    percentBelow: z
      .number()
      .min(0)
      .max(100)
      .default(80)
      .describe("Så stor del av besöket ska den andra personen ha varit med."),
    minutesMin: z
      .number()
      .min(0)
      .default(5)
      .describe("Kom båda ska den andra ha saknats så många minuter: två registrerar sällan på minuten lika."),
  }),
  // The second person's registration may come a day later.
  settlesAfterDays: 2,
  examples: () => ({
    reports: [
      secondFor(31),
      secondFor(0),
      // Of a short visit, half; nobody at all is another thing.
      secondFor(5, { of: 10 }),
      secondFor(0, { of: 4 }),
      secondFor(0, { staffing: 1, claimed: 2 }),
      // Another line asks for one person, but two were planned, or two are registered.
      secondFor(0, { more: [single, ...twoPlans] }),
      secondFor(0, { more: [single], flagged: true }),
      secondFor(0, { more: helpAndMeal, services: ["omvardnad", "maltid"], start: "09:00" }),
      { ...secondFor(0, { start: "10:50" }), ...silentFromNoon },
    ],
    accepts: [
      secondFor(32),
      // The one a few minutes after the other.
      secondFor(6, { of: 10 }),
      secondFor(0, { staffing: 1 }),
      // The night patrol of another provider helped.
      secondFor(40, { who: { staffId: "S4", unitId: "U2" } }),
      // Another line of the same service asks for one person.
      secondFor(0, { more: [single] }),
      secondFor(0, {
        more: [
          sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, staffing: 2, partOfDay: "midday" }),
          sample("order-lines", "o-1-2", { orderId: "o-1", times: 1 }),
        ],
      }),
      // A morning visit that came after ten: of the two orders the morning's is nearer than that of the evenings, for two.
      secondFor(0, {
        more: [
          sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, staffing: 2, partOfDay: "evening" }),
          sample("order-lines", "o-1-2", { orderId: "o-1", times: 1, partOfDay: "morning" }),
        ],
      }),
      // Who came with the meal, late, also helped with something.
      secondFor(0, { more: helpAndMeal, services: ["omvardnad", "maltid"], start: "15:12" }),
      { ...secondFor(0, { start: "10:51" }), ...silentFromNoon },
      secondFor(0, { asOf: "2026-10-06 12:00" }),
    ],
  }),
  evaluate(tables, { percentBelow, minutesMin }, report) {
    const hits: Hit[] = [];
    const { visits, orders, lines, claims, settlement, slice, asOf } = tables;
    const ordered = mostStaffing({ orders, lines }, slice.client, slice.day) >= 2;
    const claimed = someClaimForTwo(claims, slice.client, slice.day);
    if (!ordered && !claimed) return hits;
    let named = null as Set<number> | null;
    for (const row of slice.visits) {
      if (!visits.usable(row) || named?.has(row) === true) continue;
      const orderedFor = ordered ? orderedStaffing(tables, row) : 0;
      const claim = claimed ? claimForTwo(tables, row) : -1;
      if (orderedFor < 2 && claim < 0) continue;
      const length = visits.end(row) - visits.start(row);
      const together = timeOfOthers(visits, row, false);
      if (together * 100 >= length * percentBelow) {
        if (timeOfOthers(visits, row, true) * 100 < length * percentBelow) {
          report.suppressed("otherUnit", [row, ...others(visits, row)]);
        }
        continue;
      }
      if (together > 0 && length - together < minutesMin * MINUTE) continue;
      // The source's own word that two were there, a plan for two or a claim for two leaves no doubt which order is meant.
      if (claim < 0 && visits.doubleStaffing(row) !== true && !plannedForTwo(tables, row)) {
        const ofTwo = settlement.lines(row).lines.find((line) => lines.staffing(line) >= 2);
        if (ofTwo === undefined) continue;
        if (mayBeSingle(tables, row, ofTwo)) {
          report.suppressed("alsoSingle", [row]);
          continue;
        }
      }
      if (visits.ambiguousTime(row)) {
        report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
        continue;
      }
      if (asOf < startOfDay(slice.day + 1) + DAY_MS) {
        report.tooLittleData("den andra personens besök kan komma in ännu");
        continue;
      }
      if (silent(tables, row)) {
        report.tooLittleData("en källa var tyst under besöket eller strax efter");
        continue;
      }
      const present = others(visits, row);
      for (const other of present) (named ??= new Set()).add(other);
      const minutes = Math.round((length - together) / MINUTE);
      const clock = `${formatClock(visits.start(row))}–${formatClock(visits.end(row))}`;
      const said = orderedFor >= 2 ? "beställda" : "fakturerade";
      hits.push({
        records: [row, ...present, ...(claim < 0 ? [] : [{ table: "claims" as const, row: claim }])],
        minutes,
        amountOre: settlement.oreOf(row, minutes),
        reason:
          present.length === 0
            ? `Två personer är ${said}, men bara en är registrerad ${clock}.`
            : `Två personer är ${said} för besöket ${clock}, men den andra var med ${Math.round(together / MINUTE)} av ${Math.round(length / MINUTE)} minuter.`,
        evidence: [
          {
            condition: "den andra personens del av besöket i procent <",
            value: cut(percentOf(together, length)),
            threshold: percentBelow,
            alternatives: [
              {
                condition: "andra registrerade hos brukaren samtidigt, från alla enheter och utförare",
                value: present.length,
              },
            ],
          },
          { condition: "personer enligt beställningen", value: orderedFor },
          { condition: "personer enligt fakturaraden", value: claim < 0 ? null : claims.staffing(claim) },
        ],
      });
    }
    return hits;
  },
});

function isForTwo(claims: Claims, claim: number, day: Day): boolean {
  return claims.staffing(claim) >= 2 && claims.from(claim) <= day && day <= claims.to(claim) && !claims.credit(claim);
}

/** Asked of a day, so that its visits need not be: few clients have such claims. */
function someClaimForTwo(claims: Claims, client: number, day: Day): boolean {
  const { offsets, rows } = claims.byClient;
  for (let i = offsets[client]!; i < offsets[client + 1]!; i++) if (isForTwo(claims, rows[i]!, day)) return true;
  return false;
}

/** A claim for two that the visit is part of, or -1. */
function claimForTwo(
  { claims, visits, services }: Pick<RuleTables, "claims" | "visits" | "services">,
  row: number,
): number {
  const day = visits.day(row);
  const named = visits.services(row);
  const { offsets, rows } = claims.byClient;
  for (let i = offsets[visits.client(row)]!; i < offsets[visits.client(row) + 1]!; i++) {
    const claim = rows[i]!;
    if (!isForTwo(claims, claim, day)) continue;
    if (claims.provider(claim) !== visits.provider(row)) continue;
    if (named < 0 || claims.service(claim) < 0 || services.list(named).includes(claims.service(claim))) return claim;
  }
  return -1;
}

/** The plan of the visit has a second one beside it, for somebody else at the same time. */
function plannedForTwo(
  { visits, plans, matches }: Pick<RuleTables, "visits" | "plans" | "matches">,
  row: number,
): boolean {
  const own = heldAgainst(visits, plans, matches, row);
  if (own < 0) return false;
  const [start, end] = [plans.start(own), plans.end(own)];
  const { offsets, rows } = plans.byClient;
  for (let at = offsets[visits.client(row)]!; at < offsets[visits.client(row) + 1]!; at++) {
    const plan = rows[at]!;
    if (plan === matches.plan(row)) continue;
    const version = plans.frozen(plan);
    const shared = Math.min(plans.end(version), end) - Math.max(plans.start(version), start);
    if (shared * 2 < end - start || shared <= 0 || plans.cancelled(version)) continue;
    if (plans.provider(version) !== plans.provider(own) || plans.staff(version) === plans.staff(own)) continue;
    return true;
  }
  return false;
}

/** A line for one person is in force, of a service that the visit names and at a time of day that fits the visit as well. */
function mayBeSingle(
  { visits, orders, lines, services }: Pick<RuleTables, "visits" | "orders" | "lines" | "services">,
  row: number,
  ofTwo: number,
): boolean {
  const [client, day, named] = [visits.client(row), visits.day(row), visits.services(row)];
  const minute = minuteOfDay(visits.start(row));
  for (let at = orders.byClient.offsets[client]!; at < orders.byClient.offsets[client + 1]!; at++) {
    const order = orders.byClient.rows[at]!;
    if (!orders.valid(order, day)) continue;
    for (let next = lines.byOrder.offsets[order]!; next < lines.byOrder.offsets[order + 1]!; next++) {
      const line = lines.byOrder.rows[next]!;
      if (!lines.valid(line, day) || lines.staffing(line) >= 2) continue;
      if (named >= 0 && !services.list(named).includes(lines.service(line))) continue;
      const [part, ofPair] = [lines.partOfDay(line), lines.partOfDay(ofTwo)];
      if (part === "any" || ofPair === "any" || outsidePart(part, minute) <= outsidePart(ofPair, minute)) return true;
    }
  }
  return false;
}

/** Some source that registers visits was silent during the visit or soon after: the second person's may be missing for that. */
function silent(
  { visits, sources, asOf }: Pick<RuleTables, "visits" | "sources"> & { asOf: number },
  row: number,
): boolean {
  for (let source = 0; source < sources.count; source++) {
    if (!visits.registeredBy(source)) continue;
    for (const { from, until } of sources.silences(source, asOf)) {
      if (from < visits.end(row) + LEAVES_LATER_MS && visits.start(row) < until) return true;
    }
  }
  return false;
}

/** True where the two are visits of different people, as far as the sources say. */
function different(visits: Visits, a: number, b: number): boolean {
  return visits.staff(a) < 0 || visits.staff(a) !== visits.staff(b);
}

/** The first row of the same client that may go on into the visit: rows lie by client and start. */
function firstNear(visits: Visits, row: number): number {
  const client = visits.client(row);
  const earliest = visits.start(row) - LONGEST_MS;
  let first = row;
  while (first > 0 && visits.client(first - 1) === client && visits.start(first - 1) > earliest) first--;
  return first;
}

/** For how long of the visit somebody else was there, in milliseconds; `sameUnit`: somebody of the same unit. */
function timeOfOthers(visits: Visits, row: number, sameUnit: boolean): number {
  const client = visits.client(row);
  const [start, end] = [visits.start(row), visits.end(row)];
  let together = 0;
  let counted = start;
  for (let other = firstNear(visits, row); other < visits.count && visits.client(other) === client; other++) {
    if (visits.start(other) >= end) break;
    if (other === row || visits.mergedInto(other) >= 0 || !visits.usable(other)) continue;
    if (!different(visits, row, other) || (sameUnit && visits.unit(other) !== visits.unit(row))) continue;
    const from = Math.max(visits.start(other), counted);
    const until = Math.min(visits.end(other), end);
    if (until <= from) continue;
    together += until - from;
    counted = until;
  }
  return together;
}

/** Visits of others that overlap the visit. */
function others(visits: Visits, row: number): number[] {
  const found: number[] = [];
  const client = visits.client(row);
  for (let other = firstNear(visits, row); other < visits.count && visits.client(other) === client; other++) {
    if (visits.start(other) >= visits.end(row)) break;
    if (other === row || visits.mergedInto(other) >= 0 || !visits.usable(other) || !different(visits, row, other))
      continue;
    if (visits.overlap(row, other) > 0) found.push(other);
  }
  return found;
}
