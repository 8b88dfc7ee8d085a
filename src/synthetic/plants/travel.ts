import { atMinute, daysOfMonth, formatDay, MINUTE, weekdayOf } from "#model";
import type { Month } from "#model";
import type { Happening } from "../days.ts";
import type { Team, Worker } from "../organisation.ts";
import { travelMinutes } from "../town.ts";
import type { Place, Transport } from "../town.ts";
import { apart, endOf, exactly, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { daysAt, locate, newClient, onDuty, ordinaryWorker, providersOf, visit } from "./help.ts";
import type { Helped } from "./help.ts";
import { hire } from "./quality.ts";

const monthLabel = (month: Month) => {
  const { first, last } = daysOfMonth(month);
  return { from: formatDay(first), through: formatDay(last) };
};
const inOrder = (visits: readonly Happening[]) => visits.toSorted((a, b) => startOf(a) - startOf(b));
const gapBetween = (a: Happening, b: Happening) => (startOf(b) - endOf(a)) / MINUTE;

interface Round {
  worker: Worker;
  homes: Helped[];
  visits: Happening[];
}

/** A farm round: the homes in turn, every weekday of the month, by one and the same person. */
function round(
  bench: Bench,
  team: Team,
  month: Month,
  places: readonly Place[],
  transport: Transport,
  /** Minutes from one home to the next, as registered. */
  gap: (a: Place, b: Place) => number,
  more: { minutes?: number; households?: boolean } = {},
): Round {
  const { first, last } = daysOfMonth(month);
  const { minutes = 40 } = more;
  const weekdays = [1, 2, 3, 4, 5];
  const worker = hire(bench, team.workers[0]!, true);
  worker.employment.transport = transport;
  let household: string | undefined;
  const homes = places.map((place, index) => {
    // Every other one lives with the one before.
    const householdId = more.households === true && index % 2 === 1 ? household : undefined;
    const helped = newClient(
      bench,
      team,
      { service: "omvardnad", minutes, weekdays },
      { place, from: first, through: last, proof: "gps", ...(householdId !== undefined && { householdId }) },
    );
    household = helped.person.client.householdId;
    return helped;
  });
  const visits: Happening[] = [];
  for (let day = first; day <= last; day++) {
    if (weekdayOf(day) > 5) continue;
    const begins = atMinute(day, 440 + bench.random.int(0, 8));
    let at = begins;
    for (const [index, helped] of homes.entries()) {
      const length = Math.round(minutes * (0.86 + bench.random.next() * 0.14));
      visits.push(visit(helped, bench, worker, at, at + length * MINUTE));
      const next = homes[index + 1];
      if (next !== undefined) at += (length + gap(helped.person.place, next.person.place)) * MINUTE;
    }
    onDuty(bench, worker, begins - 30 * MINUTE, at + (minutes + 30) * MINUTE);
  }
  bench.occupy(visits);
  return { worker, homes, visits };
}

/** Farms around a village, each a quarter of an hour's drive from the next. */
function farms(bench: Bench, count: number, number: number): Place[] {
  const turn = number * 0.7;
  return Array.from({ length: count }, (_, index) => {
    const angle = turn + (index * 2 * Math.PI) / count;
    const distance = 12_500 + bench.random.int(0, 900) + number * 60;
    const [x, y] = [-9000 + distance * Math.cos(angle), 34_000 + distance * Math.sin(angle)];
    return { x: Math.round(x), y: Math.round(y), buildingId: `G${number}-${index + 1}`, area: "Gårdarna" };
  });
}

function plantMissingTravel(bench: Bench) {
  const { random } = bench;
  const rule = "missing-travel-time";
  const team = bench.organisation.teams.find(({ kind }) => kind === "rural");
  const [dishonest, honest] = bench.months;
  if (team === undefined || dishonest === undefined || honest === undefined) return;
  const provider = team.provider.id;
  const drive = (a: Place, b: Place) => travelMinutes(a, b, "car") + random.int(0, 3);
  let rounds = 0;

  // A whole unit: in one month everybody registers the road as part of the visit.
  const made = Array.from({ length: 3 }, () => {
    rounds++;
    return round(bench, team, dishonest, farms(bench, 6, rounds), "car", () => random.int(0, 1), { minutes: 55 });
  });
  const what = "Resorna mellan gårdarna registrerades som besök";
  for (const { worker, visits } of made) {
    const about = { what, staff: worker.staff.id, provider, ...monthLabel(dishonest) };
    bench.label({ rule, planted: true, intensity: "month", ...about }, ...visits);
  }
  const about = { what, unit: team.unit.id, provider, ...monthLabel(dishonest) };
  bench.label({ rule, planted: true, intensity: "unit", ...about }, ...made.flatMap(({ visits }) => visits));

  const twin = (text: string, { worker, visits }: Round) =>
    bench.label(
      { rule, planted: false, what: text, staff: worker.staff.id, provider, ...monthLabel(honest) },
      ...visits,
    );
  const rides = Array.from({ length: 3 }, () => {
    rounds++;
    return round(bench, team, honest, farms(bench, 5, rounds), "car", drive);
  });
  for (const ride of rides) twin("Gårdsrunda med tid för resorna", ride);
  const near = (x: number, y: number, buildingId: string): Place => ({ x, y, buildingId, area: "Gårdarna" });
  const [x, y] = [-9000, 34_000];
  const stairs = Array.from({ length: 8 }, () => near(x, y, "G-port-1"));
  twin(
    "Lägenheter i samma trappuppgång",
    round(bench, team, honest, stairs, "walking", () => random.int(0, 1), { minutes: 25 }),
  );
  const couples = [0, 1, 2, 3].flatMap((index) => {
    const place = near(x + 900 * index, y + 400, `G-par-${index}`);
    return [place, place];
  });
  twin(
    "Par som delar hem, och korta vägar mellan paren",
    round(
      bench,
      team,
      honest,
      couples,
      "car",
      (a, b) => (a.buildingId === b.buildingId ? 0 : travelMinutes(a, b, "car") + 1),
      { minutes: 25, households: true },
    ),
  );
  // Cycle paths cut corners: little more than the straight line.
  const path = (a: Place, b: Place) => Math.ceil((Math.hypot(a.x - b.x, a.y - b.y) * 1.05) / 280);
  const lane = Array.from({ length: 6 }, (_, index) =>
    near(x + 2300 * (index % 2), y - 700 * index, `G-cykel-${index}`),
  );
  twin("Cykelvägen är kortare än bilvägen", round(bench, team, honest, lane, "bicycle", path));
  const vague = round(bench, team, honest, farms(bench, 5, 11), "car", () => 3);
  for (const { person } of vague.homes) person.client.homes[0]!.precision = "postcode";
  twin("Lägena är bara postnumrets mittpunkt", vague);

  plantWrongPlaces(bench, team, honest, rides, rounds + 20);
}

/** Somewhere else than at home, as the phone says. */
function plantWrongPlaces(bench: Bench, team: Team, month: Month, rides: readonly Round[], number: number) {
  const { random } = bench;
  const rule = "wrong-place";
  const provider = team.provider.id;
  const off = (metres: number) => {
    const angle = random.next() * 2 * Math.PI;
    return { x: metres * Math.cos(angle), y: metres * Math.sin(angle) };
  };
  const proven = ({ visits }: Round) => visits.filter((one) => headOf(one).startProof === "gps");
  const say = (
    planted: boolean,
    what: string,
    visits: readonly Happening[],
    more: { intensity?: "visit" | "month" | "unit" } = {},
  ) => {
    for (const one of visits) {
      bench.label({ rule, planted, what, client: one.person.client.id, provider, ...more }, one);
    }
  };
  const [first, second] = rides;
  if (first === undefined || second === undefined) return;
  for (const one of random.shuffled(proven(first)).slice(0, bench.count)) {
    const metres = random.int(1800, 6000);
    locate(one, off(metres));
    say(true, `Registrerat ${(metres / 1000).toFixed(1)} kilometer från hemmet`, [one], { intensity: "visit" });
  }
  for (const one of random.shuffled(proven(second)).slice(0, bench.count)) {
    locate(one, off(430), 190);
    say(false, "Mobilen visste inte bättre än på ett par hundra meter när", [one]);
  }
  // All of somebody's visits from one and the same spot, a long way from everyone.
  const sofa = round(bench, team, month, farms(bench, 4, number), "car", (a, b) => travelMinutes(a, b, "car") + 1);
  for (const one of sofa.visits) {
    const { place } = one.person;
    locate(one, { x: -9000 - place.x, y: 34_000 - place.y });
  }
  say(true, "Månadens besök registrerade hemifrån personalen själv", sofa.visits, { intensity: "month" });

  // The register has the house in the wrong place; everybody who comes is at the right one.
  const moved = round(bench, team, month, farms(bench, 4, number + 1), "car", (a, b) => travelMinutes(a, b, "car") + 3);
  const [wrong] = moved.homes;
  const here = proven(moved).filter(({ person }) => person === wrong!.person);
  const home = wrong!.person.client.homes[0]!;
  home.latitude = Math.round((home.latitude + 0.0085) * 1e6) / 1e6;
  for (const one of here) locate(one, { x: 0, y: -0.0085 * 111_320 });
  const colleague = hire(bench, team.workers[0]!, true);
  for (const one of here.filter((_, index) => index % 2 === 1)) {
    bench.reassign(one, colleague);
    onDuty(bench, colleague, startOf(one) - 30 * MINUTE, endOf(one) + 30 * MINUTE);
  }
  say(false, "Adressens läge är fel i registret: alla som kommer är på samma ställe", here);

  const outings = newClient(
    bench,
    team,
    { service: "ledsagning", minutes: 90, times: 4, per: "month" },
    { ...monthDays(month), proof: "gps", place: farms(bench, 1, number + 2)[0]! },
  );
  const companion = hire(bench, team.workers[0]!, true);
  const { first: from } = daysOfMonth(month);
  const trips = [2, 9, 16, 23].map((more) => {
    const start = atMinute(from + more, 780);
    onDuty(bench, companion, start - 40 * MINUTE, start + 130 * MINUTE);
    const one = visit(outings, bench, companion, start, start + 85 * MINUTE);
    locate(one, off(random.int(3000, 9000)));
    return one;
  });
  bench.occupy(trips);
  say(false, "Ledsagning till simhallen", trips);
}

const monthDays = (month: Month) => {
  const { first, last } = daysOfMonth(month);
  return { from: first, through: last };
};

/** Visits in a row with little but a short walk between them. */
function chain(visits: readonly Happening[], fits: (a: Happening, b: Happening) => boolean): Happening[] {
  let longest: Happening[] = [];
  let run: Happening[] = [];
  for (const one of inOrder(visits)) {
    const before = run.at(-1);
    run = before !== undefined && fits(before, one) ? [...run, one] : [one];
    if (run.length > longest.length) longest = run;
  }
  return longest;
}

/** Lets each visit end when the next begins: the way between belongs to it. */
function fillGaps(bench: Bench, visits: readonly Happening[]) {
  for (const [index, one] of visits.entries()) {
    const next = visits[index + 1];
    if (next === undefined) continue;
    const left = startOf(next) - endOf(one);
    if (left > MINUTE) bench.retime(one, startOf(one), startOf(next) - (left % MINUTE === 0 ? 0 : 20_000));
  }
}

const workersOf = (bench: Bench, provider: string) =>
  bench.random.shuffled(
    bench.organisation.teams
      .filter(({ kind, provider: own }) => kind === "day" && own.id === provider)
      .flatMap(({ workers }) => workers.filter(ordinaryWorker)),
  );

function plantZeroGaps(bench: Bench, used: Set<string>) {
  const { random } = bench;
  const rule = "zero-gap-chain";
  const elsewhere = (a: Happening, b: Happening) =>
    bench.plain(a) &&
    bench.plain(b) &&
    exactly(a.person) &&
    exactly(b.person) &&
    apart(a, b) > 200 &&
    apart(a, b) < 4000 &&
    gapBetween(a, b) >= 2 &&
    gapBetween(a, b) <= 16;
  /** Chains of somebody, on different days of a month. */
  const chains = (provider: string, days: number, least: number, fits: typeof elsewhere) => {
    if (bench.months.length === 0) return null;
    const month = random.pick(bench.months);
    for (const worker of workersOf(bench, provider)) {
      if (used.has(worker.staff.id)) continue;
      const found = [...daysAt(bench, worker, month).values()]
        .map((visits) => chain(visits, fits))
        .filter((visits) => visits.length >= least);
      if (found.length < days) continue;
      used.add(worker.staff.id);
      return { worker, chosen: found.slice(0, days) };
    }
    return null;
  };
  const say = (planted: boolean, what: string, provider: string, visits: readonly Happening[], more: object = {}) =>
    bench.label({ rule, planted, what, staff: visits[0]!.worker.staff.id, provider, ...more }, ...visits);

  bench.plant(providersOf(bench), (provider) => {
    const found = chains(provider, 1, 5, elsewhere);
    if (found === null) return false;
    const [visits] = found.chosen;
    const minutes = visits!.slice(1).reduce((sum, one, index) => sum + gapBetween(visits![index]!, one), 0);
    fillGaps(bench, visits!);
    bench.occupy(visits!);
    const what = `${visits!.length} besök på olika platser utan en minut emellan`;
    say(true, what, provider, visits!, { intensity: "visit", minutes: Math.round(minutes) });
    return true;
  });
  bench.plant(
    providersOf(bench),
    (provider) => {
      const found = chains(provider, 6, 5, elsewhere);
      if (found === null) return false;
      for (const visits of found.chosen) {
        fillGaps(bench, visits);
        bench.occupy(visits);
        say(true, "Besök på rad utan en minut emellan, dag efter dag", provider, visits, { intensity: "month" });
      }
      return true;
    },
    1,
  );
  const inHouse = (a: Happening, b: Happening) =>
    bench.plain(a) &&
    bench.plain(b) &&
    a.person.place.buildingId === b.person.place.buildingId &&
    exactly(a.person) &&
    exactly(b.person) &&
    gapBetween(a, b) <= 4 &&
    gapBetween(a, b) >= 0;
  bench.plant(providersOf(bench), (provider, number) => {
    if (number % 2 === 0) {
      const found = chains(provider, 1, 3, inHouse);
      if (found === null) return false;
      const [visits] = found.chosen;
      fillGaps(bench, visits!);
      bench.occupy(visits!);
      say(false, "Grannar i samma hus, direkt efter varandra", provider, visits!);
      return true;
    }
    const close: typeof elsewhere = (a, b) => elsewhere(a, b) && apart(a, b) < 800 && gapBetween(a, b) <= 5;
    const found = chains(provider, 1, 3, close);
    if (found === null) return false;
    const visits = found.chosen[0]!.slice(0, 3);
    fillGaps(bench, visits);
    bench.occupy(visits);
    say(false, "Tre besök nära varandra utan paus, en gång", provider, visits);
    return true;
  });
  // In a small place there may be no three.
  if (bench.labels.some((label) => label.rule === rule && !label.planted)) return;
  bench.plant(
    providersOf(bench),
    (provider) => {
      const found = chains(provider, 1, 2, inHouse) ?? chains(provider, 1, 2, elsewhere);
      if (found === null) return false;
      const visits = found.chosen[0]!.slice(0, 2);
      fillGaps(bench, visits);
      bench.occupy(visits);
      say(false, "Två besök efter varandra utan paus, en gång", provider, visits);
      return true;
    },
    1,
  );
}

function plantLateLogins(bench: Bench, used: Set<string>) {
  const { random } = bench;
  const rule = "late-login-elsewhere";
  const far = (a: Happening, b: Happening) =>
    bench.plain(a) &&
    bench.plain(b) &&
    exactly(a.person) &&
    exactly(b.person) &&
    apart(a, b) > 250 &&
    a.person.client.householdId !== b.person.client.householdId &&
    gapBetween(a, b) >= 1 &&
    gapBetween(a, b) <= 10;
  const near = (a: Happening, b: Happening) =>
    bench.plain(a) &&
    bench.plain(b) &&
    exactly(a.person) &&
    exactly(b.person) &&
    a.person.place.buildingId === b.person.place.buildingId &&
    gapBetween(a, b) >= 0 &&
    gapBetween(a, b) <= 10;
  /** Pairs in a row, at most three a day, none of them sharing a visit. */
  const pairsOf = (worker: Worker, month: Month, fits: typeof far) => {
    const pairs: Array<[Happening, Happening]> = [];
    for (const visits of daysAt(bench, worker, month).values()) {
      const list = inOrder(visits);
      const today: Array<[Happening, Happening]> = [];
      for (let index = 1; index < list.length && today.length < 3; index++) {
        const [a, b] = [list[index - 1]!, list[index]!];
        if (today.at(-1)?.[1] === a || !fits(a, b)) continue;
        // Nobody else is with the next one yet.
        if (bench.personFree(b.person, endOf(a) - 4 * MINUTE, endOf(b), [b])) today.push([a, b]);
      }
      pairs.push(...today);
    }
    return pairs;
  };
  /** The next one is logged in a few minutes before the last is left. */
  const early = (pairs: ReadonlyArray<[Happening, Happening]>, minutes: () => number) => {
    let sum = 0;
    for (const [a, b] of pairs) {
      const more = Math.min(minutes(), Math.floor(minutesOf(a)) - 2);
      sum += more;
      bench.retime(b, endOf(a) - more * MINUTE, endOf(b));
    }
    bench.occupy(pairs.flat());
    return sum;
  };
  const pick = (provider: string, least: number, fits: typeof far) => {
    if (bench.months.length === 0) return null;
    const month = random.pick(bench.months);
    for (const worker of workersOf(bench, provider)) {
      if (used.has(worker.staff.id)) continue;
      const pairs = pairsOf(worker, month, fits);
      if (pairs.length < least) continue;
      used.add(worker.staff.id);
      return { worker, pairs, month };
    }
    return null;
  };
  const say = (
    planted: boolean,
    what: string,
    { worker, pairs, month }: NonNullable<ReturnType<typeof pick>>,
    more: { intensity?: "month" | "unit"; minutes?: number } = {},
  ) => {
    const about = { what, staff: worker.staff.id, provider: worker.team.provider.id, ...monthLabel(month), ...more };
    bench.label({ rule, planted, ...about }, ...pairs.flat());
  };

  // A municipal unit, all who work by day.
  const [month] = random.shuffled(bench.months);
  if (month !== undefined) {
    const municipal = bench.organisation.teams.filter(
      ({ kind, provider }) => kind === "day" && provider.regime === "municipal",
    );
    const team = random.pick(municipal);
    for (const worker of team.workers.filter(ordinaryWorker)) {
      if (used.has(worker.staff.id)) continue;
      const pairs = pairsOf(worker, month, far);
      if (pairs.length < 12) continue;
      used.add(worker.staff.id);
      const minutes = early(pairs, () => random.int(1, 4));
      const what = "En hel enhet loggar in hos nästa brukare innan den lämnat den förra";
      say(true, what, { worker, pairs, month }, { intensity: "unit", minutes });
    }
  }
  bench.plant(providersOf(bench), (provider) => {
    const found = pick(provider, 13, far);
    if (found === null) return false;
    const minutes = early(found.pairs, () => random.int(1, 4));
    const what = `Loggade in hos nästa brukare innan den förra var utloggad, ${found.pairs.length} gånger`;
    say(true, what, found, { intensity: "month", minutes });
    return true;
  });
  bench.plant(providersOf(bench), (provider, number) => {
    const found = pick(provider, 4, number % 2 === 0 ? far : near);
    if (found === null) return false;
    found.pairs = found.pairs.slice(0, number % 2 === 0 ? 4 : 20);
    early(found.pairs, () => random.int(1, 3));
    const what = number % 2 === 0 ? "Någon gång i veckan en minut eller två för tidigt" : "Grannar i samma hus";
    say(false, what, found);
    return true;
  });
}

export function plantTravel(bench: Bench) {
  const used = new Set<string>();
  plantMissingTravel(bench);
  plantLateLogins(bench, used);
  plantZeroGaps(bench, used);
}
