import { dayOf } from "#model";
import {
  type Actor,
  actorOf,
  demoPeople,
  proposeDecision,
  queueFilter,
  queueOfCases,
  receiveExplanation,
  requestExplanation,
  showCase,
  takeCase,
} from "#operations";

/** What the steps of a case need, of one municipality. */
type Needs = Parameters<typeof requestExplanation>[0] & { tenantId: string };

const ANSWER_DAYS = 14;

/** Somebody whom the demonstration's sign-in offers. */
function demoActor(system: Needs, subject: string): Actor {
  const person = demoPeople.find((one) => one.subject === subject);
  if (person === undefined) throw new RangeError(`Nobody in the demonstration is called ${subject}.`);
  const { name, unit, roles } = person;
  return actorOf({ id: subject, name, unit, tenantId: system.tenantId, role: roles[0] });
}

/**
 * Has the demonstration's handlers begin: an explanation that waits to be read, one that is waited for, and a proposal
 * that waits for a colleague. Where somebody has worked on a case before, all is left as it is. Gives how many were begun.
 */
export async function demoCases(system: Needs): Promise<number> {
  const [anna, bo] = [demoActor(system, "demo-anna"), demoActor(system, "demo-bo")];
  const { states } = await queueOfCases(system, anna, queueFilter.parse({ state: "all", snoozed: "also" }));
  if (Object.keys(states).some((state) => state !== "new" && state !== "closed")) return 0;
  const { cases } = await queueOfCases(system, anna, queueFilter.parse({ level: "indicator" }));
  const [answered, asked, proposed] = cases.filter(({ provider, findings }) => provider !== null && findings <= 12);
  let begun = 0;
  for (const [kase, actor] of [
    [answered, anna],
    [asked, anna],
    [proposed, bo],
  ] as const) {
    if (kase === undefined) continue;
    await askAbout(system, actor, kase.no);
    begun++;
  }
  if (answered !== undefined) await answer(system, anna, answered.no);
  if (proposed !== undefined) {
    const { version, stakeOre } = await answer(system, bo, proposed.no);
    await proposeDecision(system, bo, {
      no: proposed.no,
      version,
      outcome: stakeOre > 0 ? "repayment" : "written-warning",
      motivation: "Utförarens förklaring styrker inte uppgifterna.",
      ...(stakeOre > 0 ? { amountOre: stakeOre } : {}),
    });
  }
  return begun;
}

async function askAbout(system: Needs, actor: Actor, no: string): Promise<void> {
  const { version } = await showCase(system, actor, no);
  const taken = await takeCase(system, actor, { no, version });
  const { list } = await showCase(system, actor, no);
  await requestExplanation(system, actor, {
    no,
    version: taken,
    findings: list.map(({ id }) => id),
    show: { evidence: true, records: true, client: true, staff: true },
    question: "Hur har det gått till, och varför ser uppgifterna ut så här?",
    dueOn: dayOf(system.now()) + ANSWER_DAYS,
  });
}

async function answer(system: Needs, actor: Actor, no: string): Promise<{ version: number; stakeOre: number }> {
  const { version, stakeOre } = await showCase(system, actor, no);
  const after = await receiveExplanation(system, actor, {
    no,
    version,
    from: "Verksamhetschefen",
    text: "Vi har talat med personalen. En uppgift är fel i vårt system och rättas i dag; resten stämmer enligt oss.",
  });
  return { version: after, stakeOre };
}
