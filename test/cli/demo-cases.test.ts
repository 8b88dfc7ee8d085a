import { expect, test } from "vitest";
import { dueReminders, actorOf, queueFilter, queueOfCases } from "#operations";
import { demoCases } from "../../src/cli/demo-cases.ts";
import { longVisit, openMunicipality, visits } from "../operations/municipality.ts";
import { operator } from "../night/hand.ts";

test("the demonstration begins with an answer to read, one to wait for and a proposal, and begins once", async () => {
  await using town = await openMunicipality({ rules: [longVisit] });
  // Nobody's in particular: each client's visits are a case of their own.
  const october = visits("2026-10-01", "2026-10-31", (client, on) => (client < 4 && on % 9 === 0 ? 95 : 30));
  const records = october.records.map(({ staffId: _staff, ...record }) => record);
  await town.night("2026-11-01", [{ entity: "visits", records }]);
  const system = { ...town.needs, tenantId: town.tenantId, config: { municipality: { name: "Provkommun" } } };
  expect(await demoCases(system)).toBe(3);
  const { states } = await queueOfCases(system, operator, queueFilter.parse({}));
  expect(states).toEqual({ new: 1, "explanation-requested": 1, "explanation-received": 1, "decision-proposed": 1 });
  const anna = actorOf({ id: "demo-anna", name: "Anna Ek", tenantId: town.tenantId, role: "handler" });
  expect((await dueReminders(system, anna)).map(({ kind }) => kind).sort()).toEqual(["answer", "approval"]);
  expect(await demoCases(system)).toBe(0);
});
