import { atMinute, daysOfMonth, formatDay, HOUR, MINUTE } from "#model";
import type { Instant, Month } from "#model";
import { performedMinutes } from "../claims.ts";
import type { Person } from "../clients.ts";
import type { Happening } from "../days.ts";
import type { Worker } from "../organisation.ts";
import { between, dateOf, endOf, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { handOver } from "./help.ts";
import { clear, postpone } from "./orders.ts";

const monthLabel = (month: Month) => {
  const { first, last } = daysOfMonth(month);
  return { from: formatDay(first), through: formatDay(last) };
};

interface Chosen {
  provider: string;
  month: Month;
}

/** Visits of a provider's units by day that went as visits do. */
const ordinary = (bench: Bench, { provider, month }: Chosen) =>
  bench
    .allOf(provider)
    .filter(
      (one) =>
        bench.monthOf(one) === month &&
        one.worker.team.kind === "day" &&
        one.worker.team.provider.id === provider &&
        bench.plain(one),
    );

const say = (
  bench: Bench,
  rule: string,
  planted: boolean,
  what: string,
  { provider, month }: Chosen,
  visits: readonly Happening[] = [],
) => {
  const about = planted ? { intensity: "unit" as const } : {};
  bench.label({ rule, planted, what, provider, ...monthLabel(month), ...about }, ...visits);
};

/** Ends fall on whole fives, as when somebody writes times from memory. */
function roundEnds(bench: Bench, visits: readonly Happening[], share: number) {
  for (const one of visits) {
    if (minutesOf(one) < 10 || !bench.random.chance(share)) continue;
    bench.retime(one, startOf(one), endOf(one) - (endOf(one) % (5 * MINUTE)));
  }
}

function plantRoundDurations(bench: Bench, providers: string[]) {
  const rule = "round-durations";
  const [round, ordinaryOne] = providers;
  const [month] = bench.random.shuffled(bench.months);
  if (round === undefined || ordinaryOne === undefined || month === undefined) return;
  roundEnds(bench, ordinary(bench, { provider: round, month }), 0.85);
  say(bench, rule, true, "Nästan alla besök slutar på hela fem minuter", { provider: round, month });
  const one = "Bara ett mått avviker: sluttiderna är runda";
  say(bench, "provider-outlier", false, one, { provider: round, month });
  roundEnds(bench, ordinary(bench, { provider: ordinaryOne, month }), 0.08);
  say(bench, rule, false, "Något fler runda sluttider än andra", { provider: ordinaryOne, month });
}

/** When the evening's dearer hour begins, in minutes of the day, by provider. */
function eveningsOf(bench: Bench): Map<string, number> {
  const begins = new Map<string, number>();
  for (const { providerId, terms } of bench.organisation.contracts) {
    const { bands = [] } = terms as { bands?: Array<{ from: string; to: string }> };
    for (const { from } of bands) {
      const [hours = 0, minutes = 0] = from.split(":").map(Number);
      if (hours >= 16 && hours < 20) begins.set(providerId, hours * 60 + minutes);
    }
  }
  return begins;
}

/** Begins when it is planned or up to an hour from it, around a time of the day. */
const around = (one: Happening, minute: number, minutes: number) =>
  Math.abs((one.plan?.versions.at(-1)!.start ?? startOf(one)) - atMinute(dateOf(one), minute)) <= minutes * MINUTE;

function plantBandDrift(bench: Bench) {
  const rule = "price-band-drift";
  const { random } = bench;
  for (const [provider, minute] of eveningsOf(bench)) {
    const border = (one: Happening) => atMinute(dateOf(one), minute);
    const of = (month: Month) =>
      ordinary(bench, { provider, month }).filter((one) => around(one, minute, 55) && minutesOf(one) >= 9);
    // Where most of those who are visited in the evening are visited about then.
    const share = new Map(
      bench.months.map((month) => {
        const evening = bench.allOf(provider).filter((one) => bench.monthOf(one) === month && around(one, 1200, 180));
        return [month, of(month).length / Math.max(1, evening.length)];
      }),
    );
    const [month, other] = random.shuffled(bench.months).sort((a, b) => share.get(b)! - share.get(a)!);
    if (month === undefined || other === undefined) return;
    const moved: Happening[] = [];
    // Who was to come about then anyway comes first, and leaves the time open for the others; that is no drift.
    const off = (one: Happening) => Math.abs(startOf(one) - border(one));
    const due = (one: Happening) =>
      (one.plan?.versions.at(-1)!.start ?? one.visit.plannedStart ?? startOf(one)) - border(one);
    for (const one of of(month).sort((a, b) => off(a) - off(b))) {
      const { worker, person } = one;
      // Whoever else is at work that evening, where the one who was to come is not free then.
      const later = (colleague: Worker) =>
        between(bench.ofStaff(colleague.staff.id), border(one) + 10 * MINUTE, border(one) + 3 * HOUR).length > 0;
      const colleagues = worker.team.workers.filter(
        (who) => who !== worker && who.onlyOn === undefined && who.staff.employments.length === 1 && later(who),
      );
      const free = (start: Instant, end: Instant) =>
        bench.personFree(person, start, end, [one])
          ? [worker, ...colleagues].find((who) => bench.workerFree(who, person.place, start, end, [one]))
          : undefined;
      const times = [1, 0.85, 0.7].flatMap((part) =>
        random.shuffled([1, 2, 3, 4, 5, 6, 7, 8]).map((minutes): [Instant, Instant] => {
          const start = border(one) + minutes * MINUTE;
          return [start, start + Math.max(9, Math.round(minutesOf(one) * part)) * MINUTE];
        }),
      );
      const time = times.find(([start, end]) => free(start, end) !== undefined);
      if (time === undefined) continue;
      const who = free(...time)!;
      if (who !== worker) handOver(bench, one, who);
      const drifts = due(one) < 0 || due(one) >= 15 * MINUTE;
      bench.retime(one, ...time);
      if (drifts) moved.push(one);
    }
    const what = `${moved.length} besök flyttades till strax efter att kvällstaxan börjar`;
    // Of a handful, or of a small part, nobody would say much.
    const then = bench.allOf(provider).filter((one) => bench.monthOf(one) === month && around(one, minute, 60));
    if (moved.length < Math.max(12, 0.12 * then.length)) {
      bench.label({ rule, planted: true, optional: true, what, provider, ...monthLabel(month) }, ...moved);
      continue;
    }
    bench.keep(moved);
    say(bench, rule, true, what, { provider, month }, moved);
    say(bench, rule, false, "Besöken börjar som de är planerade, på båda sidor om kvällstaxan", {
      provider,
      month: other,
    });
  }
}

function plantShortStandards(bench: Bench) {
  const rule = "short-against-standard";
  const { random } = bench;
  for (const { providerId: provider, terms } of bench.organisation.contracts) {
    const { standardMinutes = {} } = terms as { standardMinutes?: Record<string, number> };
    const [month, other] = random.shuffled(bench.months);
    const [entry] = Object.entries(standardMinutes);
    if (entry === undefined || month === undefined || other === undefined) continue;
    const [service, minutes] = entry;
    const of = (chosen: Month) =>
      ordinary(bench, { provider, month: chosen }).filter((one) => headOf(one).services.includes(service));
    const shortened = of(month).filter(() => random.chance(0.75));
    if (shortened.length < 10) continue;
    for (const one of shortened) {
      bench.retime(one, startOf(one), startOf(one) + Math.round(minutes * (0.2 + random.next() * 0.12)) * MINUTE);
    }
    bench.keep(shortened);
    const what = `${shortened.length} besök på en tredjedel av den schablon som betalas`;
    say(bench, rule, true, what, { provider, month }, shortened);
    for (const one of of(other).slice(0, 2)) {
      bench.retime(one, startOf(one), startOf(one) + Math.round(0.36 * minutes) * MINUTE);
      const about = { planted: true, optional: true, what: "Städningen avbröts", provider };
      bench.label({ rule: "short-visit", ...about, client: one.person.client.id }, one);
    }
    say(bench, rule, false, "Städningen avbröts två gånger, annars tar den sin tid", { provider, month: other });
  }
}

/** Half of the clients come first in the period's last month; who works there is the same all the time. */
function plantGrowth(bench: Bench, providers: string[]) {
  const rule = "growth-without-staff";
  const [first] = bench.months;
  const last = bench.months[3];
  if (first === undefined || last === undefined) return;
  const inMonth = (provider: string, month: Month) =>
    bench
      .allOf(provider)
      .filter(({ worker }) => worker.team.provider.id === provider)
      .filter((one) => bench.monthOf(one) === month);
  const minutesOfAll = (visits: readonly Happening[]) => visits.reduce((sum, one) => sum + performedMinutes(one), 0);
  const grow = (provider: string, by: number): boolean => {
    const before = inMonth(provider, first);
    const wanted = minutesOfAll(inMonth(provider, last)) / by;
    let left = minutesOfAll(before);
    const minutes = new Map(
      [...Map.groupBy(before, ({ person }) => person)].map(([person, visits]) => [person, minutesOfAll(visits)]),
    );
    const candidates = bench.random
      .shuffled([...minutes.keys()])
      .filter(
        (person) =>
          person.team.provider.id === provider &&
          person.orders.length === 1 &&
          person.from === bench.from &&
          person.through === bench.through &&
          person.stays.length === 0 &&
          person.diedAt === undefined &&
          bench.free(person),
      );
    const late: Person[] = [];
    for (const person of candidates) {
      if (left <= wanted) break;
      late.push(person);
      left -= minutes.get(person)!;
    }
    if (left > wanted) return false;
    const names = new Set(late);
    const staff = (visits: readonly Happening[], often = 1) =>
      [...Map.groupBy(visits, ({ worker }) => worker).values()].filter((own) => own.length >= often).length;
    // Whoever came now and then only may be somebody else's stand-in when all is planted.
    if (
      staff(inMonth(provider, last)) >
      1.05 *
        staff(
          before.filter(({ person }) => !names.has(person)),
          5,
        )
    )
      return false;
    const begins = daysOfMonth(last).first - 31;
    for (const person of late) {
      clear(bench, person, (day) => day < begins);
      postpone(bench, person.orders[0]!, atMinute(begins - 5, 600), begins);
      person.from = begins;
      bench.reserve(person);
    }
    return true;
  };
  const steep = providers.find((provider) => grow(provider, 1.75));
  if (steep !== undefined) {
    const what = "Tre fjärdedelar fler timmar på tre månader, med samma personal";
    say(bench, rule, true, what, { provider: steep, month: last });
  }
  const gentle = providers.find((provider) => provider !== steep && grow(provider, 1.2));
  if (gentle !== undefined)
    say(bench, rule, false, "En femtedel fler timmar på tre månader", { provider: gentle, month: last });
}

/** Much about one provider's month is far from everybody else's. */
function plantOutlier(bench: Bench, provider: string | undefined) {
  if (bench.organisation.providers.length < 9 || provider === undefined) return;
  const { random } = bench;
  const [month] = random.shuffled(bench.months);
  if (month === undefined) return;
  const visits = ordinary(bench, { provider, month });
  roundEnds(bench, visits, 0.9);
  const touched: Happening[] = [];
  for (const one of visits) {
    const head = headOf(one);
    const fate = random.next();
    if (fate < 0.14) {
      bench.retime(one, startOf(one), startOf(one) + 3 * MINUTE);
      head.status = "declined";
      head.declinedReason = "Ville inte";
      touched.push(one);
    } else if (fate < 0.4) {
      const more = random.int(7, 12) * MINUTE;
      const [start, end] = [startOf(one), endOf(one)];
      one.visit.versions.push({
        ...head,
        at: Math.max(head.at + HOUR, atMinute(dateOf(one) + 1, 600)),
        end: end + more,
        endProof: "manual",
        originalStart: start,
        originalEnd: end,
        editedBy: one.worker.team.workers[0]!.staff.id,
        editReason: "Tog längre tid än registrerat",
      });
      touched.push(one);
    } else if (fate < 0.9) {
      bench.prove(one, "manual");
      touched.push(one);
    }
  }
  const what = "Avböjda, ändrade, handskrivna och runda besök, allt långt utanför vad andra har";
  say(bench, "provider-outlier", true, what, { provider, month }, touched);
}

/** What shows only over a provider's month, beside others'. */
export function plantStatistics(bench: Bench) {
  const { providers } = bench.organisation;
  const small = providers.slice(6).map(({ id }) => id);
  // Where there are small ones, these; else the private ones.
  const list = bench.random.shuffled(small.length > 0 ? small : ["P3", "P5", "P4"]);
  plantGrowth(bench, list);
  plantRoundDurations(bench, list.slice(2, 4).length === 2 ? list.slice(2, 4) : ["P3", "P1"]);
  plantOutlier(bench, list[4]);
  plantBandDrift(bench);
  plantShortStandards(bench);
}
