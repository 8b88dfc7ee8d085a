import fc from "fast-check";
import { expect, test } from "vitest";
import { tablesFrom } from "#columns";
import { matchVisits } from "#match";
import { type ContractTerms, contractTerms, day, MINUTE, samples } from "#model";
import { Settlement, settlementRow, stepNames } from "#settle";

const { at, sample, sampleMunicipality } = samples;

/* Random terms, orders and visits of a fortnight at two clients of one household, and what must hold whatever they are. */

const percent = fc.constantFrom(0, 25, 50, 100);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });

const terms: fc.Arbitrary<ContractTerms> = fc
  .record({
    basis: maybe(fc.record({ default: fc.constantFrom("performed", "standard", "granted", "perVisit", "monthly") })),
    price: maybe(
      fc.constantFrom(
        [{ orePerHour: 48_000 }, { orePerVisit: 15_000 }, { orePerMonth: 90_000 }],
        [{ orePerHour: 47_777 }, { band: "natt", orePerHour: 61_111 }],
        [{ services: ["stad"], orePerHour: 40_000 }],
        [{ band: "natt", orePerHour: 61_111 }],
      ),
    ),
    bands: maybe(fc.constant([{ name: "natt", from: "20:00", to: "08:15" }])),
    cap: maybe(
      fc.record({
        level: fc.constantFrom("none", "visit", "day", "month"),
        tolerancePercent: fc.constantFrom(0, 10),
      }),
    ),
    rounding: maybe(
      fc.record({
        to: fc.constantFrom(5, 15),
        direction: fc.constantFrom("nearest", "up", "down"),
        per: fc.constantFrom("visit", "day", "month"),
      }),
    ),
    standardMinutes: fc.constant({ omvardnad: 40 }),
    declined: maybe(
      fc.record({
        percent: fc.record({ default: percent }),
        onlyIfNotifiedWithinHours: maybe(fc.constantFrom(0.5, 24)),
      }),
    ),
    noAnswer: maybe(fc.record({ percent })),
    absence: maybe(fc.constantFrom({ unplannedPaidDays: 3 }, { unplannedPaidPercent: [75, 25] })),
    death: maybe(fc.constant({ paidPercent: [75, 25, 25] })),
    doubleStaffing: maybe(fc.constantFrom("onlyIfOrdered", "always", "never")),
    household: maybe(fc.constantFrom("divide", "full")),
    required: maybe(
      fc.constantFrom(["start", "end"], ["start", "service"], ["end", "approvedByStaff", "approvedByManager"]),
    ),
    manual: maybe(fc.constantFrom({ allowed: false }, { reasonRequired: true }, { maxSharePercent: 10 })),
    lengthening: maybe(fc.constantFrom("never", "withReason", "always")),
    clauses: maybe(fc.constant({ cap: "1.12" })),
  })
  .map((given) => contractTerms.parse(JSON.parse(JSON.stringify(given))));

const orderLine = fc.record({
  service: fc.constantFrom("omvardnad", "omvardnad", "stad"),
  minutes: fc.constantFrom(10, 25, 60),
  times: fc.constantFrom(1, 3),
  per: fc.constantFrom("day", "week", "month"),
  staffing: fc.constantFrom(1, 1, 2),
});

const registered = fc.record({
  client: fc.constantFrom("C1", "C1", "C2"),
  staff: fc.constantFrom("S1", "S2", "S3"),
  day: fc.integer({ min: 0, max: 13 }),
  // Close together, so that some overlap.
  minute: fc.integer({ min: 7 * 60, max: 9 * 60 }),
  seconds: fc.integer({ min: 60, max: 5400 }),
  status: fc.constantFrom("completed", "completed", "completed", "completed", "declined", "noAnswer"),
  services: fc.constantFrom(["omvardnad"], ["omvardnad"], ["stad"], ["omvardnad", "stad"], undefined),
  proof: fc.constantFrom("lock", "lock", "manual"),
  reason: fc.boolean(),
  lengthened: fc.constantFrom(0, 0, 0, 10),
  late: fc.constantFrom(false, false, false, true),
  planned: fc.boolean(),
  notifiedHours: fc.constantFrom(undefined, 1, 30),
  approved: fc.constantFrom(true, true, false),
});

const month = fc.record({
  terms,
  /** A second contract from the 9th on. */
  next: maybe(terms),
  lines: fc.array(orderLine, { minLength: 1, maxLength: 3 }),
  visits: fc.array(registered, { minLength: 1, maxLength: 14 }),
  absence: maybe(fc.record({ from: fc.integer({ min: 1, max: 10 }), planned: fc.constantFrom(undefined, false) })),
  death: fc.option(fc.integer({ min: 8, max: 16 }), { nil: undefined, freq: 4 }),
  sharedHome: fc.boolean(),
  noContract: fc.constantFrom(false, false, false, false, false, true),
});
type Month = typeof month extends fc.Arbitrary<infer T> ? T : never;

const date = (offset: number): string => `2026-10-${String(offset + 1).padStart(2, "0")}`;

function recordsOf({
  terms: own,
  next,
  lines,
  visits,
  absence,
  death,
  sharedHome,
  noContract,
}: Month): samples.SampleRecord[] {
  const died = death === undefined ? {} : { deceasedOn: date(death) };
  const records = [
    sample("clients", "C1", { householdId: "H", ...died }),
    sample("clients", "C2", { householdId: sharedHome ? "H" : "H-2" }),
    ...lines.map((line, position) => sample("order-lines", `o-1-${position + 1}`, { orderId: "o-1", ...line })),
  ];
  if (!noContract)
    records.push(sample("contracts", "K1", { terms: own, ...(next === undefined ? {} : { validTo: date(7) }) }));
  if (next !== undefined) records.push(sample("contracts", "K2", { terms: next, validFrom: date(8) }));
  if (absence !== undefined) {
    const { from, planned } = absence;
    records.push(sample("absences", "a", { from: date(from), to: date(from + 4), planned }));
  }
  for (const [position, visit] of visits.entries()) {
    const start = at(`${date(visit.day)} 00:00`, visit.minute);
    const end = start + visit.seconds * 1000;
    const who = { clientId: visit.client, staffId: visit.staff, services: visit.services };
    const plan = visit.planned ? { plannedVisitId: `p-${position}` } : {};
    records.push(
      sample("visits", `v-${position}`, {
        ...who,
        ...plan,
        start,
        end,
        status: visit.status,
        startProof: visit.proof,
        originalEnd: visit.lengthened === 0 ? undefined : end - visit.lengthened * MINUTE,
        declinedNotifiedAt: visit.notifiedHours === undefined ? undefined : start - visit.notifiedHours * 60 * MINUTE,
        approvedByStaff: visit.approved,
        approvedByManager: visit.reason,
        editReason: visit.reason ? "Glömt" : undefined,
        receivedAt: visit.late ? at("2026-11-20 08:00") : end,
      }),
    );
    if (visit.planned)
      records.push(sample("planned-visits", `p-${position}`, { ...who, start, end: start + 30 * MINUTE }));
  }
  return records;
}

function settled(records: readonly samples.SampleRecord[]) {
  const tables = tablesFrom([...sampleMunicipality(), ...records], {
    asOf: at("2026-12-10 04:30"),
    period: { from: day("2026-10-01"), through: day("2026-10-31") },
  });
  const settlement = new Settlement(tables, matchVisits(tables));
  const asked = [tables.clients.find("files/C1"), day("2026-10-01"), day("2026-10-31")] as const;
  const printed = settlement
    .month(...asked)
    .map((row) => JSON.stringify(settlementRow(tables, row)))
    .sort();
  const paid = settlement.paid(...asked);
  return { tables, printed, paid, detail: settlement.detail(...asked), settlement, asked };
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};
const near = (a: number, b: number): boolean => Math.abs(a - b) < 0.5;

/** Each must have been given by some month. */
const reasons = [
  "insats saknas",
  "personalens godkännande saknas",
  "chefens godkännande saknas",
  "avtalet ersätter inte manuellt registrerad tid",
  "manuellt registrerad utan orsak",
  "av utförarens besök i månaden är manuella",
  "avtalet ersätter inte tid som lagts till",
  "tid har lagts till utan orsak",
  "kom in efter brytpunkten",
  "samma personal är registrerad på samma tid",
  "en annan registrering har samma tid",
  "besöket delas av hushållet",
  "schablontid",
  "avtalet har ingen schablontid",
  "beviljad tid ersätts, inte utförd",
  "ingen beställning omfattar tiden",
  "frånvaro 0",
  "tolerans",
  "avbokat besök",
  "avbokad minst",
  "avbokad, men det är okänt när",
  "ingen öppnade",
  "brukaren var frånvarande",
  "oplanerad frånvaro dag",
  "okänt om den var planerad",
  "den dagen hade besök",
  "frånvaro efter dag",
  "efter dödsfall",
  "från 0, avtal",
  "närmaste",
  "uppåt till",
  "nedåt till",
  "inget avtal gäller",
  "inget timpris",
  "inget besökspris",
  "inget månadspris",
];

const outsideCap = new Set(["declined", "no-answer", "absence", "death"]);

/** Before rounding, visits never come to more than what is granted, at the level of the contract. */
function withinCap(
  { cap }: ContractTerms,
  { tables, settlement, paid, detail, asked }: ReturnType<typeof settled>,
): void {
  const level = cap?.level ?? "month";
  const tolerance = 1 + (cap?.tolerancePercent ?? 0) / 100;
  const granted = new Map<number, number>();
  for (const { line, minutes } of settlement.month(...asked)) granted.set(line, minutes.granted - minutes.absent);
  const groups = new Map<number, { ms: number; cap: number }>();
  for (const row of paid) {
    if (row.line < 0 || level === "none") continue;
    // Lines of one service may be impossible to tell apart, and then use what the others leave.
    const group = groups.get(row.service) ?? { ms: 0, cap: 0 };
    groups.set(row.service, group);
    group.cap += (granted.get(row.line) ?? 0) * MINUTE * tolerance;
    for (const trace of detail.get(row)!) {
      const exact = sum(
        trace.steps
          .filter(({ step }) => step !== "rounding" && step !== "price" && !outsideCap.has(step))
          .map(({ ms }) => ms),
      );
      group.ms += exact;
      const ofVisit = level === "visit" ? tables.lines.minutes(row.line) * MINUTE * tolerance : Infinity;
      expect(trace.kind === "visit" ? exact : 0).toBeLessThanOrEqual(ofVisit + 0.5);
    }
  }
  // Days of a line that names none add up to fractions that the month rounds.
  const over = [...groups.values()].filter(({ ms, cap: most }) => ms > most + 1.1 * MINUTE);
  expect(level === "visit" ? [] : over).toEqual([]);
}

test("whatever the terms, the trace adds up and nothing is paid twice", { timeout: 120_000 }, () => {
  const reached = new Map<string, number>();
  const reach = (what: string): void => void reached.set(what, (reached.get(what) ?? 0) + 1);

  fc.assert(
    fc.property(month, fc.infiniteStream(fc.nat()), (given, numbers) => {
      const records = recordsOf(given);
      const result = settled(records);
      const { tables, printed, paid, detail, settlement } = result;

      for (const row of paid) {
        for (const { step, why } of row.steps) {
          reach(step);
          if (why !== undefined) for (const one of why.split("; ")) reach(one.replaceAll(/\d[\d.:-]*/g, "0"));
        }
        // The signed lines add up.
        expect(sum(row.steps.map(({ minutes }) => minutes))).toBe(Math.floor(row.payableMs / MINUTE + 0.5 + 1e-9));
        expect(row.steps[0]?.step).toBe("registered");
        // The days add up to the month, and none is negative.
        expect(near(sum(row.days.map(({ ms }) => ms)), row.payableMs)).toBe(true);
        for (const { ms, exactMs, ore } of row.days) {
          expect(Math.min(ms, exactMs, ore ?? 0)).toBeGreaterThanOrEqual(0);
        }
        expect(sum(row.days.map(({ ore }) => ore ?? 0))).toBe(row.ore ?? 0);
        expect(row.feeMs).toBeLessThanOrEqual(row.registeredMs + 0.5);

        const traces = detail.get(row)!;
        const held = (trace: { day: number }) =>
          settlement.terms(row.provider, row.unit, row.service, trace.day)?.terms ?? null;
        for (const trace of traces) {
          const payable = sum(trace.bands.map(({ ms }) => ms));
          expect(near(sum(trace.steps.map(({ ms }) => ms)), payable)).toBe(true);
          const rounding = held(trace)?.rounding ?? null;
          const rounded = sum(trace.steps.filter(({ step }) => step === "rounding").map(({ ms }) => ms));
          expect(Math.abs(rounded)).toBeLessThanOrEqual((rounding?.stepMs ?? 0) + 0.5);
        }
        // Visits, and what is paid without one, add up to the row, but for what is rounded by day or month.
        const ofVisits = sum(traces.flatMap(({ bands }) => bands.map(({ ms }) => ms)));
        const later = traces.map(held).some((one) => (one?.rounding?.per ?? "visit") !== "visit");
        expect(later || near(ofVisits, row.payableMs)).toBe(true);
        for (const { day: date, band, ms } of row.days) {
          const own = traces.filter((trace) => trace.day === date).flatMap(({ bands }) => bands);
          const ofDay = sum(own.filter((one) => one.band === band).map((one) => one.ms));
          expect(later || near(ofDay, ms)).toBe(true);
        }
      }
      if (given.next === undefined && !given.noContract) withinCap(given.terms, result);

      // The order in which records arrive does not matter.
      const shuffled = records
        .map((record) => ({ record, key: numbers.next().value }))
        .sort((a, b) => a.key - b.key)
        .map(({ record }) => record);
      expect(settled(shuffled).printed).toEqual(printed);
      expect(tables.visits.count).toBeGreaterThan(0);
    }),
    { numRuns: 400, seed: 42 },
  );

  process.stdout.write(
    `${[...reached]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, times]) => `${String(times).padStart(6)} ${what}`)
      .join("\n")}\n`,
  );
  const unreached = reasons.filter((reason) => ![...reached.keys()].some((what) => what.includes(reason)));
  expect(unreached).toEqual([]);
  for (const step of stepNames) expect([step, reached.get(step) ?? 0]).not.toEqual([step, 0]);
});
