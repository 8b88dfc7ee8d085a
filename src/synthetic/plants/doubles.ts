import { daysOfMonth, formatDay, HOUR, MINUTE } from "#model";
import type { Happening } from "../days.ts";
import type { Worker } from "../organisation.ts";
import { dateOf, endOf, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { handOver, providersOf } from "./help.ts";
import { addSecond } from "./overlaps.ts";

const together = (a: Happening, b: Happening) =>
  (Math.min(endOf(a), endOf(b)) - Math.max(startOf(a), startOf(b))) / MINUTE;

function plantNotOrdered(bench: Bench) {
  const rule = "double-staffing-not-ordered";
  const second = (one: Happening): Happening | null => {
    if (!bench.plain(one) || minutesOf(one) < 15 || bench.unjoined.has(one.person)) return null;
    const other = addSecond(bench, one, startOf(one) + MINUTE, endOf(one));
    if (other !== null) for (const { visit } of [one, other]) visit.doubleStaffing = true;
    return other;
  };
  bench.plant(providersOf(bench), (provider) => {
    let other: Happening | null = null;
    const one = bench.find(provider, (visit) => (other = second(visit)) !== null);
    if (one === null || other === null) return false;
    bench.touch([one, other]);
    const what = "Registrerat som dubbelbemannat, en är beställd";
    const about = { what, client: one.person.client.id, provider, minutes: Math.round(minutesOf(other)) };
    bench.label({ rule, planted: true, intensity: "visit", ...about }, one, other);
    return true;
  });
  // A fortnight of the same client's mornings.
  bench.plant(
    providersOf(bench),
    (provider) => {
      const [month] = bench.random.shuffled(bench.months);
      if (month === undefined) return false;
      const pairs: Array<[Happening, Happening]> = [];
      const person = bench.findPerson(provider, (candidate) => {
        if (!bench.free(candidate) || candidate.stays.length > 0 || candidate.needs.length < 2) return false;
        const visits = bench.ofPerson(candidate).filter((one) => bench.monthOf(one) === month && one.need !== null);
        const days = Map.groupBy(visits, (one) => one.need);
        const often = [...days.values()].find((list) => list.length > 20 && list.filter(bench.plain).length > 14);
        if (often === undefined || bench.slack(candidate, month) < 60) return false;
        for (const one of often.filter(bench.plain)) {
          const other = second(one);
          if (other !== null) pairs.push([one, other]);
        }
        return pairs.length > 0;
      });
      if (person === null) return false;
      bench.touch(pairs.flat());
      const what = `Registrerat som dubbelbemannat ${pairs.length} gånger under månaden, en är beställd`;
      for (const [one, other] of pairs) {
        const about = { what, client: person.client.id, provider, minutes: Math.round(minutesOf(other)) };
        bench.label({ rule, planted: true, intensity: "month", ...about }, one, other);
      }
      return true;
    },
    1,
  );
  // Ordered for two, as everything says: the twins of both rules.
}

function plantIncomplete(bench: Bench) {
  const rule = "double-staffing-incomplete";
  const halves = (one: Happening): [Happening, Happening] | null => {
    if (one.need?.staffing !== 2 || one.visit.versions.length > 1 || headOf(one).status !== "completed") return null;
    if (!bench.untouched(one) || bench.unjoined.has(one.person) || one.person.stays.length > 0) return null;
    if (!bench.heard(startOf(one) - 30 * MINUTE, headOf(one).at + 30 * MINUTE)) return null;
    const other = bench
      .ofPerson(one.person)
      .find((candidate) => candidate !== one && candidate.need === one.need && dateOf(candidate) === dateOf(one));
    if (other === undefined || !bench.untouched(other) || headOf(other).status !== "completed") return null;
    if (other.visit.versions.length > 1 || together(one, other) < 0.7 * minutesOf(one)) return null;
    // Somebody else who is there meanwhile, such as a nurse on a round of her own, may lend the second pair of hands.
    const thirds = bench.ofPerson(one.person).filter((candidate) => candidate !== one && candidate !== other);
    if (thirds.some((third) => together(one, third) > 0)) return null;
    return [one, other];
  };
  const pick = (provider: string, holds: (pair: [Happening, Happening]) => boolean = () => true) => {
    let pair: [Happening, Happening] | null = null;
    bench.find(provider, (one) => {
      pair = halves(one);
      return pair !== null && holds(pair);
    });
    return pair as [Happening, Happening] | null;
  };
  const client = ([one]: [Happening, Happening]) => one.person.client.id;
  const missing = (pair: [Happening, Happening], provider: string, intensity: "visit" | "month", what: string) => {
    const [one, other] = pair;
    const booking = bench.bookingOf.get(other.plan)!;
    const minutes = Math.round(minutesOf(one));
    one.visit.doubleStaffing = true;
    bench.touch(pair);
    bench.remove(other);
    bench.label({ rule, planted: true, intensity, what, client: client(pair), provider, minutes }, one);
    bench.label({ rule: "missed-visit", planted: true, optional: true, what, client: client(pair), provider }, booking);
  };
  bench.plant(providersOf(bench), (provider) => {
    const pair = pick(provider);
    if (pair === null) return false;
    missing(pair, provider, "visit", "Två var beställda, en kom");
    return true;
  });
  bench.plant(providersOf(bench), (provider) => {
    const pair = pick(provider, ([one, other]) => {
      const start = startOf(one) + minutesOf(one) * 0.7 * MINUTE;
      return (
        minutesOf(one) >= 14 &&
        bench.workerFree(other.worker, other.person.place, start, start + minutesOf(other) * MINUTE, [other])
      );
    });
    if (pair === null) return false;
    const [one, other] = pair;
    const start = startOf(one) + Math.ceil(minutesOf(one) * 0.7) * MINUTE;
    bench.retime(other, start, start + minutesOf(other) * MINUTE);
    bench.touch(pair);
    const what = "Den andra kom när den första var på väg ut";
    bench.label({ rule, planted: true, intensity: "visit", what, client: client(pair), provider }, one, other);
    return true;
  });
  bench.plant(providersOf(bench), (provider) => {
    const pair = pick(provider);
    if (pair === null) return false;
    bench.touch(pair);
    const what = "Två beställda, två kom";
    for (const either of [rule, "double-staffing-not-ordered"])
      bench.label({ rule: either, planted: false, what, client: client(pair), provider }, ...pair);
    return true;
  });
  // The same client, all month.
  bench.plant(
    providersOf(bench),
    (provider) => {
      const pair = pick(provider);
      if (pair === null) return false;
      const month = bench.monthOf(pair[0]);
      const { person, need } = pair[0];
      const days = Map.groupBy(
        bench.ofPerson(person).filter((one) => bench.monthOf(one) === month && one.need === need),
        dateOf,
      );
      const pairs = [...days.values()].flatMap(([one]) => (one === undefined ? [] : [halves(one)]));
      const whole = pairs.filter((one) => one !== null);
      if (whole.length < 8) return false;
      const what = `Två beställda, men bara en kom, ${whole.length} gånger under månaden`;
      for (const one of whole) missing(one, provider, "month", what);
      const { first, last } = daysOfMonth(month);
      const about = { what, client: person.client.id, provider, from: formatDay(first), through: formatDay(last) };
      bench.label({ rule: "under-delivered", planted: true, optional: true, ...about });
      return true;
    },
    1,
  );
  // Where the provider has more than one unit, a colleague from the other one helps.
  const elsewhere = (provider: string) =>
    bench.organisation.teams.filter(({ provider: own, kind }) => own.id === provider && kind !== "rural");
  bench.plant(
    ["P1", "P2"],
    (provider) => {
      let helper: Worker | undefined;
      const pair = pick(provider, ([one, other]) => {
        const others = elsewhere(provider).filter((team) => team !== one.worker.team);
        helper = others
          .flatMap(({ workers }) => workers)
          .find(
            (worker) =>
              worker.staff.employments.length === 1 &&
              bench
                .ofStaff(worker.staff.id)
                .some((at) => startOf(at) < startOf(one) && startOf(at) > startOf(one) - 3 * HOUR) &&
              bench
                .ofStaff(worker.staff.id)
                .some((at) => startOf(at) > endOf(one) && startOf(at) < endOf(one) + 3 * HOUR) &&
              bench.workerFree(worker, one.person.place, startOf(other), endOf(other)),
          );
        return helper !== undefined;
      });
      if (pair === null || helper === undefined) return false;
      const [one, other] = pair;
      handOver(bench, other, helper);
      other.visit.unitId = helper.team.unit.id;
      other.plan!.unitId = helper.team.unit.id;
      bench.touch(pair);
      const night = helper.team.kind === "night" ? "nattpatrullen" : "en annan enhet";
      const what = `Den andra kom från ${night}`;
      bench.label({ rule, planted: false, what, client: client(pair), provider }, one, other);
      return true;
    },
    Math.max(1, bench.count - 1),
  );
}

export function plantDoubles(bench: Bench) {
  plantIncomplete(bench);
  plantNotOrdered(bench);
}
