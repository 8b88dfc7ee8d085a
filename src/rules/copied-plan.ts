import { z } from "zod";
import {
  at,
  cut,
  type Day,
  decimalText,
  defineRule,
  example,
  heldAgainst,
  type Hit,
  inTime,
  type Matches,
  MINUTE,
  percentOf,
  type Plans,
  rowsOf,
  sample,
  type Visits,
} from "#rule";

/** So many visits of one person; the first `copied` begin and end within a minute of the plan, the others some minutes off. */
function monthOf(
  copied: number,
  count: number,
  { staff = "S1", client = "C1", plan = {} as Record<string, unknown>, off = 2 } = {},
) {
  return Array.from({ length: count }, (_, position) => {
    const start = at("2026-10-01 06:00", position * 12 * 60);
    const late = (position < copied ? 1 : off) * MINUTE;
    const id = `${staff}-${position}`;
    return [
      sample("planned-visits", `p-${id}`, { clientId: client, start, staffId: staff, ...plan }),
      sample("visits", `v-${id}`, {
        clientId: client,
        staffId: staff,
        start: start + late,
        end: start + 30 * MINUTE + late,
        plannedVisitId: `p-${id}`,
      }),
    ];
  }).flat();
}

/** Another who registers in the same source, and is never on the minute. */
const another = monthOf(0, 40, { staff: "S2", client: "C2" });

export default defineRule({
  id: "copied-plan",
  version: 1,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Registrerade tider lika med planen", en: "Registered times equal to the plan" },
  why: "Verkliga besök börjar och slutar sällan på minuten som planerat. Tiderna kan vara avskrivna från planen.",
  remedy: "Fråga hur tiderna registreras. Jämför med låsöppningar, taggar och telefoner där de finns.",
  innocent: { plannedAfterwards: "Planen skrevs efter att besöken hade börjat: det är den som är avskriven." },
  reads: ["visits", "plans", "matches", "staff"],
  parameters: z.object({
    visitsMin: z.int().min(1).default(30).describe("Färre besök med en planerad tid säger för lite."),
    percentAbove: z.number().min(0).max(100).default(60).describe("Större andel avskrivna tider rapporteras."),
    minutesWithin: z
      .number()
      .min(0)
      .default(1)
      .describe("Så nära planen ska både start och slut ligga för att räknas som avskrivna."),
    percentAutomaticMin: z
      .number()
      .min(0)
      .max(100)
      .default(95)
      .describe(
        "Är så många tider avskrivna hos alla andra i källan, eller hos den enda utföraren i den, har systemet fyllt i dem: en brist i uppgifterna, som bara visas på begäran.",
      ),
  }),
  examples: () => ({
    reports: [
      example([...monthOf(19, 30), ...another]),
      // Shown on request only: everybody in the source has the times of the plan.
      example([...monthOf(30, 30), ...monthOf(40, 40, { staff: "S2", client: "C2" })]),
    ],
    accepts: [
      example([...monthOf(18, 30), ...another]),
      example([...monthOf(29, 29), ...another]),
      example([...monthOf(30, 30, { plan: { modifiedAt: "2026-11-01 08:00" } }), ...another]),
    ],
  }),
  evaluate({ visits, plans, matches, staff, slice }, parameters, report) {
    const hits: Hit[] = [];
    const { visitsMin, percentAbove, minutesWithin } = parameters;
    const within = minutesWithin * MINUTE;
    // By staff member; the last position is the provider as a whole.
    const whole = staff.count;
    const planned = new Int32Array(whole + 1);
    const copied = new Int32Array(whole + 1);
    const afterwards = new Int32Array(whole + 1);
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      const state = stateOf(visits, plans, matches, row, within);
      if (state === NONE) continue;
      const member = visits.staff(row);
      const counts = state === AFTERWARDS ? afterwards : planned;
      counts[whole] = counts[whole]! + 1;
      if (member >= 0) counts[member] = counts[member]! + 1;
      if (state !== COPIED) continue;
      copied[whole] = copied[whole]! + 1;
      if (member >= 0) copied[member] = copied[member]! + 1;
    }
    for (let position = whole; position >= 0; position--) {
      const count = planned[position]!;
      if (count + afterwards[position]! < visitsMin) continue;
      const percent = percentOf(copied[position]!, count);
      if (count < visitsMin || percent <= percentAbove) {
        if (percentOf(copied[position]! + afterwards[position]!, count + afterwards[position]!) > percentAbove)
          report.suppressed("plannedAfterwards");
        continue;
      }
      const member = position === whole ? -1 : position;
      hits.push(
        hitOf({ visits, plans, matches, slice }, member, { count, copied: copied[position]!, percent }, parameters),
      );
    }
    return hits;
  },
});

const NONE = 0;
const PLANNED = 1;
const COPIED = 2;
const AFTERWARDS = 3;

/** How a visit stands to its plan, as it was when the visit began. */
function stateOf(visits: Visits, plans: Plans, matches: Matches, row: number, within: number): number {
  if (!visits.usable(row)) return NONE;
  const version = heldAgainst(visits, plans, matches, row);
  if (version < 0) return NONE;
  if (plans.modifiedAt(version) > visits.start(row)) return AFTERWARDS;
  const near =
    Math.abs(visits.start(row) - plans.start(version)) <= within &&
    Math.abs(visits.end(row) - plans.end(version)) <= within;
  return near ? COPIED : PLANNED;
}

/** So many records say what all of them would. */
const RECORDS_MAX = 200;

interface Read {
  visits: Visits;
  plans: Plans;
  matches: Matches;
  slice: { provider: number; firstDay: Day; lastDay: Day; visits: Int32Array };
}

function hitOf(
  read: Read,
  member: number,
  { count, copied, percent }: { count: number; copied: number; percent: number },
  {
    visitsMin,
    percentAbove,
    minutesWithin,
    percentAutomaticMin,
  }: { visitsMin: number; percentAbove: number; minutesWithin: number; percentAutomaticMin: number },
): Hit {
  const { visits, plans, matches, slice } = read;
  const within = minutesWithin * MINUTE;
  const records: number[] = [];
  const bySource = new Map<number, number>();
  let proven = 0;
  for (let i = 0; i < slice.visits.length; i++) {
    const row = slice.visits[i]!;
    if (member >= 0 && visits.staff(row) !== member) continue;
    if (stateOf(visits, plans, matches, row, within) !== COPIED) continue;
    records.push(row);
    bySource.set(visits.source(row), (bySource.get(visits.source(row)) ?? 0) + 1);
    if (visits.proven(row) === true) proven++;
  }
  const source = [...bySource].sort(([a, countA], [b, countB]) => countB - countA || a - b)[0]![0];
  const others = othersIn(read, source, member, within);
  const elsewhere = percentOf(others.copied, others.count);
  const automatic =
    others.count >= visitsMin ? elsewhere >= percentAutomaticMin : member < 0 && percent >= percentAutomaticMin;
  return {
    records: inTime(visits, records).slice(0, RECORDS_MAX),
    // About the provider, also where one person made all of these visits.
    ...(member < 0 ? { staff: -1, distinct: "provider" } : { staff: member, distinct: "staff" }),
    severity: automatic ? "info" : "review",
    reason:
      `${member < 0 ? "Utförarens" : "En medarbetares"} besök börjar och slutar inom ${decimalText(minutesWithin)} minut från den planerade tiden i ${decimalText(percent)} % av fallen (${copied} av ${count}).` +
      (automatic ? " Källan tycks fylla i tiderna själv." : ""),
    evidence: {
      "avskrivna tider i procent >": [cut(percent), percentAbove],
      "besök med planerad tid ≥": [count, visitsMin],
      "avskrivna tider som är kvitterade på plats": proven,
      "avskrivna tider hos andra i samma källa, procent": others.count === 0 ? "inga andra" : cut(elsewhere),
      "källan fyller i tiderna själv": automatic,
    },
  };
}

/** What others register in the same source in the month: other staff, or other providers. */
function othersIn(
  { visits, plans, matches, slice }: Read,
  source: number,
  member: number,
  within: number,
): { count: number; copied: number } {
  let count = 0;
  let copied = 0;
  for (const told of rowsOf(visits.bySource, source)) {
    const row = visits.mergedInto(told) >= 0 ? visits.mergedInto(told) : told;
    if (visits.day(row) < slice.firstDay || visits.day(row) > slice.lastDay) continue;
    if (member >= 0 ? visits.staff(row) === member : visits.provider(row) === slice.provider) continue;
    const state = stateOf(visits, plans, matches, row, within);
    if (state === COPIED) copied++;
    if (state === COPIED || state === PLANNED) count++;
  }
  return { count, copied };
}
