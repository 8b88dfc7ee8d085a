import { atMinute, DAY_MS, dayOf, formatDay, HOUR, MINUTE } from "#model";
import type { Day, Instant } from "#model";
import type { Person } from "../clients.ts";
import type { Happening } from "../days.ts";
import { dateOf, endOf, everyProvider, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { steady } from "./orders.ts";

const ordinary = (bench: Bench, one: Happening) =>
  bench.plain(one) && one.worker.team === one.person.team && minutesOf(one) <= 45;

const personIn = (bench: Bench, provider: string) =>
  bench.findPerson(provider, (one) => steady(bench, one) && !bench.unjoined.has(one) && one.needs.length > 1);

/** Takes away what could not have been while the client was gone, except `kept`. */
function goneBetween(
  bench: Bench,
  person: Person,
  from: Instant,
  to: Instant,
  known: Instant,
  kept: readonly Happening[],
) {
  for (const one of bench.ofPerson(person).slice()) {
    if (!kept.includes(one) && endOf(one) > from - 5 * MINUTE && startOf(one) < to + 10 * MINUTE) bench.remove(one);
  }
  const done = new Set(kept.map(({ plan }) => plan));
  for (const booking of bench.bookingsOf(person)) {
    const { start, end } = booking.plan.versions.at(-1)!;
    if (done.has(booking.plan) || end <= from - 5 * MINUTE || start >= to + 10 * MINUTE) continue;
    if (bench.ofPerson(person).some(({ plan }) => plan === booking.plan)) continue;
    // Whoever was to come as the client left was called on the way.
    const told = start < from || start >= to ? Math.min(known, start - 10 * MINUTE) : known;
    if (told < start) bench.cancel(booking, told);
  }
}

interface Absent {
  rule: "visit-during-hospital-stay" | "visit-during-absence";
  kind: "hospital" | "away" | "shortTermStay";
  planned: boolean;
  what: { planted: string; boundary: string; noAnswer: string; back: string };
}

function plantAbsences(bench: Bench, { rule, kind, planned, what }: Absent) {
  const { random } = bench;
  const daysOf = () => random.int(bench.from + 8, bench.through - 9);
  /** Minutes of the day at which no visit of the client is near. */
  const quiet = (person: Person, day: Day, earliest: number, latest: number): Instant | null => {
    for (let minute = earliest; minute <= latest; minute += 5) {
      const at = atMinute(day, minute);
      const near = (start: Instant, end: Instant) => end > at - 30 * MINUTE && start < at + 30 * MINUTE;
      const planned = bench
        .bookingsOf(person)
        .some(({ plan }) => near(plan.versions.at(-1)!.start, plan.versions.at(-1)!.end));
      if (!planned && bench.ofPerson(person).every((one) => !near(startOf(one), endOf(one)))) return at;
    }
    return null;
  };
  const away = (person: Person, from: Instant, to: Instant, kept: readonly Happening[]) => {
    const notifiedAt = planned ? atMinute(dayOf(from) - 4, 620) : from + random.int(2, 6) * HOUR;
    const at = notifiedAt + 6 * MINUTE;
    bench.population.absence(person, { at, from, to, kind, planned, notifiedAt });
    goneBetween(bench, person, from, to, notifiedAt, kept);
    bench.reserve(person);
    bench.touch(kept);
  };

  bench.plant(everyProvider, (provider) => {
    const person = personIn(bench, provider);
    if (person === null) return false;
    const day = daysOf();
    const from = quiet(person, day, 600, 900);
    const to = quiet(person, day + random.int(4, 5), 640, 960);
    const inside = bench
      .ofPerson(person)
      .filter((one) => ordinary(bench, one) && (dateOf(one) === day + 1 || dateOf(one) === day + 2));
    const kept = inside.find(({ need }) => need!.minute > 420);
    if (from === null || to === null || kept === undefined) return false;
    away(person, from, to, [kept]);
    bench.label({ rule, planted: true, what: what.planted, client: person.client.id, provider }, kept);
    if (kind === "hospital") {
      const label = { rule: "visit-during-absence", planted: true, optional: true, what: what.planted, provider };
      bench.label({ ...label, client: person.client.id }, kept);
    }
    return true;
  });

  bench.plant(
    everyProvider,
    (provider, number) => {
      const person = personIn(bench, provider);
      if (person === null) return false;
      const day = daysOf();
      const to = quiet(person, day + 4, 640, 960);
      if (to === null) return false;
      const on = (date: Day) => bench.ofPerson(person).filter((one) => ordinary(bench, one) && dateOf(one) === date);
      const say = (text: string, one: Happening) =>
        bench.label({ rule, planted: false, what: text, client: person.client.id, provider }, one);
      if (number % 3 === 0) {
        // The visit had begun when the client left.
        const last = on(day).find((one) => minutesOf(one) >= 12 && startOf(one) > atMinute(day, 420));
        if (last === undefined) return false;
        const from = startOf(last) + Math.round(minutesOf(last) * 0.6) * MINUTE;
        away(person, from, to, [last]);
        say(what.boundary, last);
        return true;
      }
      const from = quiet(person, day, 600, 900);
      if (from === null) return false;
      if (number % 3 === 1) {
        const visit = on(day + 1)[0];
        if (visit === undefined) return false;
        const head = headOf(visit);
        bench.retime(visit, head.start, head.start + 3 * MINUTE);
        head.status = "noAnswer";
        away(person, from, to, [visit]);
        say(what.noAnswer, visit);
        return true;
      }
      const visit = on(day + 4).find((one) => startOf(one) > to + 30 * MINUTE);
      if (visit === undefined) return false;
      away(person, from, to, [visit]);
      say(what.back, visit);
      return true;
    },
    Math.max(bench.count, 3),
  );
}

function plantDeaths(bench: Bench) {
  const { random } = bench;
  const rule = "visit-after-death";
  const dies = (person: Person, day: Day, kept: readonly Happening[]) => {
    const at = atMinute(day, 300);
    person.client.deceasedOn = formatDay(day);
    person.diedAt = at;
    person.through = day + 6;
    goneBetween(bench, person, at, Infinity, at, kept);
    for (const order of person.orders) {
      const last = order.versions.at(-1)!;
      order.versions.push({ ...last, at: atMinute(day + 8, 560), status: "ended", validTo: formatDay(day + 12) });
    }
    bench.reserve(person);
    bench.touch(kept);
  };
  const attempt = (planted: boolean, days: () => number, what: (days: number) => string) => (provider: string) => {
    const person = personIn(bench, provider);
    if (person === null) return false;
    const day = random.int(bench.from + 10, bench.through - 14);
    const after = days();
    const kept = bench
      .ofPerson(person)
      .find(
        (one) =>
          ordinary(bench, one) && dateOf(one) === day + after && startOf(one) > (day + after) * DAY_MS + 5 * HOUR,
      );
    if (kept === undefined) return false;
    dies(person, day, [kept]);
    bench.label({ rule, planted, what: what(after), client: person.client.id, provider }, kept);
    return true;
  };
  bench.plant(
    everyProvider,
    attempt(
      true,
      () => random.int(3, 6),
      (days) => `Besök ${days} dagar efter dödsfallet`,
    ),
  );
  bench.plant(
    everyProvider,
    attempt(
      false,
      () => 1,
      () => "Städade ur och lämnade nycklar dagen efter dödsfallet",
    ),
  );
  bench.plant(
    everyProvider,
    attempt(
      false,
      () => 0,
      () => "Personalen fann brukaren avliden",
    ),
    1,
  );
}

export function plantStatus(bench: Bench) {
  plantAbsences(bench, {
    rule: "visit-during-hospital-stay",
    kind: "hospital",
    planned: false,
    what: {
      planted: "Besök medan brukaren låg på sjukhus",
      boundary: "Besöket pågick när ambulansen kom",
      noAnswer: "Ingen öppnade: brukaren låg på sjukhus utan att enheten visste det",
      back: "Besök på kvällen efter utskrivningen",
    },
  });
  plantAbsences(bench, {
    rule: "visit-during-absence",
    kind: "away",
    planned: true,
    what: {
      planted: "Besök medan brukaren var bortrest",
      boundary: "Besöket pågick när brukaren hämtades",
      noAnswer: "Ingen öppnade: brukaren var bortrest",
      back: "Besök på kvällen efter hemkomsten",
    },
  });
  plantDeaths(bench);
}
