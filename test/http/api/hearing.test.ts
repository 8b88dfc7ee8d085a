import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "#http";
import { approveDecision, closeCase, everything, proposeDecision, reopenCase, showCase } from "#operations";
import { csrf, signedIn } from "../../support/signed-in.ts";
import { person } from "../desk.ts";
import { asking, program, providersTown, type Town } from "./providers.ts";

let town: Town;
beforeAll(async () => {
  town = await providersTown();
}, 120_000);
afterAll(() => town?.[Symbol.asyncDispose]());

test("whoever is reported to the police is heard as anybody else, and learns of it from no answer", async () => {
  const { system } = town;
  const [suspected = "", other = ""] = [town.cases["f-1"], town.cases["f-3"]];
  const api = asking(town.app, (await program(system)).secret);
  const handler = { ...person("handler", "eva"), tenantId: system.tenantId };
  const decider = { ...person("purchaser", "per"), tenantId: system.tenantId };
  const at = async () => ({ no: suspected, version: (await showCase(system, handler, suspected)).version });
  const explain = (no: string) =>
    api.post(`/cases/${no}/explanations`, { reason: "agreed-change", text: "Enligt plan." });
  /** What is answered about a case, without what tells cases apart. */
  const seen = async (no: string) => {
    const { body } = await api.get(`/cases/${no}`);
    return { state: body.state, dueOn: body.dueOn, decidedAt: body.decidedAt, answers: body.explanations.length };
  };
  const same = async () => expect(await seen(suspected)).toEqual(await seen(other));

  await proposeDecision(system, handler, {
    ...(await at()),
    outcome: "police-report",
    motivation: "Samma person på två platser.",
    legalAnalysis: "Brottsbalken 9 kap. 1 §.",
  });
  await same();
  const frida = person("provider", "frida", { scope: { ...everything, providers: ["P1"] } });
  const app = createApp(system, signedIn(frida));
  expect(await (await app.request(`/fragor/${suspected}`)).text()).toContain("Skicka förklaringen");
  const form = new FormData();
  for (const [name, value] of [
    ["_csrf", csrf],
    ["orsak", "agreed-change"],
    ["text", "Enligt plan."],
  ] as const)
    form.set(name, value);
  const sent = await app.request(`/fragor/${suspected}/svar`, {
    method: "POST",
    body: form,
    headers: { "content-length": "1000" },
  });
  expect(sent.status).toBe(303);
  expect((await explain(other)).status).toBe(201);
  await same();
  expect(await seen(suspected)).toEqual({ state: "explained", dueOn: null, decidedAt: null, answers: 1 });
  // The proposal stands, and whoever decides reads the answer.
  const proposed = await showCase(system, decider, suspected);
  expect([proposed.state, proposed.outcome]).toEqual(["decision-proposed", "police-report"]);
  expect(proposed.events.at(-1)?.texts["answer"]).toContain("Enligt plan.");

  const steps = [
    async () => approveDecision(system, decider, await at()),
    async () => closeCase(system, handler, { ...(await at()), note: "Anmält." }),
    async () => reopenCase(system, handler, { ...(await at()), reason: "Nya uppgifter." }),
  ];
  for (const step of steps) {
    await step();
    await same();
    const [one, two] = [await explain(suspected), await explain(other)];
    expect([one.status, one.body.state]).toEqual([201, "explained"]);
    expect([two.status, two.body.state]).toEqual([201, "explained"]);
    await same();
  }
});

test("a decision that the provider is told of takes no more explanations", async () => {
  const { system } = town;
  const no = town.cases["f-3"] ?? "";
  const handler = { ...person("handler", "eva"), tenantId: system.tenantId };
  const { version } = await showCase(system, handler, no);
  await proposeDecision(system, handler, { no, version, outcome: "no-error", motivation: "Förklarat." });
  const api = asking(town.app, (await program(system)).secret);
  expect((await api.get(`/cases/${no}`)).body.state).toBe("decided");
  const late = await api.post(`/cases/${no}/explanations`, { reason: "agreed" });
  expect(late).toMatchObject({ status: 409, body: { type: "/problems/case.refused" } });
});
