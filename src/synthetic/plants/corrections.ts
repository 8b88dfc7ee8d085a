import { dayOf, HOUR, MINUTE, monthOf } from "#model";
import type { Instant, Month } from "#model";
import { cutOffOf } from "../contracts.ts";
import { tagged } from "../days.ts";
import type { Happening } from "../days.ts";
import type { Team, Worker } from "../organisation.ts";
import { endOf, everyProvider, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { decline } from "./granted.ts";
import { periodOf } from "./serve.ts";

interface Correction {
  at: Instant;
  end: Instant;
  by: Worker;
  /** Missing: nobody wrote one. */
  reason?: string;
  /** In the office the time is changed, and the tag's word stays; on the phone it becomes a time by hand. */
  byHand?: boolean;
}

/** Someone changes when the visit ended. */
function correct(one: Happening, { at, end, by, reason, byHand = false }: Correction) {
  const { editReason: _, ...before } = headOf(one);
  const edited = {
    ...before,
    at: Math.max(at, before.at + HOUR),
    end,
    ...(byHand && { endProof: "manual" as const }),
    originalStart: before.start,
    originalEnd: before.end!,
    editedBy: by.staff.id,
    ...(reason !== undefined && { editReason: reason }),
  };
  tagged(edited, one.person);
  one.visit.versions.push(edited);
}

/** Some hours later, and before the month is locked. */
const nextDay = (one: Happening, hours: number) =>
  Math.min(endOf(one) + hours * HOUR, cutOffOf(monthOf(dayOf(startOf(one)))) - 2 * HOUR);
const coordinator = ({ worker }: Happening) => worker.team.workers[0]!;
const reasons = ["Glömde logga ut i tid", "Loggade ut för tidigt", "Telefonen krånglade", "Hjälpte till med mer"];

const spot = (bench: Bench, provider: string, holds: (one: Happening) => boolean = () => true) =>
  bench.find(
    provider,
    (one) => bench.plain(one) && minutesOf(one) > 12 && !bench.unjoined.has(one.person) && holds(one),
  );

/** Visits of a unit and month that could have been a few minutes longer. */
function stretchable(bench: Bench, team: Team, month: Month, minutes: number): Happening[] {
  const planEnd = ({ plan }: Happening) => plan?.versions.at(-1)!.end;
  return bench.random.shuffled(
    bench
      .allOf(team.provider.id)
      .filter(
        (one) =>
          one.visit.unitId === team.unit.id &&
          bench.monthOf(one) === month &&
          bench.plain(one) &&
          !bench.unjoined.has(one.person) &&
          minutesOf(one) > 11 &&
          planEnd(one) !== endOf(one) + minutes * MINUTE &&
          bench.workerFree(one.worker, one.person.place, startOf(one), endOf(one) + minutes * MINUTE, [one]) &&
          bench.personFree(one.person, startOf(one), endOf(one) + minutes * MINUTE, [one]),
      ),
  );
}

const dayTeams = (bench: Bench, providers: readonly string[]) =>
  bench.random.shuffled(
    bench.organisation.teams.filter(({ kind, provider }) => kind === "day" && providers.includes(provider.id)),
  );

/** Not more than the month has room for. */
function withSlack(bench: Bench, visits: readonly Happening[], minutes: number, count: number): Happening[] {
  const left = new Map<string, number>();
  const chosen: Happening[] = [];
  for (const one of visits) {
    if (chosen.length >= count) break;
    const key = `${one.person.client.id} ${bench.monthOf(one)}`;
    const room = left.get(key) ?? bench.slack(one.person, bench.monthOf(one)) - 5;
    if (room < minutes) continue;
    left.set(key, room - minutes);
    chosen.push(one);
  }
  return chosen;
}

/** A unit whose registrations grow by some minutes each, a few days later. */
function plantUnitLengthened(bench: Bench, used: Set<string>) {
  const { random, months } = bench;
  const rule = "lengthened-afterwards";
  if (months.length === 0) return;
  const inMonth = (where: Team, month: Month) =>
    bench.allOf(where.provider.id).filter((one) => one.visit.unitId === where.unit.id && bench.monthOf(one) === month);
  const minutesIn = (visits: readonly Happening[]) =>
    visits.reduce((sum, one) => sum + Math.max(0, minutesOf(one) === Infinity ? 0 : minutesOf(one)), 0);
  // Where it weighs most: clients with help for hours, who come later, take some of the weight.
  const teams = dayTeams(bench, ["P1", "P2", "P3"]);
  const [best] = teams
    .flatMap((where) => months.slice(0, Math.max(1, months.length - 1)).map((when) => ({ where, when })))
    .map(({ where, when }) => {
      const possible = withSlack(bench, stretchable(bench, where, when, 5), 5, Infinity);
      return { where, when, share: possible.length / minutesIn(inMonth(where, when)) };
    })
    .sort((a, b) => b.share - a.share);
  if (best === undefined) return;
  const { where: team, when: month } = best;
  const other = teams.find((one) => one !== team);
  for (const one of [team, other]) if (one !== undefined) used.add(`${one.provider.id} ${month}`);
  const stretch = (where: Team, share: number, minutes: number) => {
    const all = inMonth(where, month);
    const chosen = withSlack(bench, stretchable(bench, where, month, minutes), minutes, Math.round(share * all.length));
    for (const [index, one] of chosen.entries()) {
      const by = where.workers[index % Math.min(6, where.workers.length)]!;
      correct(one, {
        at: nextDay(one, 20 + (index % 30)),
        end: endOf(one) + minutes * MINUTE,
        by,
        reason: random.pick(reasons),
      });
    }
    return { count: chosen.length, share: (chosen.length * minutes) / minutesIn(all), all: all.length };
  };
  const percent = (value: number) => `${(value * 100).toFixed(1).replace(".", ",")} procent`;
  const made = stretch(team, 0.27, 5);
  const about = (where: Team) => ({ unit: where.unit.id, provider: where.provider.id, ...periodOf(month) });
  bench.label({
    rule,
    planted: true,
    intensity: "unit",
    what: `${made.count} av enhetens ${made.all} besök förlängdes fem minuter i efterhand: ${percent(made.share)} mer tid`,
    ...about(team),
    minutes: made.count * 5,
    ...(made.share < 0.024 && { optional: true }),
  });
  if (other === undefined) return;
  const few = stretch(other, 0.03, 3);
  const what = `${few.count} besök förlängdes tre minuter i efterhand: ${percent(few.share)} mer tid`;
  bench.label({ rule, planted: false, intensity: "unit", what, ...about(other) });
}

/** A provider whose corrections all end as planned. */
function plantEditedToPlan(bench: Bench, used: Set<string>) {
  const { random, months } = bench;
  const rule = "edited-to-plan";
  if (months.length === 0) return;
  // Where every visit by hand is explained, explanations are many; and of the unjoined plans nothing is known.
  const free = random
    .shuffled(["P1", "P2", "P3"].flatMap((provider) => months.map((month) => ({ provider, month }))))
    .filter(({ provider, month }) => !used.has(`${provider} ${month}`));
  for (const { provider, month } of free.slice(0, 2)) {
    used.add(`${provider} ${month}`);
    const visits = bench.allOf(provider).filter((one) => bench.monthOf(one) === month);
    const already = visits.filter(({ visit }) => visit.versions.length > 1).length;
    const wanted = Math.max(14, Math.round(already * 1.3));
    const short = random.shuffled(visits).filter((one) => {
      const planned = one.plan?.versions.at(-1);
      if (planned === undefined || !bench.plain(one) || bench.unjoined.has(one.person)) return false;
      const more = (planned.end - endOf(one)) / MINUTE;
      return (
        more >= 1 &&
        more <= 5 &&
        Math.abs(startOf(one) - planned.start) < 20 * MINUTE &&
        bench.workerFree(one.worker, one.person.place, startOf(one), planned.end, [one]) &&
        bench.personFree(one.person, startOf(one), planned.end, [one])
      );
    });
    const chosen = withSlack(bench, short, 5, wanted);
    let minutes = 0;
    for (const [position, one] of chosen.entries()) {
      const { end } = one.plan!.versions.at(-1)!;
      minutes += (end - endOf(one)) / MINUTE;
      const by = one.worker.team.workers[position % Math.min(5, one.worker.team.workers.length)]!;
      correct(one, { at: nextDay(one, 15 + (position % 40)), end, by, reason: "Enligt planeringen" });
    }
    const share = chosen.length / (already + chosen.length);
    bench.label({
      rule,
      planted: true,
      intensity: "unit",
      what: `${chosen.length} av ${already + chosen.length} ändringar slutar på minuten som planerat`,
      provider,
      ...periodOf(month),
      minutes,
      ...((share < 0.4 || chosen.length < 12) && { optional: true }),
    });
  }
  for (const provider of ["P4", "P5", "P6"]) {
    const edits = bench
      .allOf(provider)
      .filter((one) => bench.monthOf(one) === months[0] && headOf(one).originalEnd !== undefined);
    const same = edits.filter((one) => one.plan?.versions.at(-1)!.end === headOf(one).end);
    if (same.length > 0.2 * edits.length) continue;
    const what = "Ändringar som de flesta: till när besöket var slut";
    bench.label({ rule, planted: false, intensity: "unit", what, provider, ...periodOf(months[0]!) });
  }
}

function plantReasons(bench: Bench) {
  const { random } = bench;
  const rule = "edit-without-reason";
  const strict = [...bench.organisation.agreements].filter(
    ([id, { reasonRequired }]) => reasonRequired && everyProvider.includes(id),
  );
  const lax = everyProvider.filter((id) => !strict.some(([other]) => other === id));
  const shorter = (one: Happening, reason?: string) =>
    correct(one, {
      at: nextDay(one, random.int(10, 40)),
      end: endOf(one) - random.int(2, 3) * MINUTE,
      by: coordinator(one),
      byHand: true,
      ...(reason !== undefined && { reason }),
    });
  bench.plant(
    strict.map(([id]) => id),
    (provider, number) => {
      const one = spot(bench, provider);
      if (one === null) return false;
      bench.touch([one]);
      bench.unexplained.add(one);
      if (number % 2 === 0) shorter(one);
      else shorter(one, random.pick(["x", "ok", "-", "fel"]));
      const what =
        number % 2 === 0
          ? "Ändrat utan skäl, fast avtalet kräver ett"
          : `Ändrat med skälet ”${headOf(one).editReason ?? ""}”`;
      bench.label(
        {
          rule,
          planted: true,
          intensity: "visit",
          what,
          client: one.person.client.id,
          provider,
          minutes: Math.round(minutesOf(one)),
        },
        one,
      );
      return true;
    },
    bench.count + 1,
  );
  bench.plant(everyProvider, (provider, number) => {
    const one = spot(bench, lax.includes(provider) && number % 2 === 0 ? provider : strict[number % strict.length]![0]);
    if (one === null) return false;
    const own = one.worker.team.provider.id;
    bench.touch([one]);
    if (lax.includes(own)) shorter(one);
    else shorter(one, "Glömde logga ut, gick tidigare");
    const what = lax.includes(own) ? "Ändrat utan skäl, som avtalet tillåter" : "Ändrat med ett skäl";
    bench.label({ rule, planted: false, what, client: one.person.client.id, provider: own }, one);
    return true;
  });
}

function plantBursts(bench: Bench, used: Set<string>) {
  const { random, months } = bench;
  const rule = "edit-burst-before-cut-off";
  // Without a month before there is nothing that could be usual.
  const known = months.slice(1).filter((month) => cutOffOf(month) < (bench.through + 5) * 24 * HOUR);
  if (known.length === 0) return;
  const month = random.pick(known);
  const cutOff = cutOffOf(month);
  const teams = dayTeams(bench, ["P1", "P2", "P3"]).filter(({ provider }) => !used.has(`${provider.id} ${month}`));
  const make = (team: Team, count: number, at: (one: Happening, index: number) => Instant) => {
    const chosen = withSlack(bench, stretchable(bench, team, month, 2), 2, count);
    for (const [index, one] of chosen.entries()) {
      const by = team.workers[index % Math.min(5, team.workers.length)]!;
      const end = endOf(one) + (index % 2 === 0 ? 2 : -2) * MINUTE;
      correct(one, { at: at(one, index), end, by, reason: random.pick(reasons) });
    }
    return chosen.length;
  };
  const about = (team: Team) => ({ unit: team.unit.id, provider: team.provider.id, ...periodOf(month) });
  for (const [index, team] of teams.slice(0, 3).entries()) {
    used.add(`${team.provider.id} ${month}`);
    if (index < 2) {
      const count = make(team, 40, () => cutOff - random.int(1, 44) * HOUR - random.int(0, 59) * MINUTE);
      const what = `${count} besök ändrades under de två sista dygnen före spärrdatum`;
      bench.label({
        rule,
        planted: true,
        intensity: "unit",
        what,
        ...about(team),
        ...(count < 30 && { optional: true }),
      });
    } else {
      const count = make(team, 25, (one, position) => nextDay(one, 12 + (position % 50)));
      const what = `${count} besök ändrades, dagen efter som brukligt`;
      bench.label({ rule, planted: false, intensity: "unit", what, ...about(team) });
    }
  }
  const quiet = dayTeams(bench, ["P4", "P5", "P6"])[0];
  const what = "Få ändringar, när som helst under månaden";
  if (quiet !== undefined) bench.label({ rule, planted: false, intensity: "unit", what, ...about(quiet) });
}

function plantAfterCutOff(bench: Bench) {
  const { random, months } = bench;
  const rule = "edit-after-cut-off";
  const month = months[0];
  if (month === undefined) return;
  const cutOff = cutOffOf(month);
  const change = (provider: string, at: Instant, planted: boolean, what: string) => {
    const one = spot(bench, provider, (visit) => bench.monthOf(visit) === month);
    if (one === null) return false;
    bench.touch([one]);
    correct(one, { at, end: endOf(one) - 2 * MINUTE, by: coordinator(one), reason: "Fel tid registrerad från början" });
    const about = { client: one.person.client.id, provider, minutes: Math.round(minutesOf(one)) };
    bench.label({ rule, planted, intensity: "visit", what, ...about }, one);
    return true;
  };
  bench.plant(everyProvider, (provider) => {
    const days = random.int(2, 12);
    return change(provider, cutOff + days * 24 * HOUR, true, `Ändrades ${days} dagar efter spärrdatum`);
  });
  bench.plant(everyProvider, (provider) =>
    change(provider, cutOff - random.int(2, 20) * HOUR, false, "Ändrades dagen före spärrdatum"),
  );
}

function plantConcentration(bench: Bench, used: ReadonlySet<string>) {
  const { random, months } = bench;
  const rule = "editor-concentration";
  const [month] = random.shuffled(months);
  // Lifecare does not say who changed a visit.
  const teams = dayTeams(bench, ["P3", "P4", "P5", "P6"]).filter(
    ({ provider }) => !used.has(`${provider.id} ${month}`),
  );
  if (month === undefined) return;
  const about = (team: Team) => ({ unit: team.unit.id, provider: team.provider.id, ...periodOf(month) });
  for (const [index, team] of teams.slice(0, 4).entries()) {
    const planted = index % 2 === 0;
    const editors = team.workers.filter(({ onlyOn }) => onlyOn === undefined);
    const chosen = withSlack(bench, stretchable(bench, team, month, 4), 4, 30);
    for (const [position, one] of chosen.entries()) {
      const by = planted && position % 8 !== 7 ? editors[1]! : editors[position % editors.length]!;
      correct(one, {
        at: nextDay(one, 14 + (position % 60)),
        end: endOf(one) + 4 * MINUTE,
        by,
        reason: random.pick(reasons),
      });
    }
    const what = planted
      ? `En person gjorde nästan alla ${chosen.length} förlängningar på enheten`
      : `${chosen.length} förlängningar, gjorda av enhetens alla`;
    bench.label({
      rule,
      planted,
      intensity: "unit",
      what,
      ...about(team),
      ...(planted && { minutes: chosen.length * 4, staff: editors[1]!.staff.id }),
      ...(chosen.length < 26 && { optional: planted }),
    });
  }
}

/** Visits that nobody made, written down as declined at the door. */
function plantDeclined(bench: Bench) {
  const { random, months } = bench;
  const rule = "declined-pattern";
  const month = months.at(-1);
  // Not where nearly all that is granted is done.
  const provider = random.pick(["P3", "P5"]);
  if (month === undefined) return;
  const visits = bench.allOf(provider).filter((one) => bench.monthOf(one) === month);
  const possible = random
    .shuffled(visits)
    .filter((one) => bench.plain(one) && one.need!.lines[0]!.per === "day" && !bench.unjoined.has(one.person));
  const chosen = possible.slice(0, Math.round(visits.length * 0.09));
  let minutes = 0;
  for (const one of chosen) {
    minutes += one.need!.minutes / 2;
    decline(bench, one);
  }
  const what = `${chosen.length} av ${visits.length} besök avböjda, många gånger fler än hos andra`;
  const about = { provider, ...periodOf(month) };
  const few = chosen.length < visits.length * 0.04;
  bench.label({
    rule,
    planted: true,
    intensity: "unit",
    what,
    ...about,
    minutes: Math.round(minutes),
    ...(few && { optional: true }),
  });
  for (const other of everyProvider.filter((id) => id !== provider)) {
    const usual = "Avböjda besök i samma mån som hos andra";
    bench.label({ rule, planted: false, intensity: "unit", what: usual, provider: other, ...periodOf(months[0]!) });
  }
}

/** One visit at a time. */
export function plantCorrections(bench: Bench) {
  plantReasons(bench);
  plantAfterCutOff(bench);
}

/** What shows only in a unit's month as a whole; what is to be left as it was has been touched before. */
export function plantHabits(bench: Bench) {
  // Of each provider's month one thing is said, so that nothing drowns in something else.
  const used = new Set<string>();
  plantUnitLengthened(bench, used);
  plantBursts(bench, used);
  plantEditedToPlan(bench, used);
  plantConcentration(bench, used);
  plantDeclined(bench);
}

/** Where the contract asks why a visit was typed in by hand, somebody has said so. */
export function explainManual(bench: Bench) {
  const why = ["Telefonen var urladdad", "Glömde telefonen i bilen", "Ingen täckning", "Taggen satt inte kvar"];
  for (const [index, one] of bench.days.happenings.entries()) {
    const agreement = bench.organisation.agreements.get(one.worker.team.provider.id);
    if (agreement?.reasonRequired !== true || bench.unexplained.has(one)) continue;
    for (const version of one.visit.versions) {
      if (version.startProof !== "manual" && version.endProof !== "manual") continue;
      if (version.editReason !== undefined) continue;
      version.editedBy ??= one.worker.staff.id;
      version.editReason = why[index % why.length]!;
    }
  }
}
