import { formatDay, weekdayOf } from "#model";
import type { Day } from "#model";
import { makeAgreement } from "./contracts.ts";
import type { Agreement } from "./contracts.ts";
import { organisationNumber } from "./people.ts";
import type { PeopleSource } from "./people.ts";
import type { Random } from "./random.ts";
import type { Area, Place, Town, Transport } from "./town.ts";
import type { WorldContract, WorldEmployment, WorldProvider, WorldService, WorldStaff, WorldUnit } from "./world.ts";

export const services: readonly WorldService[] = [
  { code: "omvardnad", name: "Omvårdnad", kind: "care", law: "SoL" },
  { code: "tillsyn", name: "Tillsyn", kind: "care", law: "SoL" },
  { code: "maltid", name: "Måltidsstöd", kind: "care", law: "SoL" },
  { code: "dusch", name: "Dusch", kind: "care", law: "SoL" },
  { code: "social", name: "Social samvaro", kind: "care", law: "SoL" },
  { code: "stad", name: "Städning", kind: "household", law: "SoL" },
  { code: "tvatt", name: "Tvätt", kind: "household", law: "SoL" },
  { code: "inkop", name: "Inköp", kind: "household", law: "SoL" },
  { code: "ledsagning", name: "Ledsagning", kind: "escort", law: "SoL", away: true },
  { code: "avlosning", name: "Avlösning i hemmet", kind: "respite", law: "SoL" },
  { code: "larm", name: "Trygghetslarm", kind: "alarm", law: "SoL" },
  { code: "nattillsyn", name: "Tillsyn natt", kind: "care", law: "SoL" },
  { code: "nattvak", name: "Vak natt", kind: "nightWatch", law: "SoL" },
  { code: "fonster", name: "Fönsterputs", kind: "household", law: "SoL" },
  { code: "matlada", name: "Matdistribution", kind: "meal", law: "SoL" },
  { code: "hsl", name: "Hälso- och sjukvårdsinsats", kind: "nursing", law: "HSL" },
];

export type UnitKind = "day" | "night" | "nurse" | "rural";

/** A unit with what its planner knows. */
export interface Team {
  unit: WorldUnit;
  provider: WorldProvider;
  kind: UnitKind;
  areas: Area[];
  base: Place;
  workers: Worker[];
  transports: Transport[];
  /** Of the usual six's clients; only units that work by day have any of their own. */
  share: number;
}

/** One employment of one person. */
export interface Worker {
  staff: WorldStaff;
  employment: WorldEmployment;
  team: Team;
  shift: "day" | "evening" | "night";
  index: number;
  /** Days off from a rota that they would have been on. */
  away: Map<Day, "sick" | "leave">;
  /** A second employment: works on these days only. */
  onlyOn?: Set<Day>;
  deviceId: string;
}

export interface Organisation {
  providers: WorldProvider[];
  teams: Team[];
  staff: WorldStaff[];
  contracts: WorldContract[];
  /** By provider. */
  agreements: Map<string, Agreement>;
}

interface Outline {
  name: string;
  regime: WorldProvider["regime"];
  /** Of the clients. */
  share: number;
  ordersIn: WorldUnit["ordersIn"];
  plansIn: WorldUnit["plansIn"];
  visitsIn: WorldUnit["visitsIn"];
}

const plan: readonly Outline[] = [
  {
    name: "Hemtjänsten Centrum",
    regime: "municipal",
    share: 0.25,
    ordersIn: "lifecare",
    plansIn: "lifecare",
    visitsIn: "lifecare",
  },
  {
    name: "Hemtjänsten Landsbygd",
    regime: "municipal",
    share: 0.16,
    ordersIn: "lifecare",
    plansIn: "lifecare",
    visitsIn: "lifecare",
  },
  {
    name: "Omsorgshuset i Dalen AB",
    regime: "private",
    share: 0.17,
    ordersIn: "lifecare",
    plansIn: "carefox",
    visitsIn: "phoniro",
  },
  {
    name: "Björkens Hemtjänst AB",
    regime: "private",
    share: 0.15,
    ordersIn: "lifecare",
    plansIn: "carefox",
    visitsIn: "phoniro",
  },
  {
    name: "Trygg Vardag AB",
    regime: "private",
    share: 0.14,
    ordersIn: "combine",
    plansIn: "carefox",
    visitsIn: "phoniro",
  },
  {
    name: "Lindens Omsorg ekonomisk förening",
    regime: "private",
    share: 0.13,
    ordersIn: "combine",
    plansIn: "files",
    visitsIn: "combine",
  },
];

const moreNames = ["Solgläntans", "Åkerbo", "Näktergalens", "Kvarnens", "Fyrens", "Tallmons", "Rosengårdens", "Ängens"];

/** The usual six, and small companies on the same systems where more are wanted. */
function outlines(count: number): Outline[] {
  const small = Array.from({ length: Math.max(0, count - plan.length) }, (_, index): Outline => {
    const name = `${moreNames[index % moreNames.length] ?? ""} Hemtjänst ${index + 1} AB`;
    return { ...plan[2 + (index % 4)]!, name, share: 0.06 };
  });
  return [...plan, ...small];
}

/** Ten days of fourteen, one weekend of two. */
export function onRota(worker: Worker, day: Day): boolean {
  if (worker.onlyOn !== undefined) return worker.onlyOn.has(day);
  if (worker.shift === "night") return Math.floor((day + worker.index * 4) / 4) % 2 === 0;
  const weekday = weekdayOf(day);
  const week = (Math.floor((day + 3) / 7) + worker.index) % 2;
  if (week === 0) return weekday !== 1 + ((worker.index >> 1) % 4);
  const secondDayOff = 1 + ((worker.index >> 1) % 5);
  return weekday <= 5 && weekday !== secondDayOff;
}

export function makeOrganisation(
  random: Random,
  who: PeopleSource,
  town: Town,
  clients: number,
  from: Day,
  through: Day,
  count = plan.length,
): Organisation {
  const all = outlines(count);
  const providers: WorldProvider[] = [];
  const teams: Team[] = [];
  const staff: WorldStaff[] = [];
  const contracts: WorldContract[] = [];
  const agreements = new Map<string, Agreement>();
  const villages = town.areas.filter(({ village }) => village);
  const districts = town.areas.filter(({ village }) => !village);
  const long = formatDay(from - 400);

  const addTeam = (provider: WorldProvider, index: number, kind: UnitKind, name: string) => {
    // Far out there are neither locks nor tags: phones say where they are, in files of the unit's own.
    const system: Outline = kind === "rural" ? { ...all[index]!, plansIn: "files", visitsIn: "files" } : all[index]!;
    const number = teams.length + 1;
    const areas =
      kind === "day"
        ? [0, 1, 2, 3].map((step) => districts[(number * 3 + step * 2) % districts.length]!)
        : [...districts];
    const unit: WorldUnit = {
      id: `U${number}`,
      providerId: provider.id,
      name,
      ids: { files: `U${number}`, lifecare: String(2100 + number) },
      lifecare: { planningUnitId: `PE-${300 + number}`, organisationUnitId: `ORG-${7100 + number}` },
      ordersIn: system.ordersIn,
      plansIn: system.plansIn,
      visitsIn: system.visitsIn,
    };
    if (system.visitsIn === "phoniro" || system.visitsIn === "combine") unit.ids.phoniro = `E${500 + number}`;
    if (system.plansIn === "carefox") unit.ids.carefox = `Dalen.Enhet${number}`;
    if (system.ordersIn === "combine") unit.ids.combine = String(60 + number);
    const centre = areas[0]!;
    teams.push({
      unit,
      provider,
      kind,
      areas:
        kind === "day" ? [...new Set([...areas, villages[number % villages.length]!])] : [...districts, ...villages],
      base: { x: centre.x, y: centre.y, buildingId: `K${number}`, area: centre.name },
      workers: [],
      share: 0,
      transports: kind === "day" ? ["car", "bicycle", "car", "walking", "car", "bicycle", "car", "walking"] : ["car"],
    });
  };

  for (const [index, { name, regime, share }] of all.entries()) {
    const provider: WorldProvider = {
      id: `P${index + 1}`,
      organisationNumber: organisationNumber(random, regime === "municipal" ? "2120" : "5569"),
      name,
      regime,
      ...(regime === "private" && { permitFrom: formatDay(from - 900) }),
    };
    providers.push(provider);
    const agreement = makeAgreement(provider, index, from);
    agreements.set(provider.id, agreement);
    contracts.push(agreement.contract);
    const units = Math.max(1, Math.round((clients * share) / 62));
    for (let unit = 1; unit <= units; unit++) {
      addTeam(provider, index, "day", units === 1 ? name : `${name} ${unit}`);
      teams.at(-1)!.share = share / units;
    }
  }
  for (let unit = 0; unit < Math.max(1, Math.round(clients / 500)); unit++) {
    addTeam(providers[1]!, 1, "night", unit === 0 ? "Nattpatrullen" : `Nattpatrullen ${unit + 1}`);
    addTeam(providers[1]!, 1, "nurse", unit === 0 ? "Hemsjukvården" : `Hemsjukvården ${unit + 1}`);
  }
  addTeam(providers[1]!, 1, "rural", "Gårdsrundorna");

  const employ = (person: WorldStaff, team: Team, shift: Worker["shift"]): Worker => {
    const number = Number(person.id.slice(1));
    const second = person.employments.length > 0;
    const employment: WorldEmployment = {
      providerId: team.provider.id,
      unitId: team.unit.id,
      from: long,
      transport: team.transports[team.workers.length % team.transports.length]!,
      ids: { files: second ? `${person.id}-${person.employments.length + 1}` : person.id },
    };
    const { ids } = employment;
    if (team.unit.visitsIn === "lifecare") ids.lifecare = `anv${String(10_000 + number)}`;
    else if (team.unit.visitsIn !== "files") ids.phoniro = String((second ? 70_000 : 40_000) + number);
    if (team.unit.plansIn === "carefox") ids.carefox = String((second ? 9000 : 3000) + number * 7);
    if (team.unit.visitsIn === "combine") ids.combine = `L${String(second ? 5000 + number : number).padStart(4, "0")}`;
    person.employments.push(employment);
    const worker: Worker = {
      staff: person,
      employment,
      team,
      shift,
      index: team.workers.length,
      away: new Map(),
      deviceId: `tel-${team.unit.id}-${team.workers.length + 1}`,
    };
    team.workers.push(worker);
    return worker;
  };
  const hire = (team: Team, shift: Worker["shift"]) => {
    const number = staff.length + 1;
    const personalIdentityNumber = who.personalIdentityNumber();
    const person: WorldStaff = {
      id: `S${number}`,
      personalIdentityNumber,
      hsaId: `SE${team.provider.organisationNumber.replace("-", "")}-${1000 + number}`,
      name: who.name(),
      addressBuildingId: `B${number}`,
      employments: [],
    };
    staff.push(person);
    return employ(person, team, shift);
  };

  const total = Math.max(12, Math.round(clients * 0.3));
  const dayTeams = teams.filter(({ kind }) => kind === "day");
  for (const team of teams) {
    if (team.kind === "night") for (let index = 0; index < 6; index++) hire(team, "night");
    if (team.kind === "nurse") for (let index = 0; index < 5; index++) hire(team, "day");
  }
  // A third works evenings, spread so that every unit has both from its first three on, and two on most evenings.
  for (let index = 0; staff.length < total || index < dayTeams.length * 7; index++) {
    const team = dayTeams[index % dayTeams.length]!;
    const number = team.workers.length;
    hire(team, number % 3 === 2 || number === 6 ? "evening" : "day");
  }
  for (const team of teams) if (team.kind === "rural") for (let index = 0; index < 2; index++) hire(team, "day");

  for (const worker of teams.flatMap(({ workers }) => workers)) {
    if (random.chance(0.12)) {
      const start = random.int(from, through);
      for (let day = start; day < start + 7; day++) worker.away.set(day, "leave");
    }
    for (let day = from; day <= through; day++) {
      if (!random.chance(0.008)) continue;
      const until = day + random.int(1, 4);
      for (; day < until; day++) worker.away.set(day, "sick");
    }
  }

  // Some work for two providers: at the second on days that the first one's rota leaves free.
  const privateTeams = dayTeams.filter(({ provider }) => provider.regime === "private");
  const candidates = random.shuffled(
    dayTeams.flatMap(({ workers }) => workers).filter(({ shift, index }) => shift === "day" && index > 0),
  );
  for (const [index, worker] of candidates.slice(0, Math.max(3, Math.round(total / 10))).entries()) {
    const other = privateTeams.filter(({ provider }) => provider !== worker.team.provider)[
      index % (privateTeams.length - 1)
    ];
    if (other === undefined || worker.away.size > 7) continue;
    const second = employ(worker.staff, other, "day");
    second.onlyOn = new Set();
    let last = -Infinity;
    for (let day = from; day <= through; day++) {
      if (onRota(worker, day) || worker.away.has(day) || !random.chance(0.6) || day - last < 7) continue;
      second.onlyOn.add(day);
      last = day;
    }
  }
  return { providers, teams, staff, contracts, agreements };
}
