import { expect, test } from "vitest";
import { actorOf, requestExplanation, showCase, startSession, takeCase, takeReminders } from "#operations";
import { day, operator } from "../night/hand.ts";
import { longVisit, openMunicipality, visit, visits } from "./municipality.ts";

const no = "2026-00001";

test("a handler is told once a day what is due, with nothing about anybody in it", async () => {
  await using town = await openMunicipality({ rules: [longVisit] });
  await town.night("2026-11-01", [
    { entity: "clients", records: [{ id: "C1", version: 2, name: "Hemliga Namnet" }] },
    { entity: "visits", records: [visit(1, day("2026-10-05"), 80)] },
    visits("2026-10-06", "2026-10-31"),
  ]);
  const { needs } = town;
  const config = { municipality: { name: "Provkommun" }, signIn: { url: "https://klarsyn.example" } };
  const people = [
    { subject: "anna", name: "Anna Ek", email: "anna.ek@kommun.example", roles: ["handler"] as const },
    { subject: "bo", name: "Bo Ås", email: "bo.as@kommun.example", roles: ["handler"] as const },
    { subject: "eva", name: "Eva Berg", email: null, roles: ["handler"] as const },
  ];
  const tenantId = "0192";
  for (const person of people) {
    await startSession({ ...needs, tenantId }, { issuer: "prov", unit: null, ...person }, 1);
  }
  const remind = (at: number) => takeReminders({ ...needs, now: () => at, config }, operator);
  const noon = (text: string) => Date.parse(`${text}T11:00:00Z`);
  expect(await remind(noon("2026-11-02"))).toEqual([]);

  const anna = actorOf({ id: "anna", name: "Anna Ek", tenantId, role: "handler" });
  const { version } = await showCase(needs, anna, no);
  const taken = await takeCase(needs, anna, { no, version });
  const { list } = await showCase(needs, anna, no);
  await requestExplanation({ ...needs, config: { ...needs.config, ...config } }, anna, {
    no,
    version: taken,
    findings: list.map(({ id }) => id),
    show: { evidence: true, records: true, client: true, staff: true },
    question: "Hur gick det till?",
    dueOn: day("2026-11-20"),
  });
  expect(await remind(noon("2026-11-10"))).toEqual([]);
  const [letter, ...others] = await remind(noon("2026-11-18"));
  expect(others).toEqual([]);
  expect(letter).toEqual({
    to: "anna.ek@kommun.example",
    subject: "Klarsyn Provkommun: du har något att göra",
    text: "Det här väntar på dig:\n\n- Svarstiden går snart ut: 1 ärende, tidigast 2026-11-20\n\nSe startsidan: https://klarsyn.example\n",
  });
  // The night may run again the same day.
  expect(await remind(noon("2026-11-18"))).toEqual([]);
  expect((await remind(noon("2026-11-21")))[0]!.text).toContain("Svarstiden har gått ut: 1 ärende");
}, 60_000);
