import { day as dayOfDate } from "#model";
import type { LocalDate } from "#model";
import { makeClaims } from "./claims.ts";
import { makePopulation } from "./clients.ts";
import type { Person } from "./clients.ts";
import { makeDays } from "./days.ts";
import type { Happening } from "./days.ts";
import { makeOrganisation, services } from "./organisation.ts";
import type { Organisation } from "./organisation.ts";
import { people } from "./people.ts";
import { rebill } from "./plants/billing.ts";
import { makeBench, plantAll, type Opening } from "./plants/index.ts";
import { type Random, random } from "./random.ts";
import { makeTown } from "./town.ts";
import type { World, WorldAlias, WorldClaim, WorldLockEvent } from "./world.ts";

export interface WorldOptions {
  seed: number;
  clients?: number;
  from?: LocalDate;
  through?: LocalDate;
  /** Six, and small ones beside them: what is unusual shows only among many. */
  providers?: number;
  /** What goes wrong in every real municipality without anybody's doing. */
  noise?: boolean;
}

/** The synthetic municipality of a seed: the same seed and size make the same world, on every machine. */
export function makeWorld({
  seed,
  clients = 400,
  from = "2026-09-01",
  through = "2026-10-31",
  providers,
  noise = false,
}: WorldOptions): World {
  const first = dayOfDate(from);
  const last = dayOfDate(through);
  const who = people(random(seed, "people"));
  const town = makeTown(random(seed, "town"), clients);
  const organisation = makeOrganisation(random(seed, "organisation"), who, town, clients, first, last, providers);
  const population = makePopulation(random(seed, "clients"), who, town, organisation, clients, first, last);
  const days = makeDays(random(seed, "days"), organisation, population, first, last);
  const bench = makeBench({
    random: random(seed, "plants"),
    who,
    organisation,
    population,
    days,
    from: first,
    through: last,
  });
  plantAll(bench, noise);
  const billed = makeClaims(
    random(seed, "claims"),
    organisation,
    population,
    days.happenings,
    bench.unjoined,
    bench.byDay,
    first,
    last,
  );
  const claims = rebill([...billed, ...bench.claims], bench);
  nameByPlanner(claims, bench.unjoined);
  const clientList = population.people.map(({ client }) => client);
  return {
    seed,
    from,
    through,
    providers: organisation.providers,
    units: organisation.teams.map(({ unit }) => unit),
    clients: clientList,
    staff: organisation.staff,
    services: [...services],
    decisions: population.decisions,
    orders: population.orders,
    plans: days.bookings.map(({ plan }) => plan),
    visits: days.happenings.map(({ visit }) => visit),
    absences: population.absences,
    shifts: days.shifts,
    lockEvents: lockEvents(random(seed, "locks"), days.happenings, bench.openings),
    tags: population.tags,
    contracts: organisation.contracts,
    claims,
    meals: bench.meals,
    servicePlans: population.servicePlans,
    aliases: aliases(organisation, population.people, bench.unjoined),
    labels: bench.labels,
  };
}

/** Invoices are made in the planner: they name clients by its numbers, which says nothing where nobody has joined them. */
function nameByPlanner(claims: readonly WorldClaim[], unjoined: ReadonlySet<Person>): void {
  const numbers = new Map(
    [...unjoined].map(({ client, team }) => [`${team.provider.id} ${client.id}`, client.ids.carefox]),
  );
  for (const claim of claims) {
    const number = numbers.get(`${claim.providerId} ${claim.clientId}`);
    if (number !== undefined) claim.namedAs = number;
  }
}

/**
 * The lock log of the homes that Phoniro's locks open. Whoever comes opens the lock, whatever is then registered and in
 * which system; now and then the client is at the door first.
 */
function lockEvents(chance: Random, happenings: readonly Happening[], openings: readonly Opening[]): WorldLockEvent[] {
  const events: WorldLockEvent[] = [];
  const log = (person: Person, event: Omit<WorldLockEvent, "id" | "lockId" | "clientId">) =>
    events.push({ id: `lh${events.length + 1}`, lockId: person.lockId, clientId: person.client.id, ...event });
  for (const { visit, person, unopened } of happenings) {
    if (person.proof !== "lock" || person.team.unit.visitsIn !== "phoniro") continue;
    // The lock was opened when the visit began to be registered, whatever anyone wrote later.
    const { startProof, endProof, start, end } = visit.versions[0]!;
    const { staffId, deviceId } = visit;
    const atTheDoor = startProof !== "lock" && chance.chance(0.1);
    if (unopened !== true && !atTheDoor) log(person, { staffId, at: start, event: "opened", deviceId });
    if (endProof === "lock" && end !== null) log(person, { staffId, at: end, event: "locked", deviceId });
  }
  for (const { person, ...event } of openings) log(person, event);
  return events;
}

/** What the municipality has joined by hand: the ids that no number connects. */
function aliases(organisation: Organisation, clients: readonly Person[], unjoined: ReadonlySet<Person>): WorldAlias[] {
  const made: WorldAlias[] = [];
  for (const { id } of organisation.providers) {
    // Lifecare numbers the companies, and has no organisation number to join them by.
    const number = id.replace(/\D/g, "");
    made.push({ kind: "provider", source: "lifecare", id: number, sameAsSource: "files", sameAsId: id });
  }
  for (const { unit } of organisation.teams) {
    const files = { sameAsSource: "files", sameAsId: unit.id } as const;
    for (const source of ["lifecare", "phoniro", "carefox", "combine"] as const) {
      const id = unit.ids[source];
      if (id !== undefined) made.push({ kind: "unit", source, id, ...files });
    }
    for (const id of [unit.lifecare?.planningUnitId, unit.lifecare?.organisationUnitId]) {
      if (id !== undefined) made.push({ kind: "unit", source: "lifecare", id, ...files });
    }
  }
  for (const person of clients) {
    const { ids } = person.client;
    const sameAsId = ids.files;
    if (unjoined.has(person) || ids.carefox === undefined || sameAsId === undefined) continue;
    made.push({ kind: "client", source: "carefox", id: ids.carefox, sameAsSource: "files", sameAsId });
  }
  for (const { employments } of organisation.staff) {
    for (const { ids } of employments) {
      const sameAsId = ids.files;
      if (sameAsId === undefined) continue;
      for (const source of ["phoniro", "carefox", "combine"] as const) {
        const id = ids[source];
        if (id !== undefined) made.push({ kind: "staff", source, id, sameAsSource: "files", sameAsId });
      }
    }
  }
  return made;
}
