import { atMinute, day as dayOfDate, dayOf, formatDay, HOUR, MINUTE } from "#model";
import type { Day } from "#model";
import { performedMinutes } from "../claims.ts";
import type { Person } from "../clients.ts";
import type { Happening } from "../days.ts";
import { onRota } from "../organisation.ts";
import type { Worker } from "../organisation.ts";
import type { WorldShift } from "../world.ts";
import { between, dateOf, endOf, everyProvider, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { handOver, newClient, onDuty, ordinaryWorker } from "./help.ts";
import { hire } from "./quality.ts";
import { decisionOf, period, periodOf, serveDays, teamOf, wholeMinutes } from "./serve.ts";

const spot = (bench: Bench, provider: string, holds: (one: Happening) => boolean = () => true) =>
  bench.find(
    provider,
    (one) => bench.plain(one) && ordinaryWorker(one.worker) && !bench.unjoined.has(one.person) && holds(one),
  );

const shiftsOf = (bench: Bench, staffId: string, day: Day): WorldShift[] =>
  (bench.shifts().get(staffId) ?? []).filter(({ start }) => dayOf(start) === day);

function plantMoved(bench: Bench) {
  const { random } = bench;
  const rule = "visit-after-move";
  bench.plant(everyProvider, (provider, number) => {
    const helped = newClient(bench, teamOf(bench, provider), { service: "omvardnad", minutes: 25 });
    const { person, need } = helped;
    const moved = random.int(bench.from + 10, bench.through - 20);
    const visits = serveDays(bench, helped, bench.from, moved + 12, 650, {}, (day) =>
      number % 2 === 0 ? day <= moved || day === moved + 5 : day <= moved || day > moved + 2,
    );
    person.client.movedOn = formatDay(moved);
    person.through = moved + 12;
    ended(bench, need.order, moved + 13);
    const after = visits.filter((one) => dateOf(one) > moved);
    const about = { client: person.client.id, provider, minutes: wholeMinutes(after) };
    const what =
      after.length > 3
        ? "Besök i tio dagar efter flytten från kommunen"
        : "Besök fem dagar efter flytten från kommunen";
    const intensity = after.length > 3 ? "month" : "visit";
    if (after.length > 0) bench.label({ rule, planted: true, intensity, what, ...about }, ...after);
    return after.length > 0;
  });
  bench.plant(everyProvider, (provider, number) => {
    const helped = newClient(bench, teamOf(bench, provider), { service: "omvardnad", minutes: 25 });
    const { person, need } = helped;
    const moved = random.int(bench.from + 10, bench.through - 20);
    const within = number % 2 === 1;
    const visits = serveDays(bench, helped, bench.from, within ? bench.through : moved, 650);
    if (within) {
      const [home] = person.client.homes;
      const day = formatDay(moved);
      // Into the house next door, where the way to everybody is the same.
      person.client.homes = [
        { ...home!, to: formatDay(moved - 1) },
        { ...home!, from: day, buildingId: `${home!.buildingId}b` },
      ];
    } else {
      person.client.movedOn = formatDay(moved);
      person.through = moved;
      ended(bench, need.order, moved);
    }
    const last = visits.filter((one) => dateOf(one) >= moved);
    const what = within ? "Flyttade inom kommunen, och hjälpen flyttade med" : "Sista besöket på flyttdagen";
    bench.label({ rule, planted: false, what, client: person.client.id, provider }, ...last);
    return last.length > 0;
  });
}

function ended(bench: Bench, order: Person["orders"][number], day: Day) {
  const last = order.versions.at(-1)!;
  order.versions.push({ ...last, at: atMinute(day - 1, 600), status: "ended", validTo: formatDay(day) });
  decisionOf(bench, order).validTo = formatDay(day);
}

function plantNotEmployed(bench: Bench) {
  const { random } = bench;
  const rule = "staff-not-employed";
  /** Somebody who left so many days before the visit is written as its performer. */
  const former = (provider: string, days: number) => {
    const one = spot(bench, provider, (visit) => dateOf(visit) > bench.from + 3);
    if (one === null) return null;
    const worker = hire(bench, one.worker, true);
    worker.employment.from = formatDay(bench.from - 300);
    worker.employment.to = formatDay(dateOf(one) - days);
    bench.touch([one]);
    handOver(bench, one, worker);
    return one;
  };
  bench.plant(everyProvider, (provider, number) => {
    if (number % 3 === 2) {
      // Left, and went on working for weeks.
      const leaver = random
        .shuffled(bench.organisation.teams.filter((team) => team.provider.id === provider))
        .flatMap((team) => team.workers)
        .find((worker) => ordinaryWorker(worker) && worker.index > 1 && bench.ofStaff(worker.staff.id).length > 100);
      if (leaver === undefined) return false;
      const left = bench.through - random.int(19, 25);
      leaver.employment.to = formatDay(left);
      const after = bench.ofStaff(leaver.staff.id).filter((one) => dateOf(one) > left + 7);
      const what = "Fortsatte göra besök i veckor efter att anställningen upphört";
      const about = { staff: leaver.staff.id, provider, minutes: wholeMinutes(after) };
      bench.label({ rule, planted: true, intensity: "month", what, ...about }, ...after);
      return after.length > 0;
    }
    const one = former(provider, random.int(14, 60));
    if (one === null) return false;
    const about = { staff: one.worker.staff.id, provider, minutes: wholeMinutes([one]) };
    bench.label(
      { rule, planted: true, intensity: "visit", what: "Besöket står på någon som har slutat", ...about },
      one,
    );
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    const one = former(provider, random.int(2, 5));
    if (one === null) return false;
    const what = "Slutade några dagar tidigare: registret hann före sista arbetsdagen";
    bench.label({ rule, planted: false, what, staff: one.worker.staff.id, provider }, one);
    return true;
  });
}

/** A colleague of the unit for whom it holds, and whose day is otherwise empty. */
const colleague = (bench: Bench, { worker }: Happening, day: Day, holds: (other: Worker) => boolean) =>
  worker.team.workers.find(
    (other) =>
      other !== worker &&
      ordinaryWorker(other) &&
      other.employment.to === undefined &&
      // The coordinator corrects others' times, and has no part in them.
      other.index > 0 &&
      holds(other) &&
      bench.ofStaff(other.staff.id).every((one) => dateOf(one) !== day),
  );

function plantOffShift(bench: Bench) {
  const { random } = bench;
  const rule = "off-shift-visit";
  const free = (bench_: Bench, one: Happening) => {
    const day = dateOf(one);
    return colleague(
      bench_,
      one,
      day,
      (other) => !onRota(other, day) && !other.away.has(day) && shiftsOf(bench_, other.staff.id, day).length === 0,
    );
  };
  bench.plant(everyProvider, (provider) => {
    let other: Worker | undefined;
    const one = spot(bench, provider, (visit) => {
      other = free(bench, visit);
      return other !== undefined;
    });
    if (one === null || other === undefined) return false;
    handOver(bench, one, other);
    bench.touch([one]);
    bench.offShift.add(one);
    const about = { staff: other.staff.id, provider, minutes: wholeMinutes([one]) };
    bench.label(
      { rule, planted: true, intensity: "visit", what: "Besöket står på någon som var ledig den dagen", ...about },
      one,
    );
    return true;
  });
  bench.plant(
    everyProvider,
    (provider, number) => {
      if (number % 2 === 0) {
        let other: Worker | undefined;
        const one = spot(bench, provider, (visit) => {
          other = free(bench, visit);
          return other !== undefined;
        });
        if (one === null || other === undefined) return false;
        handOver(bench, one, other);
        bench.touch([one]);
        onDuty(bench, other, startOf(one) - HOUR, endOf(one) + HOUR);
        const what = "Kom in på en ledig dag: passet är registrerat";
        bench.label({ rule, planted: false, what, staff: other.staff.id, provider }, one);
        return true;
      }
      // The day's last visit went on for some minutes after the shift.
      let shift: WorldShift | undefined;
      const one = spot(bench, provider, (visit) => {
        const day = bench.ofStaff(visit.worker.staff.id).filter((each) => dateOf(each) === dateOf(visit));
        if (day.at(-1) !== visit || endOf(visit) - startOf(visit) < 15 * MINUTE) return false;
        const shifts = shiftsOf(bench, visit.worker.staff.id, dateOf(visit));
        shift = shifts.length === 1 ? shifts[0] : undefined;
        return shift !== undefined && shift.kind === "work" && shift.start < startOf(visit) - HOUR;
      });
      if (one === null || shift === undefined) return false;
      shift.end = endOf(one) - random.int(3, 6) * MINUTE;
      bench.offShift.add(one);
      bench.touch([one]);
      const what = "Några minuters övertid";
      bench.label({ rule, planted: false, what, staff: one.worker.staff.id, provider }, one);
      return true;
    },
    bench.count + 1,
  );
}

function plantLeave(bench: Bench) {
  const rule = "visit-during-leave";
  const away = (bench_: Bench, one: Happening) =>
    colleague(bench_, one, dateOf(one), (other) =>
      shiftsOf(bench_, other.staff.id, dateOf(one)).some(
        ({ kind, start, end }) =>
          (kind === "sick" || kind === "leave") &&
          start <= startOf(one) - 20 * MINUTE &&
          end >= endOf(one) + 20 * MINUTE,
      ),
    );
  bench.plant(everyProvider, (provider) => {
    let other: Worker | undefined;
    const one = spot(bench, provider, (visit) => {
      other = away(bench, visit);
      return other !== undefined;
    });
    if (one === null || other === undefined) return false;
    const sick = other.away.get(dateOf(one)) === "sick";
    handOver(bench, one, other);
    bench.touch([one]);
    bench.offShift.add(one);
    const what = sick ? "Besöket står på någon som var sjuk" : "Besöket står på någon som hade semester";
    const about = { what, staff: other.staff.id, provider, minutes: wholeMinutes([one]) };
    bench.label({ rule, planted: true, intensity: "visit", ...about }, one);
    bench.label({ rule: "off-shift-visit", planted: true, optional: true, ...about }, one);
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    let shift: WorldShift | undefined;
    const one = spot(bench, provider, (visit) => {
      const { staff } = visit.worker;
      const near = between(bench.ofStaff(staff.id), startOf(visit) - 24 * HOUR, startOf(visit) + 24 * HOUR);
      const day = near.filter((each) => dateOf(each) === dateOf(visit));
      if (day.at(-1) !== visit) return false;
      shift = shiftsOf(bench, staff.id, dateOf(visit)).find(({ kind }) => kind === "work");
      return (
        shift !== undefined && shift.end - endOf(visit) > 100 * MINUTE && day.every((each) => bench.untouched(each))
      );
    });
    if (one === null || shift === undefined) return false;
    const until = shift.end;
    shift.end = endOf(one) + 20 * MINUTE;
    delete shift.breakMinutes;
    const { id, source, staffId, unitId } = shift;
    bench.days.shifts.push({ id: `${id}-sjuk`, source, staffId, unitId, start: shift.end, end: until, kind: "sick" });
    bench.touch([one]);
    const what = "Gick hem sjuk efter dagens sista besök";
    bench.label({ rule, planted: false, what, staff: one.worker.staff.id, provider }, one);
    return true;
  });
}

/** Shifts that were never registered, in such number that those registered cannot have held the visits. */
function plantUnderstaffed(bench: Bench) {
  const rule = "hours-exceed-staffing";
  const { random, months } = bench;
  const month = months[0];
  if (month === undefined) return;
  const kinds = (provider: string) => bench.organisation.teams.filter((team) => team.provider.id === provider);
  const lone = everyProvider.filter((id) => !["P2", "P5", "P6"].includes(id) && kinds(id).length > 0);
  // Of those who work for two companies nobody says for which of them a shift was.
  const shared = (id: string) => {
    const minutes = (visits: readonly Happening[]) => visits.reduce((sum, one) => sum + performedMinutes(one), 0);
    const visits = bench.allOf(id).filter((one) => bench.monthOf(one) === month);
    return minutes(visits.filter(({ worker }) => worker.staff.employments.length > 1)) / minutes(visits);
  };
  const provider = random.shuffled(lone).sort((a, b) => Math.max(0.1, shared(a)) - Math.max(0.1, shared(b)))[0]!;
  const hoursOf = (id: string) => {
    const visits = bench.allOf(id).filter((one) => bench.monthOf(one) === month);
    return visits.reduce((sum, one) => sum + performedMinutes(one), 0) / 60;
  };
  const worked = (id: string) => {
    const units = new Set(kinds(id).map(({ unit }) => unit.id));
    return bench.days.shifts.filter(
      (shift) => units.has(shift.unitId) && shift.kind === "work" && formatDay(dayOf(shift.start)).startsWith(month),
    );
  };
  const length = ({ start, end, breakMinutes = 0 }: WorldShift) => (end - start) / HOUR - breakMinutes / 60;
  const visitHours = hoursOf(provider);
  let hours = worked(provider).reduce((sum, shift) => sum + length(shift), 0);
  const gone = new Set<WorldShift>();
  const told = new Set<string>();
  for (const { rule: other, staff, from } of bench.labels)
    if (other === "off-shift-visit" || other === "visit-during-leave") told.add(`${staff ?? ""} ${dayOfDate(from)}`);
  for (const shift of random.shuffled(worked(provider))) {
    if (visitHours / hours > 1.06) break;
    // Of these shifts something is told already.
    if (told.has(`${shift.staffId} ${dayOf(shift.start)}`)) continue;
    gone.add(shift);
    hours -= length(shift);
  }
  bench.days.shifts = bench.days.shifts.filter((shift) => !gone.has(shift));
  const away = new Set([...gone].map(({ staffId, start }) => `${staffId} ${dayOf(start)}`));
  const uncovered = bench.allOf(provider).filter((one) => away.has(`${one.worker.staff.id} ${dateOf(one)}`));
  for (const one of uncovered) bench.offShift.add(one);
  const what = `${Math.round(visitHours)} timmar hos brukare på ${Math.round(hours)} arbetade timmar`;
  const about = { what, provider, ...periodOf(month) };
  bench.label({ rule, planted: true, intensity: "unit", ...about, minutes: Math.round((visitHours - hours) * 60) });
  for (const staff of new Set(uncovered.map(({ worker }) => worker.staff.id)))
    bench.label({ rule: "off-shift-visit", planted: true, optional: true, ...about, staff });
  for (const { unit } of kinds(provider)) bench.label({ rule, planted: true, optional: true, ...about, unit: unit.id });
  for (const id of everyProvider.filter((other) => other !== provider)) {
    const text = "Hälften av arbetstiden är hos brukare, resten resor och annat";
    bench.label({ rule, planted: false, intensity: "unit", what: text, provider: id, ...periodOf(month) });
  }
}

function plantRelatives(bench: Bench) {
  const rule = "relative-as-carer";
  const living = Map.groupBy(bench.population.people, ({ place }) => place.buildingId);
  const households = (person: Person) =>
    new Set((living.get(person.place.buildingId) ?? []).map(({ client }) => client.householdId)).size;
  const pair = (provider: string, holds: (person: Person) => boolean) => {
    let visits: Happening[] = [];
    const one = spot(bench, provider, (visit) => {
      const { staff } = visit.worker;
      if (staff.addressBuildingId?.startsWith("B") !== true || !holds(visit.person)) return false;
      if (visit.person.client.homes.length === 0 || used.has(staff.id)) return false;
      visits = bench.ofPerson(visit.person).filter((other) => other.worker.staff === staff);
      if (visits.length < 4) return false;
      // Whoever shares the home is a relative as well.
      visits = (living.get(visit.person.place.buildingId) ?? [])
        .flatMap((person) => bench.ofPerson(person))
        .filter((other) => other.worker.staff === staff);
      return true;
    });
    if (one === null) return null;
    used.add(one.worker.staff.id);
    one.worker.staff.addressBuildingId = one.person.place.buildingId;
    return { one, visits };
  };
  const used = new Set<string>();
  bench.plant(everyProvider, (provider) => {
    const found = pair(provider, (person) => households(person) === 1);
    if (found === null) return false;
    const { one, visits } = found;
    const about = { client: one.person.client.id, staff: one.worker.staff.id, provider, minutes: wholeMinutes(visits) };
    const what = "Personalen bor i samma hus som brukaren, där ingen annan bor";
    bench.label({ rule, planted: true, intensity: "month", what, ...about }, ...visits);
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    const found = pair(provider, (person) => households(person) >= 3);
    if (found === null) return false;
    const { one, visits } = found;
    const what = "Bor i samma hyreshus som brukaren och många andra";
    bench.label(
      { rule, planted: false, what, client: one.person.client.id, staff: one.worker.staff.id, provider },
      ...visits,
    );
    return true;
  });
}

function plantPermits(bench: Bench) {
  const rule = "provider-without-permit";
  const { providers } = bench.organisation;
  const privately = bench.random.shuffled(
    providers.filter(({ regime, id }) => regime === "private" && everyProvider.includes(id)),
  );
  const [lapsed, late, renewed] = privately;
  const say = (planted: boolean, what: string, provider: string, from: Day, through: Day) => {
    const visits = bench.allOf(provider).filter((one) => dateOf(one) >= from && dateOf(one) <= through);
    const about = {
      provider,
      ...period(from, through),
      minutes: planted ? wholeMinutes(visits.filter((one) => performedMinutes(one) > 0)) : 0,
    };
    bench.label({ rule, planted, intensity: "unit", what, ...about });
  };
  if (lapsed !== undefined) {
    const day = bench.through - bench.random.int(15, 25);
    lapsed.permitTo = formatDay(day);
    say(true, "Tillståndet gick ut och besöken fortsatte", lapsed.id, day + 1, bench.through);
  }
  if (late !== undefined) {
    const day = bench.from + bench.random.int(10, 20);
    late.permitFrom = formatDay(day);
    say(true, "Började innan tillståndet fanns", late.id, bench.from, day - 1);
  }
  if (renewed !== undefined) {
    renewed.permitTo = formatDay(bench.through + 40);
    say(false, "Tillståndet gäller en dryg månad till", renewed.id, bench.from, bench.through);
  }
  for (const { id, regime } of providers) {
    if (regime === "municipal") say(false, "Kommunal regi behöver inget tillstånd", id, bench.from, bench.through);
  }
}

export function plantEmployment(bench: Bench) {
  plantMoved(bench);
  plantNotEmployed(bench);
  plantOffShift(bench);
  plantLeave(bench);
  plantRelatives(bench);
  plantPermits(bench);
  plantUnderstaffed(bench);
}

/** Whoever visited somebody was at work: shifts are as long as the day was, except where that is what is wrong. */
export function coverShifts(bench: Bench) {
  const byStaff = Map.groupBy(bench.days.shifts, ({ staffId }) => staffId);
  const late = new Map<string, WorldShift>();
  for (const one of bench.days.happenings) {
    const { worker, visit } = one;
    const { start } = visit.versions.at(-1)!;
    const end = Math.min(endOf(one), start + 12 * HOUR);
    if (bench.offShift.has(one) || visit.versions.at(-1)!.deleted === true || end <= start) continue;
    const own = byStaff.get(worker.staff.id) ?? [];
    if (
      own.some((shift) => shift.kind !== "leave" && shift.kind !== "sick" && shift.start <= start && shift.end >= end)
    )
      continue;
    const near = own.find(
      (shift) =>
        shift.kind === "work" &&
        shift.unitId === visit.unitId &&
        shift.start - 3 * HOUR < start &&
        shift.end + 3 * HOUR > end,
    );
    if (near !== undefined) {
      near.start = Math.min(near.start, start - 5 * MINUTE);
      near.end = Math.max(near.end, end + 5 * MINUTE);
      continue;
    }
    const key = `${worker.staff.id} ${visit.unitId} ${dayOf(start)}`;
    const made = late.get(key) ?? {
      id: `pass-extra-${late.size + 1}`,
      source: "files" as const,
      staffId: worker.staff.id,
      unitId: visit.unitId,
      start: Infinity,
      end: -Infinity,
      kind: "work" as const,
    };
    made.start = Math.min(made.start, start - 10 * MINUTE);
    made.end = Math.max(made.end, end + 10 * MINUTE);
    late.set(key, made);
  }
  bench.days.shifts.push(...late.values());
}
