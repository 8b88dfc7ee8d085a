import { atMinute, day as dayOfDate, daysOfMonth, formatDay, HOUR, MINUTE, mondayOf, monthOf, weekdayOf } from "#model";
import type { Day, Instant, LocalDate } from "#model";
import type { Organisation, Team } from "./organisation.ts";
import type { PeopleSource } from "./people.ts";
import type { Random } from "./random.ts";
import { degreesOf } from "./town.ts";
import type { Place, Town } from "./town.ts";
import type {
  Proof,
  WorldAbsence,
  WorldClient,
  WorldDecision,
  WorldOrder,
  WorldOrderLine,
  WorldServicePlan,
  WorldTag,
} from "./world.ts";

/** A visit that recurs: when, how long and for which lines of an order. */
export interface Need {
  person: Person;
  team: Team;
  order: WorldOrder;
  lines: WorldOrderLine[];
  services: string[];
  /** Minute of the day; from 1440 on it belongs to the next calendar day. */
  minute: number;
  minutes: number;
  staffing: 1 | 2;
  from: Day;
  through: Day;
  /** From when its order holds, and fortnights are counted. */
  orderedFrom: Day;
  law: "SoL" | "HSL";
}

/** A client with what an observer knows beyond the registers. */
export interface Person {
  client: WorldClient;
  place: Place;
  team: Team;
  needs: Need[];
  orders: WorldOrder[];
  stays: WorldAbsence[];
  diedAt?: Instant;
  alarm: boolean;
  /** How most of their visits are registered. */
  proof: Proof;
  tagId: string;
  lockId: string;
  profile: "light" | "moderate" | "heavy";
  /** From the first to the last day with help. */
  from: Day;
  through: Day;
}

export interface Population {
  people: Person[];
  decisions: WorldDecision[];
  orders: WorldOrder[];
  absences: WorldAbsence[];
  tags: WorldTag[];
  servicePlans: WorldServicePlan[];
  /** Adds an order with its decision; `lines` get their ids here. */
  order: (wanted: OrderWanted) => WorldOrder;
  /** Adds a client with a home and no help. */
  person: (team: Team, place?: Place, householdId?: string) => Person;
  absence: (person: Person, wanted: Omit<WorldAbsence, "id" | "source" | "clientId">) => WorldAbsence;
}

export interface OrderWanted {
  person: Person;
  team: Team;
  law: "SoL" | "HSL";
  source?: WorldOrder["source"];
  orderedAt: Instant;
  validFrom: Day;
  validTo?: Day;
  lines: Array<Omit<WorldOrderLine, "id">>;
}

/** Whether a need falls on a day by its line's frequency; the day is that of the visit's local start. */
export function expects(need: Need, day: Day): boolean {
  if (day < need.from || day > need.through) return false;
  const line = need.lines[0]!;
  if (line.per === "month") {
    // Of a part of a month only a part is granted: nothing is planned in one.
    const { first, last } = daysOfMonth(monthOf(day));
    const { validFrom, validTo } = need.order.versions.at(-1)!;
    if (dayOfDate(validFrom) > first || (validTo !== undefined && dayOfDate(validTo) < last)) return false;
  }
  return occurs(line, need.orderedFrom, day);
}

/** Where lines by the month put their visits. */
const monthDays = [6, 20];

export function occurs(line: WorldOrderLine, validFrom: Day, day: Day): boolean {
  if (line.per === "month") {
    const date = Number(formatDay(day).slice(8));
    return monthDays.slice(0, line.times).includes(date);
  }
  if (line.per === "once") return day === validFrom;
  if (line.weekdays !== undefined && !line.weekdays.includes(weekdayOf(day))) return false;
  return line.per !== "fortnight" || ((mondayOf(day) - mondayOf(validFrom)) / 7) % 2 === 0;
}

const between = (random: Random, middle: number, spread: number, earliest: number, latest: number) =>
  Math.max(earliest, Math.min(latest, Math.round(middle + random.normal() * spread)));

type Wish = { lines: Array<Omit<WorldOrderLine, "id">>; minute: number; to: "day" | "night" | "nurse" };

const everyDay = [1, 2, 3, 4, 5, 6, 7];
const workdays = [1, 2, 3, 4, 5];
/** Numbers of the clients whose identity is protected. */
const hidden = [19, 41];

/** What a client of the profile is granted, and at what time they want it. */
function wishes(random: Random, profile: Person["profile"], alarm: boolean): Wish[] {
  const list: Wish[] = [];
  const morning = () => between(random, 485, 35, 425, 590);
  const midday = () => between(random, 725, 25, 670, 800);
  const afternoon = () => between(random, 905, 25, 860, 960);
  const evening = () => between(random, 1125, 45, 1025, 1255);
  const add = (
    service: string,
    minutes: number,
    minute: number,
    partOfDay: WorldOrderLine["partOfDay"] & string,
    weekdays: number[] = everyDay,
    more: Partial<WorldOrderLine> = {},
  ) => {
    // In the evening few are at work: who needs two is helped by day.
    const double = weekdays.length > 4 && service !== "tillsyn" && partOfDay !== "evening" && random.chance(0.055);
    const line: Omit<WorldOrderLine, "id"> = {
      service,
      minutes,
      times: 1,
      per: weekdays.length > 4 ? "day" : "week",
      partOfDay,
    };
    if (weekdays.length < 7) line.weekdays = weekdays;
    if (double) line.staffing = 2;
    list.push({ lines: [{ ...line, ...more }], minute, to: "day" });
  };
  const household = () => {
    const weekday = random.int(1, 5);
    const per = random.chance(0.6) ? "fortnight" : "week";
    add("stad", random.pick([45, 60, 60, 75]), random.int(570, 850), "any", [weekday], { per });
    if (random.chance(0.4)) add("inkop", random.pick([30, 40]), random.int(590, 840), "any", [1 + (weekday % 5)]);
    if (random.chance(0.3))
      add("tvatt", 30, random.int(600, 830), "any", [1 + ((weekday + 1) % 5)], { per: "fortnight" });
  };
  if (alarm) list.push({ lines: [{ service: "larm", minutes: 10, times: 1, per: "month" }], minute: -1, to: "day" });
  if (profile === "light") {
    household();
    if (random.chance(0.25)) add("social", 30, random.int(800, 900), "afternoon", [random.int(1, 5)]);
  } else {
    const heavy = profile === "heavy";
    add(
      "omvardnad",
      random.pick(heavy ? [25, 30, 30] : [15, 20, 25]),
      morning(),
      "morning",
      heavy || random.chance(0.75) ? everyDay : workdays,
    );
    if (heavy || random.chance(0.3)) {
      const lines: Wish["lines"] = [{ service: "maltid", minutes: 15, times: 1, per: "day", partOfDay: "midday" }];
      if (random.chance(0.15))
        lines.push({ service: "omvardnad", minutes: 10, times: 1, per: "day", partOfDay: "midday" });
      list.push({ lines, minute: midday(), to: "day" });
    }
    if (heavy && random.chance(0.45)) add("tillsyn", random.pick([10, 15]), afternoon(), "afternoon");
    if (heavy || random.chance(0.35))
      add(
        "omvardnad",
        random.pick([15, 20, 25]),
        evening(),
        "evening",
        heavy ? everyDay : random.pick([everyDay, workdays]),
      );
    if (random.chance(0.5)) add("dusch", 30, random.int(600, 660), "any", [random.int(1, 5)]);
    if (random.chance(0.45)) household();
    if (heavy && random.chance(0.28)) {
      for (const minute of [random.int(1345, 1385), random.int(1545, 1690)].slice(0, random.int(1, 2))) {
        list.push({
          lines: [{ service: "nattillsyn", minutes: 15, times: 1, per: "day", partOfDay: "night" }],
          minute,
          to: "night",
        });
      }
    }
    if (random.chance(0.2)) {
      const weekdays = random.pick([[1, 3, 5], [2, 4], everyDay]);
      list.push({
        lines: [
          {
            service: "hsl",
            minutes: 15,
            times: 1,
            per: weekdays.length > 4 ? "day" : "week",
            ...(weekdays.length < 7 && { weekdays }),
          },
        ],
        minute: random.int(480, 700),
        to: "nurse",
      });
    }
    if (random.chance(0.06)) {
      list.push({ lines: [{ service: "ledsagning", minutes: 60, times: 1, per: "month" }], minute: 780, to: "day" });
    }
  }
  return list;
}

export function makePopulation(
  random: Random,
  who: PeopleSource,
  town: Town,
  organisation: Organisation,
  count: number,
  from: Day,
  through: Day,
): Population {
  const population: Population = {
    people: [],
    decisions: [],
    orders: [],
    absences: [],
    tags: [],
    servicePlans: [],
    order,
    person,
    absence,
  };
  const dayTeams = organisation.teams.filter(({ kind }) => kind === "day");
  const nights = organisation.teams.filter(({ kind }) => kind === "night");
  const nurses = organisation.teams.filter(({ kind }) => kind === "nurse");
  const earlier = formatDay(from - 200);
  const decisions = new Map<string, WorldDecision>();

  function person(team: Team, place?: Place, householdId?: string): Person {
    const number = population.people.length + 1;
    const area = random.chance(0.07) ? team.areas.at(-1)! : team.areas[random.int(0, team.areas.length - 2)]!;
    const home = place ?? town.home(area);
    const id = `C${number}`;
    // One of each of the numbers that are not ordinary personal identity numbers.
    const personalIdentityNumber =
      number === 7 ? who.coordinationNumber() : number === 11 ? "18910101TF03" : who.personalIdentityNumber();
    const exactness = random.next();
    const precision = exactness < 0.93 ? "exact" : exactness < 0.98 ? "street" : "postcode";
    const client: WorldClient = {
      id,
      personalIdentityNumber,
      name: who.name(),
      protection: "none",
      householdId: householdId ?? `HH${number}`,
      homes: [{ from: "2015-01-01", ...degreesOf(home), precision, buildingId: home.buildingId, area: home.area }],
      ids: { files: id, lifecare: String(800_000 + number * 3) },
    };
    if (team.unit.visitsIn === "phoniro") client.ids.phoniro = String(20_000 + number * 2);
    if (team.unit.plansIn === "carefox") client.ids.carefox = `pat-${String(number * 13 + 100)}`;
    if (team.unit.ordersIn === "combine") client.ids.combine = String(500_000 + number);
    const kind = random.next();
    const made: Person = {
      client,
      place: home,
      team,
      needs: [],
      orders: [],
      stays: [],
      alarm: random.chance(0.35),
      proof: kind < 0.3 ? "lock" : kind < 0.75 ? "nfc" : team.unit.visitsIn === "lifecare" ? "bluetooth" : "phone",
      tagId: `T${number}`,
      lockId: `L${number}`,
      profile: "light",
      from,
      through,
    };
    population.tags.push({ id: made.tagId, clientId: id, from: earlier });
    if (made.proof === "lock") population.tags.push({ id: made.lockId, clientId: id, from: earlier });
    population.people.push(made);
    return made;
  }

  function order({
    person,
    team,
    law,
    source = team.unit.ordersIn,
    orderedAt,
    validFrom,
    validTo,
    lines,
  }: OrderWanted) {
    const number = population.orders.length + 1;
    const id = source === "lifecare" ? String(2_600_000 + number) : `CB${80_000 + number}`;
    const decisionId = source === "lifecare" ? String(310_000 + number) : `BD${30_000 + number}`;
    const validity: { validFrom: LocalDate; validTo?: LocalDate } = { validFrom: formatDay(validFrom) };
    if (validTo !== undefined) validity.validTo = formatDay(validTo);
    const decision: WorldDecision = {
      id: decisionId,
      source,
      at: orderedAt - HOUR,
      clientId: person.client.id,
      decidedOn: formatDay(Math.floor((orderedAt - HOUR) / 86_400_000)),
      law,
      ...validity,
    };
    // Every other decision holds until it is followed up, some time after the period.
    if (validTo === undefined && number % 2 === 0) decision.validTo = formatDay(through + 30 + ((number * 37) % 300));
    decisions.set(decisionId, decision);
    population.decisions.push(decision);
    const named = lines.map((line, index) => ({ id: `${id}-${index + 1}`, ...line }));
    const acceptedAt = orderedAt + 3 * HOUR;
    const made: WorldOrder = {
      id,
      source,
      clientId: person.client.id,
      unitId: team.unit.id,
      decisionId,
      orderedAt,
      versions: [
        { at: orderedAt, status: "sent", ...validity, lines: named },
        { at: acceptedAt, status: "accepted", acceptedAt, ...validity, lines: named },
      ],
    };
    person.orders.push(made);
    population.orders.push(made);
    return made;
  }

  function absence(person: Person, wanted: Omit<WorldAbsence, "id" | "source" | "clientId">): WorldAbsence {
    const number = population.absences.length + 1;
    const source = person.team.unit.ordersIn === "lifecare" ? "lifecare" : "files";
    const id = source === "lifecare" ? String(550_000 + number) : `fr-${number}`;
    const made: WorldAbsence = { id, source, clientId: person.client.id, ...wanted };
    population.absences.push(made);
    person.stays.push(made);
    return made;
  }

  const need = (person: Person, team: Team, made: WorldOrder, first: number, wish: Wish, starts: Day, ends: Day) => {
    const lines = made.versions.at(-1)!.lines.slice(first, first + wish.lines.length);
    person.needs.push({
      person,
      team,
      order: made,
      lines,
      services: [...new Set(lines.map(({ service }) => service))],
      minute: wish.minute,
      minutes: lines.reduce((sum, { minutes }) => sum + minutes, 0),
      staffing: lines[0]!.staffing ?? 1,
      from: starts,
      through: ends,
      orderedFrom: dayOfDate(made.versions[0]!.validFrom),
      law: wish.to === "nurse" ? "HSL" : "SoL",
    });
  };

  /** Orders for the wishes, one per unit, with the needs they make. */
  const grant = (
    one: Person,
    wanted: Wish[],
    starts: Day,
    ends: Day,
    more: { orderedAt: Instant; validFrom: Day; validTo?: Day; source?: WorldOrder["source"] },
  ) => {
    const number = Number(one.client.id.slice(1));
    const teams = { day: one.team, night: nights[number % nights.length]!, nurse: nurses[number % nurses.length]! };
    for (const to of ["day", "night", "nurse"] as const) {
      const own = wanted.filter((wish) => wish.to === to);
      if (own.length === 0) continue;
      const { source, ...rest } = more;
      const made = order({
        person: one,
        team: teams[to],
        law: to === "nurse" ? "HSL" : "SoL",
        lines: own.flatMap(({ lines }) => lines),
        ...rest,
        ...(to === "day" && source !== undefined && { source }),
      });
      let first = 0;
      for (const wish of own) {
        if (wish.minute >= 0) need(one, teams[to], made, first, wish, starts, ends);
        first += wish.lines.length;
      }
    }
  };

  const ended = (made: WorldOrder, at: Instant, validTo: Day) => {
    made.versions.push({ ...made.versions.at(-1)!, at, status: "ended", validTo: formatDay(validTo) });
    decisions.get(made.decisionId)!.validTo = formatDay(validTo);
  };

  let spouse: Person | null = null;
  // What small providers have comes on top.
  const clients = Math.round(count * dayTeams.reduce((sum, { share }) => sum + share, 0));
  while (population.people.length < clients) {
    let one: Person;
    const next = population.people.length + 1;
    if (spouse !== null && !hidden.includes(next) && random.chance(0.07)) {
      one = person(spouse.team, spouse.place, spouse.client.householdId);
      one.client.homes = spouse.client.homes;
      spouse = null;
    } else {
      one = person(dayTeams[random.weighted(dayTeams.map(({ share }) => share))]!);
      spouse = one;
    }
    const kind = random.next();
    one.profile = kind < 0.33 ? "light" : kind < 0.73 ? "moderate" : "heavy";
    const number = population.people.length;
    const long = from - random.int(40, 500);
    const orderedAt = atMinute(long - random.int(3, 7), random.int(500, 950));
    const wanted = wishes(random, one.profile, one.alarm);
    // Where minutes are rounded by the visit, a visit is for one service.
    if (organisation.agreements.get(one.team.provider.id)!.roundTo > 0)
      for (const wish of wanted) wish.lines = wish.lines.slice(0, 1);
    const fate = random.next();
    const middle = random.int(from + 8, Math.max(from + 8, through - 12));
    if (fate < 0.06) {
      one.from = middle;
      const ordered = atMinute(middle - random.int(3, 6), random.int(500, 950));
      grant(one, wanted, middle, through, { orderedAt: ordered, validFrom: middle });
    } else if (fate < 0.1) {
      one.through = middle;
      grant(one, wanted, from, middle, { orderedAt, validFrom: long });
      for (const made of one.orders) ended(made, atMinute(middle - random.int(2, 5), 600), middle);
    } else if (fate < 0.15) {
      // Reassessed: the first order ends and another, with other minutes, takes over.
      grant(one, wanted, from, middle - 1, { orderedAt, validFrom: long });
      const decidedAt = atMinute(middle - random.int(3, 6), 660);
      for (const made of one.orders) ended(made, decidedAt, middle - 1);
      const more = random.chance(0.5) ? 5 : -5;
      const changed = wanted.map((wish) => ({
        ...wish,
        lines: wish.lines.map((line) =>
          line.service === "omvardnad" && line.minutes >= 15 ? { ...line, minutes: line.minutes + more } : line,
        ),
      }));
      grant(one, changed, middle, through, { orderedAt: decidedAt, validFrom: middle });
    } else if (one.team.unit.ordersIn === "combine" && fate < 0.19) {
      // Moved from Combine to Lifecare with everything as it was.
      grant(one, wanted, from, middle - 1, { orderedAt, validFrom: long, source: "combine" });
      const movedAt = atMinute(middle - 3, 840);
      for (const made of one.orders) if (made.source === "combine") ended(made, movedAt, middle - 1);
      for (const kept of one.needs) if (kept.team !== one.team) kept.through = through;
      grant(
        one,
        wanted.filter(({ to }) => to === "day"),
        middle,
        through,
        { orderedAt: movedAt, validFrom: middle, source: "lifecare" },
      );
    } else {
      grant(one, wanted, from, through, { orderedAt, validFrom: long });
      const trouble = random.next();
      const start = random.int(from + 3, through - 5);
      if (one.profile !== "light" && trouble < 0.09) {
        const at = atMinute(start, random.int(480, 1300));
        const notifiedAt = at + random.int(40, 900) * MINUTE;
        absence(one, {
          at: notifiedAt + 5 * MINUTE,
          from: at,
          to: atMinute(start + random.int(2, 11), random.int(660, 960)),
          kind: "hospital",
          planned: false,
          notifiedAt,
        });
      } else if (trouble < 0.15) {
        const notifiedAt = atMinute(start - random.int(6, 16), random.int(500, 900));
        absence(one, {
          at: notifiedAt + 10 * MINUTE,
          from: atMinute(start, 580),
          to: atMinute(start + random.int(2, 6), 1000),
          kind: random.chance(0.6) ? "away" : "shortTermStay",
          planned: true,
          notifiedAt,
        });
      } else if (trouble < 0.158 || number === 23) {
        one.client.deceasedOn = formatDay(start);
        one.diedAt = atMinute(start, 300);
        one.through = start;
        for (const made of one.orders) ended(made, atMinute(start + 1, 560), start + 3);
      }
    }
    // Two protected identities: nobody may know where they live.
    if (hidden.includes(number)) {
      one.client.protection = number === hidden[0] ? "protectedRegistration" : "confidential";
      one.client.homes = [];
      spouse = null;
    }
    if (random.chance(0.7)) {
      const established = from - random.int(5, 150);
      population.servicePlans.push({
        id: `GP${number}`,
        clientId: one.client.id,
        unitId: one.team.unit.id,
        establishedOn: formatDay(established),
        followUpOn: formatDay(established + 180),
        clientParticipated: random.chance(0.9),
      });
    }
  }
  return population;
}
