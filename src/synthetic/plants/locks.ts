import { atMinute, daysOfMonth, formatDay, MINUTE } from "#model";
import type { Month } from "#model";
import type { Person } from "../clients.ts";
import type { Happening } from "../days.ts";
import { apart, dateOf, endOf, exactly, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { metresBetween } from "../town.ts";
import { providersOf, retag } from "./help.ts";

/** Whose systems say which tag was read. */
const tagged = (bench: Bench) => providersOf(bench, "lifecare", "combine");
/** Whose clients have locks that keep a log. */
const locked = (bench: Bench) => providersOf(bench, "phoniro");

const monthLabel = (month: Month) => {
  const { first, last } = daysOfMonth(month);
  return { from: formatDay(first), through: formatDay(last) };
};

/** The visit that the worker made before, the same day. */
function before(bench: Bench, one: Happening): Happening | null {
  const list = bench.ofStaff(one.worker.staff.id);
  const earlier = list[list.indexOf(one) - 1];
  return earlier !== undefined && dateOf(earlier) === dateOf(one) && earlier.worker === one.worker ? earlier : null;
}

function plantMovedTags(bench: Bench) {
  const rule = "moved-tag";
  /** A visit a drive away from the one before, that could be logged in before anybody could be there. */
  const farFrom = (one: Happening): Happening | null => {
    const last = bench.plain(one) && one.worker.shift !== "night" ? before(bench, one) : null;
    if (last === null || !bench.plain(last) || !exactly(one.person) || !exactly(last.person)) return null;
    const metres = apart(last, one);
    const gap = (startOf(one) - endOf(last)) / MINUTE;
    if (metres < 2150 || metres > 3500 || gap < 4 || gap > 25) return null;
    return bench.personFree(one.person, endOf(last), endOf(one), [one]) ? last : null;
  };
  const logInElsewhere = (last: Happening, one: Happening) => {
    bench.retime(one, endOf(last) + 2 * MINUTE, endOf(one));
    for (const read of [last, one]) retag(read, "nfc");
    bench.occupy([last, one]);
  };
  /** Of whom it is told: that a tag was replaced those days would explain it. */
  const told = new Set<Person>();
  const say = (planted: boolean, what: string, last: Happening, one: Happening, more: object = {}) => {
    const about = { what, staff: one.worker.staff.id, client: one.person.client.id };
    if (planted) for (const { person } of [last, one]) told.add(person);
    bench.label({ rule, planted, ...about, provider: one.worker.team.provider.id, ...more }, last, one);
  };

  // A whole team: the tag of one home is in the car.
  const byMonth = new Map<string, Array<[Happening, Happening]>>();
  const withTags = tagged(bench);
  for (const one of bench.days.happenings) {
    if (!withTags.includes(one.worker.team.provider.id)) continue;
    const last = farFrom(one);
    if (last === null) continue;
    const key = `${one.person.client.id} ${bench.monthOf(one)}`;
    byMonth.set(key, [...(byMonth.get(key) ?? []), [last, one]]);
  }
  const most = [...byMonth.values()].sort((a, b) => b.length - a.length);
  for (const pairs of most.slice(0, 1)) {
    const still = pairs.filter(([last, one]) => farFrom(one) === last);
    for (const [last, one] of still) logInElsewhere(last, one);
    const what = `Hemmets tagg lästes någon annanstans av hela laget, ${still.length} gånger`;
    for (const [last, one] of still) say(true, what, last, one, { intensity: "unit" });
  }
  bench.plant(tagged(bench), (provider) => {
    let last: Happening | null = null;
    const one = bench.find(provider, (visit) => (last = farFrom(visit)) !== null);
    if (one === null || last === null) return false;
    const metres = Math.round(apart(last, one));
    logInElsewhere(last, one);
    say(true, `Två hems taggar lästa inom två minuter, ${metres} meter från varandra`, last, one, {
      intensity: "visit",
    });
    return true;
  });
  bench.plant(tagged(bench), (provider) => {
    let last: Happening | null = null;
    const one = bench.find(provider, (visit) => !told.has(visit.person) && (last = farFrom(visit)) !== null);
    if (one === null || last === null) return false;
    const { person } = one;
    const day = dateOf(one);
    const old = bench.population.tags.find(({ id }) => id === person.tagId)!;
    const fresh = `${person.tagId}-ny`;
    old.to = formatDay(day);
    bench.population.tags.push({ id: fresh, clientId: person.client.id, from: formatDay(day) });
    logInElsewhere(last, one);
    for (const visit of bench.ofPerson(person)) {
      if (startOf(visit) < startOf(one)) continue;
      for (const version of visit.visit.versions) {
        if (version.startTag === person.tagId) version.startTag = fresh;
        if (version.endTag === person.tagId) version.endTag = fresh;
      }
    }
    say(false, "Taggen byttes den dagen: den nya lästes där den hämtades", last, one);
    return true;
  });
  bench.plant(tagged(bench), (provider) => {
    let last: Happening | null = null;
    const one = bench.find(provider, (visit) => {
      last = farFrom(visit);
      return last !== null && startOf(visit) - endOf(last) >= 6 * MINUTE && startOf(visit) - endOf(last) <= 10 * MINUTE;
    });
    if (one === null || last === null) return false;
    for (const read of [last, one] as const) retag(read, "nfc");
    bench.occupy([last, one]);
    const what = `Några kilometer med bil på ${Math.round((startOf(one) - endOf(last)) / MINUTE)} minuter`;
    say(false, what, last, one);
    return true;
  });
}

function plantWrongTags(bench: Bench) {
  const { random } = bench;
  const rule = "tag-at-wrong-client";
  const stranger = (provider: string, one: Happening) =>
    bench.findPerson(provider, (other) => {
      const { client } = other;
      const elsewhere = metresBetween(other.place, one.person.place) > 150;
      // A tag that was replaced is nobody's any more.
      if (bench.population.tags.some(({ id, to }) => id === other.tagId && to !== undefined)) return false;
      return other !== one.person && client.householdId !== one.person.client.householdId && elsewhere;
    });
  const say = (planted: boolean, what: string, provider: string, one: Happening, more: object = {}) =>
    bench.label({ rule, planted, what, client: one.person.client.id, provider, ...more }, one);
  bench.plant(tagged(bench), (provider) => {
    const one = bench.find(provider, bench.plain);
    const other = one === null ? null : stranger(provider, one);
    if (one === null || other === null) return false;
    retag(one, "nfc", other);
    bench.occupy([one]);
    say(true, "Besöket kvitterades med en annan brukares tagg", provider, one, { intensity: "visit" });
    return true;
  });
  bench.plant(
    tagged(bench),
    (provider) => {
      if (bench.months.length === 0) return false;
      const month = random.pick(bench.months);
      const first = bench.find(provider, (one) => bench.plain(one) && bench.monthOf(one) === month);
      const other = first === null ? null : stranger(provider, first);
      if (first === null || other === null) return false;
      const own = bench
        .ofPerson(first.person)
        .filter((one) => bench.plain(one) && bench.monthOf(one) === month && one.worker === first.worker);
      if (own.length < 3) return false;
      bench.occupy(own);
      for (const one of own) {
        retag(one, "nfc", other);
        say(true, "En persons alla besök hos brukaren kvitterades med en annans tagg", provider, one, {
          intensity: "month",
        });
      }
      return true;
    },
    1,
  );
  const mates = Map.groupBy(bench.population.people, ({ client }) => client.householdId);
  bench.plant(tagged(bench), (provider) => {
    const one = bench.find(
      provider,
      (visit) => bench.plain(visit) && (mates.get(visit.person.client.householdId) ?? []).length > 1,
    );
    if (one === null) return false;
    const mate = mates.get(one.person.client.householdId)!.find((person) => person !== one.person)!;
    retag(one, "nfc", mate);
    bench.occupy([one]);
    say(false, "Makens tagg, i samma hem", provider, one);
    return true;
  });
}

function plantUnopened(bench: Bench) {
  const { random } = bench;
  const rule = "visit-without-opening";
  /** A home with a lock, and its visits of a month. */
  const home = (provider: string): { person: Person; month: Month; visits: Happening[] } | null => {
    if (bench.months.length === 0) return null;
    const month = random.pick(bench.months);
    let visits: Happening[] = [];
    const person = bench.findPerson(provider, (one) => {
      if (one.proof !== "lock" || !bench.free(one, [month]) || one.client.protection !== "none") return false;
      if (bench.unjoined.has(one)) return false;
      const all = bench.ofPerson(one).filter((visit) => bench.monthOf(visit) === month);
      visits = all.filter(
        (visit) => visit.visit.source === "phoniro" && visit.visit.versions.length === 1 && bench.left(visit),
      );
      return visits.length >= 24 && visits.length >= 0.9 * all.length;
    });
    return person === null ? null : { person, month, visits };
  };
  const say = (
    planted: boolean,
    what: string,
    { person, month, visits }: NonNullable<ReturnType<typeof home>>,
    more: object = {},
  ) =>
    bench.label(
      {
        rule,
        planted,
        what,
        client: person.client.id,
        provider: person.team.provider.id,
        ...monthLabel(month),
        ...more,
      },
      ...visits.filter(({ unopened }) => unopened === true),
    );
  const nobody = (visits: readonly Happening[], share: number) => {
    // The lock has spoken once: before that nobody knows that there is one.
    const chosen = random.shuffled(visits.slice(1)).slice(0, Math.round(visits.length * share));
    for (const one of chosen) {
      one.unopened = true;
      // From the telephone alone: neither the lock nor a tag inside saw anybody.
      retag(one, "phone");
    }
    bench.touch(visits);
    return Math.round(chosen.reduce((sum, one) => sum + minutesOf(one), 0));
  };
  bench.plant(locked(bench), (provider) => {
    const found = home(provider);
    if (found === null) return false;
    const minutes = nobody(found.visits, 0.8);
    say(true, "De flesta av månadens besök loggades in och ut, men dörren öppnades aldrig", found, {
      intensity: "month",
      minutes,
    });
    return true;
  });
  bench.plant(locked(bench), (provider) => {
    const found = home(provider);
    if (found === null) return false;
    const minutes = nobody(found.visits, 0.6);
    say(true, "Vartannat besök utan att dörren öppnades", found, { intensity: "visit", minutes });
    return true;
  });
  bench.plant(locked(bench), (provider, number) => {
    const found = home(provider);
    if (found === null) return false;
    if (number % 2 === 0) {
      for (const one of found.visits) {
        one.unopened = true;
        retag(one, "nfc");
      }
      bench.touch(found.visits);
      say(false, "Brukaren öppnar själv: taggen i hallen lästes varje gång", found);
      return true;
    }
    const [one] = random.shuffled(found.visits);
    one!.unopened = true;
    retag(one!, "manual");
    bench.touch(found.visits);
    say(false, "En dag stod dörren öppen", found);
    return true;
  });
}

function plantOpenings(bench: Bench) {
  const { random } = bench;
  const rule = "opening-without-visit";
  const home = (provider: string): { person: Person; month: Month } | null => {
    if (bench.months.length === 0) return null;
    const month = random.pick(bench.months);
    const person = bench.findPerson(
      provider,
      (one) =>
        one.proof === "lock" &&
        bench.free(one, [month]) &&
        one.client.protection === "none" &&
        !bench.unjoined.has(one) &&
        one.stays.length === 0 &&
        one.diedAt === undefined &&
        bench.ofPerson(one).filter((visit) => bench.monthOf(visit) === month && bench.left(visit)).length > 12,
    );
    return person === null ? null : { person, month };
  };
  /** Times of the month at which nobody has been near for an hour and a half. */
  const quiet = (person: Person, month: Month, count: number) => {
    const { first, last } = daysOfMonth(month);
    const times: number[] = [];
    for (let tried = 0; times.length < count && tried < 400; tried++) {
      const at = atMinute(random.int(first + 1, last - 1), random.pick([random.int(610, 1290), random.int(10, 300)]));
      const near = [...bench.ofPerson(person)].some(
        (one) => startOf(one) < at + 90 * MINUTE && endOf(one) > at - 90 * MINUTE,
      );
      const planned = bench.bookingsOf(person).some(({ plan }) => {
        const { start, end } = plan.versions.at(-1)!;
        return start < at + 60 * MINUTE && end > at - 60 * MINUTE;
      });
      if (!near && !planned && bench.heard(at - 60 * MINUTE, at + 60 * MINUTE)) times.push(at);
    }
    return times.sort((a, b) => a - b);
  };
  const say = (planted: boolean, what: string, person: Person, month: Month, more: object = {}) => {
    bench.reserve(person, [month]);
    const about = { client: person.client.id, provider: person.team.provider.id, ...monthLabel(month) };
    bench.label({ rule, planted, what, ...about, ...more });
  };
  const plant = (count: () => number, intensity: "visit" | "month", what: (times: number) => string) =>
    bench.plant(locked(bench), (provider) => {
      const found = home(provider);
      if (found === null) return false;
      const { person, month } = found;
      const times = quiet(person, month, count());
      const worker = random.pick(person.team.workers.filter(({ employment }) => employment.ids.phoniro !== undefined));
      if (times.length === 0) return false;
      const { staff, deviceId } = worker;
      for (const at of times) bench.openings.push({ person, staffId: staff.id, at, event: "opened", deviceId });
      say(true, what(times.length), person, month, { intensity });
      return true;
    });
  plant(
    () => random.int(5, 8),
    "month",
    (times) => `Personal öppnade dörren ${times} gånger utan besök`,
  );
  plant(
    () => 2,
    "visit",
    () => "Personal öppnade dörren två gånger utan besök",
  );
  bench.plant(
    locked(bench),
    (provider, number) => {
      const found = home(provider);
      if (found === null) return false;
      const { person, month } = found;
      if (number % 3 === 0) {
        for (const at of quiet(person, month, 7)) {
          const event = random.chance(0.2) ? "failed" : "opened";
          bench.openings.push({ person, at, event, deviceId: `anhorig-${person.client.id}` });
        }
        say(false, "Dottern har egen behörighet till låset", person, month);
        return true;
      }
      const visits = random
        .shuffled(bench.ofPerson(person).filter((one) => bench.monthOf(one) === month && headOf(one).end !== null))
        .slice(0, 4);
      for (const one of visits) {
        const { staffId, deviceId } = one.visit;
        const at = endOf(one) + random.int(3, 8) * MINUTE;
        bench.openings.push({ person, staffId, at, event: "opened", deviceId });
      }
      say(false, "Personalen vände tillbaka efter något de glömt", person, month);
      return true;
    },
    Math.max(2, bench.count),
  );
  // The nurse and the night patrol open as well, and register in a system of their own.
  const others = bench.days.happenings.filter(
    ({ person, visit, need }) =>
      person.proof === "lock" &&
      person.team.unit.visitsIn === "phoniro" &&
      visit.source === "lifecare" &&
      need?.law === "HSL",
  );
  const people = [...new Set(others.map(({ person }) => person))].filter((person) => bench.free(person));
  for (const person of people.slice(0, bench.count)) {
    const month = bench.months[0];
    if (month !== undefined) say(false, "Sjuksköterskan öppnar och registrerar i sitt system", person, month);
  }
}

export function plantLocks(bench: Bench) {
  plantMovedTags(bench);
  plantWrongTags(bench);
  plantUnopened(bench);
  plantOpenings(bench);
}
