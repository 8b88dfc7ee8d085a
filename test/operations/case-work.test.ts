import { describe, expect, test } from "vitest";
import { formatDay } from "#model";
import {
  type Actor,
  actorOf,
  approveDecision,
  assignCase,
  CaseChanged,
  CaseMissing,
  closeCase,
  commentOnCase,
  countWaitingCases,
  everything,
  judgeFindings,
  listRules,
  listViews,
  openCases,
  proposeDecision,
  type QueueQuery,
  queueFilter,
  queueOfCases,
  receiveExplanation,
  rejectDecision,
  removeView,
  reopenCase,
  requestExplanation,
  type Role,
  saveView,
  snoozeCase,
  takeCase,
  takeNext,
  wakeCase,
  withdrawDecision,
} from "#operations";
import { tables } from "#store";
import { day, operator } from "../night/hand.ts";
import { longVisit, openMunicipality, visit, visits } from "./municipality.ts";

const person = (id: string, role: Role = "handler", scope?: Actor["scope"]) =>
  actorOf({ id, name: `${id} Prov`, tenantId: "0192", role, ...(scope === undefined ? {} : { scope }) });
const [anna, bo] = [person("anna"), person("bo")];
const buyer = person("carin", "purchaser");

/** The first provider's staff have long visits on four days, the second's on two. */
const long = (client: number, on: number) =>
  (client === 1 && on % 8 === 0) || (client === 7 && on % 16 === 0) ? 90 + client : 30;

async function openTown() {
  const town = await openMunicipality({ rules: [longVisit] });
  await town.night("2026-11-01", [visits("2026-10-01", "2026-10-31", long)]);
  // As the pages read and write.
  const database = town.database.restrict({ tenantId: "0192", scope: everything });
  const needs = { ...town.needs, database, config: { ...town.needs.config, municipality: { name: "Provkommun" } } };
  const read = async (no: string) =>
    (await town.database.orm.select().from(tables.cases)).find((one) => one.no === no)!;
  const kinds = async (no: string) =>
    (await town.database.orm.select().from(tables.caseEvents).orderBy(tables.caseEvents.id))
      .filter(({ caseNo }) => caseNo === no)
      .map(({ kind }) => kind);
  const findingsOf = async (no: string) =>
    (await town.database.orm.select().from(tables.caseFindings))
      .filter(({ caseNo }) => caseNo === no)
      .map(({ findingId }) => findingId);
  const precision = async () => (await listRules(town.needs, operator))[0]!.precision;
  const queue = (query: QueueQuery = {}, actor: Actor = anna) => queueOfCases(needs, actor, queueFilter.parse(query));
  const next = (actor: Actor) => takeNext(needs, actor, queueFilter.parse({}));
  return { ...town, town, needs, read, kinds, findingsOf, precision, queue, next };
}

const nothingShown = { evidence: false, records: false, client: false, staff: false };
const no = "2026-00001";

describe("a case from queue to decision", { timeout: 60_000 }, () => {
  test("is taken, explained, proposed, approved by somebody else and closed, and all of it is in its history", async () => {
    await using at = await openTown();
    expect(await at.next(anna)).toBe(no);
    expect(await at.read(no)).toMatchObject({ state: "under-review", assignedTo: "anna", assignedName: "anna Prov" });
    const findings = await at.findingsOf(no);
    const { letter, version } = await requestExplanation(at.needs, anna, {
      no,
      version: (await at.read(no)).version,
      findings: findings.slice(0, 1),
      show: { ...nothingShown, client: true },
      question: "Varför är besöket så långt?",
      dueOn: day("2026-11-15"),
    });
    expect(letter).toMatch(/Till Omsorgen 1\n[^]*Långt besök[^]*Brukare: C1[^]*Varför är besöket så långt\?/);
    expect(letter).not.toContain("v-1");
    const received = await receiveExplanation(at.needs, anna, { no, version, text: "Fel i telefonen.", from: "Eva" });
    const proposed = await proposeDecision(at.needs, anna, {
      no,
      version: received,
      outcome: "repayment",
      motivation: "Förklaringen styrker inte tiden.",
      amountOre: 12_300,
      dueOn: day("2026-12-15"),
    });
    expect(await at.read(no)).toMatchObject({ state: "decision-proposed", outcome: "repayment", claimOre: 12_300 });
    expect(await at.precision()).toMatchObject({ judged: 0 });
    await expect(approveDecision(at.needs, anna, { no, version: proposed })).rejects.toMatchObject({
      refusal: "own-proposal",
    });
    const decided = await approveDecision(at.needs, bo, { no, version: proposed });
    expect(await at.read(no)).toMatchObject({ state: "decided", decidedBy: "bo", dueOn: day("2026-12-15") });
    expect(await at.precision()).toMatchObject({ judged: findings.length, confirmed: findings.length });
    await closeCase(at.needs, anna, { no, version: decided, note: "Betalt." });
    expect(await at.read(no)).toMatchObject({ state: "closed", dueOn: null });
    expect(await at.kinds(no)).toEqual([
      "opened",
      "take",
      "request-explanation",
      "receive-explanation",
      "propose",
      "approve",
      "close",
    ]);
    // What was written can be read by nobody without the key.
    const { rows } = await at.database.pool.query<{ text: string }>(
      "SELECT concat(data, encode(sealed, 'escape')) AS text FROM case_events",
    );
    expect(rows.map(({ text }) => text).join("\n")).not.toMatch(/telefonen|styrker|Betalt/);
    // The provider's own system is told of the question and of the decision.
    const told = await at.database.pool.query("SELECT provider, type, subject FROM events ORDER BY no");
    expect(told.rows).toEqual(
      ["finding.explanation-requested", "case.decided"].map((type) => ({ provider: "P1", type, subject: no })),
    );
    // A night later nothing is opened again.
    await at.night("2026-11-02", [], true);
    expect((await at.queue({ state: "all" })).cases.map((one) => one.no)).toEqual([no, "2026-00002"]);
  });

  test("refuses a burden before the provider was heard, an old version, a role without the right, and other cases", async () => {
    await using at = await openTown();
    const version = await takeCase(at.needs, anna, { no, version: 1 });
    const repayment = { no, version, outcome: "repayment", motivation: "Så.", amountOre: 1 } as const;
    await expect(proposeDecision(at.needs, anna, repayment)).rejects.toMatchObject({ refusal: "not-heard" });
    await expect(takeCase(at.needs, bo, { no, version: 1 })).rejects.toThrow(CaseChanged);
    await expect(takeCase(at.needs, buyer, { no, version })).rejects.toMatchObject({ code: "permission.missing" });
    const elsewhere = person("dag", "handler", { providers: ["P2"], units: null, groups: null });
    const otherUnit = person("eva", "handler", { providers: null, units: ["U2"], groups: null });
    const noGroup = person("fia", "handler", { providers: null, units: null, groups: ["Norr"] });
    for (const actor of [elsewhere, otherUnit, noGroup]) {
      await expect(takeCase(at.needs, actor, { no, version })).rejects.toThrow(CaseMissing);
      await expect(commentOnCase(at.needs, actor, { no, text: "Hej" })).rejects.toThrow(CaseMissing);
    }
    await expect(takeCase(at.needs, { ...anna, tenantId: "0180" }, { no, version })).rejects.toThrow(CaseMissing);
    await expect(takeCase(at.needs, anna, { no: "2026-99999", version })).rejects.toThrow(CaseMissing);
    const shown = async (actor: Actor) => (await at.queue({ state: "all" }, actor)).cases.map((one) => one.no);
    expect(await shown(elsewhere)).toEqual(["2026-00002"]);
    expect(await shown(otherUnit)).toEqual(["2026-00002"]);
    expect(await shown(noGroup)).toEqual([]);
    expect(await at.kinds(no)).toEqual(["opened", "take"]);
  });

  test("goes back where it was when a proposal is rejected or withdrawn", async () => {
    await using at = await openTown();
    const analysed = { outcome: "police-report", motivation: "Så.", legalAnalysis: "9 kap. brottsbalken." } as const;
    const first = await proposeDecision(at.needs, anna, { no, version: 1, ...analysed });
    await expect(rejectDecision(at.needs, bo, { no, version: first, reason: " " })).rejects.toMatchObject({
      refusal: "reason",
    });
    const rejected = await rejectDecision(at.needs, buyer, { no, version: first, reason: "Mer behövs." });
    expect(await at.read(no)).toMatchObject({ state: "under-review", outcome: null, proposedBy: null });
    const second = await proposeDecision(at.needs, anna, { no, version: rejected, ...analysed });
    await expect(withdrawDecision(at.needs, bo, { no, version: second })).rejects.toMatchObject({
      refusal: "others-proposal",
    });
    await withdrawDecision(at.needs, anna, { no, version: second });
    expect(await at.kinds(no)).toEqual(["opened", "propose", "reject", "propose", "withdraw"]);
  });

  test("tells the provider's own system of no report to the police, and of no decision about what it was not asked", async () => {
    await using at = await openTown();
    const { version } = await requestExplanation(at.needs, anna, {
      no,
      version: 1,
      findings: await at.findingsOf(no),
      show: nothingShown,
      question: "Varför?",
      dueOn: day("2026-11-15"),
    });
    const analysed = { outcome: "police-report", motivation: "Så.", legalAnalysis: "9 kap. brottsbalken." } as const;
    const proposed = await proposeDecision(at.needs, anna, { no, version, ...analysed });
    await approveDecision(at.needs, bo, { no, version: proposed });
    const other = { no: "2026-00002", version: 1, outcome: "no-error", motivation: "Rätt." } as const;
    await proposeDecision(at.needs, anna, other);
    expect(await at.read("2026-00002")).toMatchObject({ state: "closed" });
    const told = await at.database.pool.query("SELECT type FROM events");
    expect(told.rows).toEqual([{ type: "finding.explanation-requested" }]);
  });

  test("counts what a decision takes findings for, save those judged for themselves, until it is opened again", async () => {
    await using at = await openTown();
    const [one = "", ...others] = await at.findingsOf(no);
    const taken = await takeCase(at.needs, anna, { no, version: 1 });
    const version = await judgeFindings(at.needs, anna, {
      no,
      version: taken,
      findings: [one],
      judgement: "confirmed",
    });
    expect(await at.precision()).toMatchObject({ judged: 1, confirmed: 1 });
    const closed = await proposeDecision(at.needs, anna, {
      no,
      version,
      outcome: "no-error",
      motivation: "Så är det.",
    });
    expect(await at.read(no)).toMatchObject({ state: "closed", decidedBy: "anna" });
    expect(await at.precision()).toMatchObject({ judged: others.length + 1, confirmed: 1 });
    await reopenCase(at.needs, bo, { no, version: closed, reason: "Ny uppgift." });
    expect(await at.read(no)).toMatchObject({ state: "under-review", assignedTo: "bo", outcome: null, closedAt: null });
    expect(await at.precision()).toMatchObject({ judged: 1, confirmed: 1 });
  });

  test("is not opened again beside one that is open about the same", async () => {
    await using at = await openTown();
    const version = await proposeDecision(at.needs, anna, { no, version: 1, outcome: "no-error", motivation: "Så." });
    await at.night("2026-11-02", [{ entity: "visits", records: [visit(1, day("2026-11-01"), 95)] }]);
    expect((await at.queue()).cases.map((one) => one.no)).toEqual(["2026-00002", "2026-00003"]);
    await expect(reopenCase(at.needs, anna, { no, version, reason: "Fel." })).rejects.toMatchObject({
      code: "case.other-open",
      other: "2026-00003",
    });
  });

  test("is put off with a reason, and comes back by itself or when somebody wants it", async () => {
    await using at = await openTown();
    const until = day("2026-11-10");
    await expect(snoozeCase(at.needs, anna, { no, version: 1, until, reason: "" })).rejects.toMatchObject({
      refusal: "reason",
    });
    const version = await snoozeCase(at.needs, anna, { no, version: 1, until, reason: "Väntar på underlag." });
    const listed = async (query: QueueQuery = {}) => (await at.queue(query)).cases.map((one) => one.no);
    expect(await listed()).toEqual(["2026-00002"]);
    expect(await listed({ snoozed: "only" })).toEqual([no]);
    expect(await at.next(anna)).toBe("2026-00002");
    expect(await at.next(bo)).toBeNull();
    at.evening("2026-11-10");
    expect(await at.next(bo)).toBe(no);
    at.evening("2026-11-01");
    const again = await snoozeCase(at.needs, bo, { no, version: version + 1, until, reason: "Mer." });
    await wakeCase(at.needs, bo, { no, version: again });
    expect(await listed()).toContain(no);
  });

  test("is counted among what waits for whoever has it, while it is neither put off nor decided", async () => {
    await using at = await openTown();
    const waiting = async (actor: Actor = anna): Promise<[mine: number, free: number]> => {
      const { mine, free } = await countWaitingCases(at.needs, actor);
      for (const [assigned, count] of [
        ["me", mine],
        ["nobody", free],
      ] as const)
        expect((await at.queue({ assigned }, actor)).total).toBe(count);
      return [mine, free];
    };
    expect(await waiting()).toEqual([0, 2]);
    const taken = await takeCase(at.needs, anna, { no, version: 1 });
    expect([await waiting(), await waiting(bo)]).toEqual([
      [1, 1],
      [0, 1],
    ]);
    const elsewhere = { providers: ["P1"], units: null, groups: null };
    expect(await waiting(person("dag", "handler", elsewhere))).toEqual([0, 0]);
    const until = day("2026-11-10");
    const version = await snoozeCase(at.needs, anna, { no, version: taken, until, reason: "Väntar." });
    expect(await waiting()).toEqual([0, 1]);
    at.evening("2026-11-10");
    expect(await waiting()).toEqual([1, 1]);
    await proposeDecision(at.needs, anna, { no, version, outcome: "no-error", motivation: "Så." });
    expect(await waiting()).toEqual([0, 1]);
  });

  test("tells whoever works on it that its findings have changed, and is another version then", async () => {
    await using at = await openTown();
    const version = await takeCase(at.needs, anna, { no, version: 1 });
    expect((await at.queue({ changed: "true" })).cases).toEqual([]);
    await at.night("2026-11-02", [{ entity: "visits", records: [visit(1, day("2026-11-01"), 95)] }]);
    expect((await at.queue({ changed: "true" })).cases.map((one) => one.no)).toEqual([no]);
    await expect(takeCase(at.needs, bo, { no, version })).rejects.toThrow(CaseChanged);
    await takeCase(at.needs, bo, { no, version: version + 1 });
    expect((await at.queue({ changed: "true" })).cases).toEqual([]);
  });
});

describe("the queue", { timeout: 120_000 }, () => {
  test("filters and counts, and pages in every order without losing or repeating a case", async () => {
    await using at = await openTown();
    await at.database.pool.query(
      "DELETE FROM case_events; DELETE FROM case_findings; DELETE FROM cases; DELETE FROM findings",
    );
    await at.database.pool.query(
      `INSERT INTO findings (tenant_id, id, rule_id, rule_version, level, severity, mode, status, subject, slice, from_day,
         through_day, provider, unit, client, staff, records, minutes, amount_ore, reason, evidence, content_hash, changes,
         first_seen_at, last_seen_at, changed_at)
       SELECT '0192', 'f' || n, 'rule-' || n % 3, 1, (ARRAY['quality', 'error', 'indicator', 'pattern'])[1 + n % 4], 'review',
         'active', 'open', 's', 's', date '2026-10-01' + n % 20, date '2026-10-01' + n % 20, 'P' || n % 2, 'U' || n % 5, NULL,
         'S' || n, '[]', n % 7, (n % 11) * 100, '', '[]', '', 0, now(), now(), now() FROM generate_series(1, 130) n`,
    );
    await openCases(at.needs, operator);
    await at.database.pool.query(
      "UPDATE cases SET due_on = date '2026-11-05' + stake_minutes, opened_at = opened_at + stake_minutes * interval '1 hour'",
    );
    for (const sort of ["stake", "certainty", "age", "due"] as const) {
      const seen: string[] = [];
      let after: string | undefined;
      let pages = 0;
      do {
        const page = await at.queue({ sort, ...(after === undefined ? {} : { after }) });
        seen.push(...page.cases.map((one) => one.no));
        after = page.next ?? undefined;
        pages++;
      } while (after !== undefined);
      expect(pages).toBe(3);
      expect(new Set(seen).size).toBe(130);
    }
    const stakes = (await at.queue()).cases.map(({ stakeOre }) => stakeOre);
    expect(stakes).toEqual(stakes.toSorted((a, b) => b - a));
    const certain = (await at.queue({ sort: "certainty" })).cases.map(({ level }) => level);
    expect(certain.slice(0, 33)).toEqual([...Array(32).fill("error"), "error"]);
    const page = await at.queue({ provider: "P1", rule: "rule-1", level: "error", kronorMin: "2" });
    const rows = Array.from({ length: 130 }, (_, index) => index + 1).filter(
      (n) => n % 2 === 1 && n % 3 === 1 && n % 4 === 1 && n % 11 >= 2,
    );
    expect(page).toMatchObject({
      total: rows.length,
      stakeOre: rows.reduce((sum, n) => sum + (n % 11) * 100, 0),
      states: { new: rows.length },
    });
    expect(page.cases.length).toBe(rows.length);
    const within = await at.queue({ from: "2026-10-03", through: "2026-10-04", unit: "U2" });
    expect(within.cases.map(({ firstDay }) => formatDay(firstDay))).toEqual(Array(within.total).fill("2026-10-03"));
    await expect(at.queue({ after: "nonsense" })).rejects.toMatchObject({ code: "case.wrong-page" });
    expect((await at.queue({ assigned: "me" })).total).toBe(0);
    const first = (await at.queue()).cases[0]!.no;
    await assignCase(at.needs, anna, { no: first, version: 1, to: "anna" });
    expect((await at.queue({ assigned: "me" })).cases.map((one) => [one.no, one.state])).toEqual([[first, "new"]]);
    expect((await at.queue({ assigned: "nobody" })).total).toBe(129);
    await expect(assignCase(at.needs, anna, { no: first, version: 2, to: "x" })).rejects.toMatchObject({
      code: "case.unknown-colleague",
    });

    // Twenty at once, until nothing is left.
    const handlers = Array.from({ length: 20 }, (_, index) => person(`h${index}`));
    const taken: string[] = [];
    for (;;) {
      const got = await Promise.all(handlers.map((handler) => at.next(handler)));
      taken.push(...got.filter((one) => one !== null));
      if (got.every((one) => one === null)) break;
    }
    expect(taken.length).toBe(129);
    expect(new Set(taken).size).toBe(129);
  });

  test("is kept as a view of one's own", async () => {
    await using at = await openTown();
    await saveView(at.needs, anna, { name: "Stora", filter: { kronorMin: 100, after: "x" } });
    await saveView(at.needs, anna, { name: "Stora", filter: { kronorMin: 200 } });
    await expect(saveView(at.needs, anna, { name: " ", filter: {} })).rejects.toMatchObject({ code: "view.wrong" });
    const [view] = await listViews(at.needs, anna);
    expect(view).toMatchObject({ name: "Stora", filter: { kronorMin: 200 } });
    expect(await listViews(at.needs, bo)).toEqual([]);
    await expect(removeView(at.needs, bo, view!.id)).rejects.toMatchObject({ code: "view.missing" });
    await removeView(at.needs, anna, view!.id);
    expect(await listViews(at.needs, anna)).toEqual([]);
  });
});
