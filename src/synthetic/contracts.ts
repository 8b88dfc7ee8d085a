import { addWorkingDays, atMinute, day as dayOfDate, daysOfMonth, formatDay, monthOf, publicHoliday } from "#model";
import { weekdayOf } from "#model";
import type { Day, Instant, LocalDate, Month } from "#model";
import type { WorldContract, WorldProvider } from "./world.ts";

interface Band {
  name: string;
  /** Minutes of the day; `to` at or before `from` is the next day's. */
  from: number;
  to: number;
  weekdays?: number[];
  /** Of the ordinary price. */
  percent: number;
}

/** What a provider and the municipality have agreed on, as the provider's bookkeeper reads it. */
export interface Agreement {
  contract: WorldContract;
  /** Minutes of a visit are rounded to the nearest multiple; 0: not at all. */
  roundTo: number;
  bands: Band[];
  /** Bills every day on its own, not whole runs of days. */
  daily: boolean;
  declinedPercent: number;
  /** Only where the client gave notice so late; Infinity: always. */
  declinedWithinHours: number;
  noAnswerPercent: number;
  /** Minutes that a completed visit counts for, by service. */
  standard: Record<string, number>;
  reasonRequired: boolean;
  /** One visit at people who share a home is paid in full for each. */
  householdFull: boolean;
  /** Time that a correction adds is paid only with a reason. */
  lengtheningNeedsReason: boolean;
  /** Of granted minutes, by day of an absence that nobody could plan for. */
  absencePercent: number[];
  alarmOrePerMonth: number;
  mealOre: number;
  /** Öre an hour on a day, in a band. */
  ore: (day: Day, band: string | undefined) => number;
  bandAt: (day: Day, minute: number) => string | undefined;
}

const clock = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

const ordinaryServices =
  "omvardnad tillsyn maltid dusch social stad tvatt inkop ledsagning larm nattillsyn nattvak avlosning matlada".split(
    " ",
  );

/** Six kinds of terms, in turn: what is common, and one thing or two that only some have. */
export function makeAgreement(provider: WorldProvider, index: number, from: Day): Agreement {
  const kind = index % 6;
  const municipal = provider.regime === "municipal";
  const long = formatDay(from - 600);
  const base = municipal ? 47_200 : 45_600 + index * 100;
  // The prices of the third kind go up with the period's second month.
  const raised: LocalDate | null = kind === 2 ? formatDay(daysOfMonth(monthOf(from)).last + 1) : null;
  const bands: Band[] =
    kind === 3
      ? [
          { name: "kväll", from: 1080, to: 1320, percent: 120 },
          { name: "natt", from: 1320, to: 420, percent: 140 },
        ]
      : kind === 4
        ? [{ name: "helg", from: 0, to: 0, weekdays: [6, 7], percent: 125 }]
        : [];
  const roundTo = kind === 2 ? 5 : 0;
  const declinedPercent = 50;
  const declinedWithinHours = kind === 5 ? 48 : Infinity;
  const noAnswerPercent = kind === 4 ? 50 : 0;
  const standard: Record<string, number> = kind === 5 ? { stad: 60 } : {};
  const reasonRequired = kind > 2;
  const householdFull = kind === 4;
  const absencePercent = kind === 5 ? [75, 25, 25, 25, 25] : [];
  const alarmOrePerMonth = municipal ? 24_500 : 23_900;
  const priceIn = (orePerHour: number, band: string | undefined) =>
    Math.round((orePerHour * (bands.find(({ name }) => name === band)?.percent ?? 100)) / 100);
  const rows = [
    { from: long, orePerHour: base },
    ...(raised === null ? [] : [{ from: raised, orePerHour: base + 700 }]),
    ...bands.map(({ name }) => ({ from: long, band: name, orePerHour: priceIn(base, name) })),
    { from: long, services: ["larm"], orePerMonth: alarmOrePerMonth },
  ];
  const terms: Record<string, unknown> = {
    basis: { default: "performed", larm: "monthly", ...(kind === 5 && { stad: "standard" }) },
    price: rows,
    cap: { level: "month", tolerancePercent: 0 },
    declined: {
      percent: { default: declinedPercent },
      ...(kind === 5 && { onlyIfNotifiedWithinHours: declinedWithinHours }),
    },
    manual: { allowed: true, reasonRequired },
    lengthening: kind < 2 ? "always" : "withReason",
    cutOff: { weekdayOfMonth: 3, time: "12:00" },
    orderConfirm: { hours: 24, weekdaysOnly: true, from: "08:00", to: "17:00" },
    clauses: { cap: "4.2", rounding: "4.5", declined: "5.3", "over-granted": "4.2", "manual-share": "6.1" },
  };
  if (bands.length > 0) {
    terms["bands"] = bands.map(({ name, from: begins, to, weekdays }) => ({
      name,
      ...(weekdays !== undefined && { weekdays }),
      from: clock(begins),
      to: clock(to),
    }));
  }
  if (householdFull) terms["household"] = "full";
  if (roundTo > 0) terms["rounding"] = { to: roundTo, direction: "nearest", per: "visit" };
  if (noAnswerPercent > 0) terms["noAnswer"] = { percent: noAnswerPercent };
  if (kind === 5) {
    terms["standardMinutes"] = standard;
    terms["absence"] = { plannedNoticeDays: 5, unplannedPaidDays: 5, unplannedPaidPercent: absencePercent };
  }
  const contract: WorldContract = {
    id: `K${index + 1}`,
    providerId: provider.id,
    reference: municipal ? `Internt uppdrag ${index + 1}` : `LOV ${2023 + (index % 3)}-${11 + index}`,
    validFrom: long,
    terms,
  };
  if (!municipal) contract.services = ordinaryServices;

  const raisedOn = raised === null ? Infinity : dayOfDate(raised);
  const weekdays = new Map<Day, number>();
  const weekday = (day: Day) => {
    let known = weekdays.get(day);
    if (known === undefined) weekdays.set(day, (known = publicHoliday(day, { eves: true }) ? 7 : weekdayOf(day)));
    return known;
  };
  return {
    contract,
    roundTo,
    bands,
    daily: kind === 3 || kind === 4,
    declinedPercent,
    declinedWithinHours,
    noAnswerPercent,
    standard,
    reasonRequired,
    householdFull,
    lengtheningNeedsReason: kind >= 2,
    absencePercent,
    alarmOrePerMonth,
    mealOre: 6500,
    ore: (day, band) => priceIn(day >= raisedOn ? base + 700 : base, band),
    bandAt: (day, minute) =>
      bands.find(({ from: begins, to, weekdays: some }) => {
        const on = (date: Day) => some === undefined || some.includes(weekday(date));
        if (begins < to) return minute >= begins && minute < to && on(day);
        return (minute >= begins && on(day)) || (minute < to && on(day - 1));
      })?.name,
  };
}

/** Noon of the third working day of the next month. */
export function cutOffOf(month: Month): Instant {
  return atMinute(addWorkingDays(daysOfMonth(month).last, 3), 720);
}
