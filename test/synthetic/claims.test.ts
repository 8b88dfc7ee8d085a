import { expect, test } from "vitest";
import { day, HOUR, type Instant, MINUTE } from "#model";
import { makeClaims } from "../../src/synthetic/claims.ts";
import { makePopulation } from "../../src/synthetic/clients.ts";
import { type Happening, makeDays } from "../../src/synthetic/days.ts";
import { makeOrganisation } from "../../src/synthetic/organisation.ts";
import { people } from "../../src/synthetic/people.ts";
import { random } from "../../src/synthetic/random.ts";
import { makeTown } from "../../src/synthetic/town.ts";

const [from, through] = [day("2026-09-01"), day("2026-09-30")];

/** A client's first cleaning at a provider who bills sixty minutes for each, and what is billed for its day. */
function cleaning() {
  const who = people(random(3, "people"));
  const town = makeTown(random(3, "town"), 120);
  const organisation = makeOrganisation(random(3, "organisation"), who, town, 120, from, through);
  const population = makePopulation(random(3, "clients"), who, town, organisation, 120, from, through);
  const { happenings } = makeDays(random(3, "days"), organisation, population, from, through);
  const visit = happenings.find(
    ({ visit: { versions }, worker }) =>
      organisation.agreements.get(worker.team.provider.id)!.standard["stad"] === 60 &&
      versions.at(-1)!.status === "completed" &&
      versions.at(-1)!.services.join() === "stad",
  )!;
  const { start, end } = visit.visit.versions.at(-1)!;
  const billed = (more: Happening) =>
    makeClaims(
      random(3, "claims"),
      organisation,
      population,
      [...happenings, more],
      new Set(),
      new Set([visit.person.client.id]),
      from,
      through,
    )
      .filter(({ clientId, service }) => clientId === visit.person.client.id && service === "stad")
      .at(0)!;
  /** The same, at another time. */
  const again = (begins: Instant, ends: Instant): Happening => {
    const [head] = visit.visit.versions.slice(-1);
    return { ...visit, visit: { ...visit.visit, versions: [{ ...head!, start: begins, end: ends }] } };
  };
  return { visit, start, end: end!, people: population.people, again, billed };
}

test("a visit registered in two is one at a standard time; two visits are two", () => {
  const { end, again, billed } = cleaning();
  const more = again(end + 6 * MINUTE, end + 26 * MINUTE);
  expect(billed(more)).toMatchObject({ from: "2026-09-01", minutes: 120 });
  expect(billed({ ...more, continues: true })).toMatchObject({ from: "2026-09-01", minutes: 60 });
});

test("of a visit that the household shares, a standard time is billed in proportion", () => {
  const { visit, start, end, people: all, again, billed } = cleaning();
  const neighbour = all.find((person) => person !== visit.person)!;
  const there = again((start + end) / 2, end);
  there.person = neighbour;
  delete there.visit.orderId;
  expect(billed(there)).toMatchObject({ from: "2026-09-01", minutes: 60 });
  // Half of the last half is the other one's.
  neighbour.client.householdId = visit.person.client.householdId;
  expect(billed(there)).toMatchObject({ from: "2026-09-01", minutes: 45 });
  // Somebody forgot to log out there.
  there.visit.versions[0]!.end = start + 30 * HOUR;
  expect(billed(there)).toMatchObject({ from: "2026-09-01", minutes: 60 });
});
