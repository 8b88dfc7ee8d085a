import { describe, expect, test } from "vitest";
import { checkDigit } from "#model";
import {
  actorOf,
  ATTACHMENT_BYTES_MAX,
  attachToCase,
  bulkStep,
  commentOnCase,
  dueReminders,
  everything,
  findCase,
  listRules,
  proposeDecision,
  queueFilter,
  queueOfCases,
  readAttachment,
  receiveExplanation,
  requestExplanation,
  searchPerson,
  showCase,
  snoozeCase,
  undoBulk,
} from "#operations";
import { tables } from "#store";
import { day, operator } from "../night/hand.ts";
import { longVisit, openMunicipality, visit, visits } from "./municipality.ts";

const person = (id: string) => actorOf({ id, name: `${id} Prov`, tenantId: "0192", role: "handler" });
const [anna, bo] = [person("anna"), person("bo")];
const [first, second] = ["2026-00001", "2026-00002"];
const serial = "18900101980";
const identity = `${serial}${checkDigit(serial.slice(2))}`;
const long = (client: number, on: number) => ([1, 7].includes(client) && on % 8 === 0 ? 90 + client : 30);

async function openTown() {
  const town = await openMunicipality({ rules: [longVisit] });
  await town.night("2026-11-01", [
    visits("2026-10-01", "2026-10-31", long),
    {
      entity: "clients",
      records: [
        { id: "C1", version: 2, personalIdentityNumber: identity, name: "Öberg Namn" },
        { id: "C7", version: 2, name: "Öberg Dold", protection: "confidential" },
      ],
    },
  ]);
  // As the pages read and write.
  const database = town.database.restrict({ tenantId: "0192", scope: everything });
  const needs = { ...town.needs, database, config: { ...town.needs.config, municipality: { name: "Provkommun" } } };
  const states = async () =>
    Object.fromEntries(
      (await queueOfCases(needs, anna, queueFilter.parse({ state: "all", snoozed: "also" }))).cases.map((one) => [
        one.no,
        [one.state, one.assignedTo, one.version],
      ]),
    );
  return { ...town, town, needs, states };
}

describe("a step with many cases", { timeout: 60_000 }, () => {
  test("is taken with all that allow it, and taken back where nobody has gone on", async () => {
    await using at = await openTown();
    const both = [first, second].map((no) => ({ no, version: 1 }));
    const close = { kind: "close", outcome: "data-fault", motivation: "Felställd klocka." } as const;
    const { batch, done, skipped } = await bulkStep(at.needs, anna, {
      cases: [...both, { no: "2026-00099", version: 1 }],
      step: close,
    });
    expect([done, skipped]).toEqual([[first, second], ["2026-00099"]]);
    expect(await at.states()).toEqual({ [first]: ["closed", null, 2], [second]: ["closed", null, 2] });
    expect((await listRules(at.needs, operator))[0]?.precision.judged).toBeGreaterThan(2);
    expect((await bulkStep(at.needs, bo, { cases: both, step: close })).batch).toBeNull();
    await expect(undoBulk(at.needs, bo, batch!)).rejects.toMatchObject({ code: "case.batch-missing" });
    expect(await undoBulk(at.needs, anna, batch!)).toEqual({ done: [first, second], skipped: [] });
    await expect(undoBulk(at.needs, anna, batch!)).rejects.toMatchObject({ code: "case.batch-missing" });
    expect(await at.states()).toEqual({ [first]: ["new", null, 3], [second]: ["new", null, 3] });
    expect((await listRules(at.needs, operator))[0]?.precision).toMatchObject({ judged: 0 });
    const statuses = await at.database.orm.selectDistinct({ status: tables.findings.status }).from(tables.findings);
    expect(statuses).toEqual([{ status: "open" }]);

    const now = [first, second].map((no) => ({ no, version: 3 }));
    const given = await bulkStep(at.needs, anna, { cases: now, step: { kind: "assign", to: "anna" } });
    await commentOnCase(at.needs, bo, { no: first, text: "En kommentar stör ingen." });
    await snoozeCase(at.needs, bo, { no: second, version: 4, until: day("2026-11-09"), reason: "Vänta." });
    expect(await undoBulk(at.needs, anna, given.batch!)).toEqual({ done: [first], skipped: [second] });
    expect(await at.states()).toEqual({ [first]: ["new", null, 5], [second]: ["new", "anna", 5] });
    const events = (await showCase(at.needs, anna, first)).events.map(({ kind }) => kind);
    expect(events).toEqual(["opened", "decide", "undo", "assign", "comment", "undo"]);
    const snooze = { kind: "snooze", until: day("2026-10-01"), reason: "Då." } as const;
    await expect(bulkStep(at.needs, anna, { cases: [{ no: first, version: 5 }], step: snooze })).rejects.toMatchObject({
      refusal: "deadline",
    });
  });
});

describe("attachments", { timeout: 60_000 }, () => {
  test("come back as they were, encrypted in between, and anything else is refused", async () => {
    await using at = await openTown();
    const text = 'Svar: =HYPERLINK("x")\r\n\u202Egnir <img src=x>';
    const id = await attachToCase(at.needs, anna, { no: first, name: "../svar.txt", content: Buffer.from(text) });
    const large = Buffer.alloc(ATTACHMENT_BYTES_MAX, "%PDF-1.7 ");
    const pdf = await attachToCase(at.needs, anna, { no: first, name: "stor.pdf", content: large });
    expect(await readAttachment(at.needs, bo, { no: first, id })).toEqual({
      name: "svar.txt",
      type: "text/plain",
      content: Buffer.from(text),
    });
    expect((await readAttachment(at.needs, bo, { no: first, id: pdf })).content.equals(large)).toBe(true);
    const { attachments } = await showCase(at.needs, anna, first);
    expect(attachments.map(({ name, type, bytes }) => `${name} ${type} ${bytes}`).sort()).toEqual([
      `stor.pdf application/pdf ${ATTACHMENT_BYTES_MAX}`,
      `svar.txt text/plain ${Buffer.byteLength(text)}`,
    ]);
    const { rows } = await at.database.pool.query<{ content: Buffer }>("SELECT content FROM case_attachments");
    expect(rows.some(({ content }) => content.includes("HYPERLINK") || content.includes("%PDF"))).toBe(false);
    const add = (content: Buffer) => attachToCase(at.needs, anna, { no: first, name: "x.pdf", content });
    await expect(add(Buffer.alloc(ATTACHMENT_BYTES_MAX + 1, "a"))).rejects.toMatchObject({ kind: "too-large" });
    await expect(add(Buffer.from("MZ\0program"))).rejects.toMatchObject({ code: "attachment.refused" });
    await expect(readAttachment(at.needs, bo, { no: second, id })).rejects.toMatchObject({ kind: "missing" });
    const auditor = actorOf({ id: "rev", name: "Rev", tenantId: "0192", role: "auditor" });
    await expect(attachToCase(at.needs, auditor, { no: first, name: "a", content: large })).rejects.toMatchObject({
      kind: "forbidden",
    });
  });
});

describe("reminders and search", { timeout: 60_000 }, () => {
  test("remind of days that come and pass, of answers, and of what others propose", async () => {
    await using at = await openTown();
    const due = async (actor = anna) => (await dueReminders(at.needs, actor)).map(({ no, kind }) => [no, kind]);
    expect(await due()).toEqual([]);
    const { version } = await requestExplanation(at.needs, anna, {
      no: first,
      version: 1,
      findings: [],
      show: { evidence: false, records: false, client: false, staff: false },
      question: "",
      dueOn: day("2026-11-15"),
    });
    await snoozeCase(at.needs, anna, { no: second, version: 1, until: day("2026-11-12"), reason: "Vänta." });
    expect(await due()).toEqual([]);
    at.evening("2026-11-12");
    expect(await due()).toEqual([
      [second, "snooze"],
      [first, "explanation-due"],
    ]);
    at.evening("2026-11-16");
    expect(await due()).toEqual([
      [first, "explanation-overdue"],
      [second, "snooze"],
    ]);
    expect(await due(bo)).toEqual([[second, "snooze"]]);
    const after = await receiveExplanation(at.needs, anna, { no: first, version, text: "Svar.", from: "Eva" });
    expect(await due()).toContainEqual([first, "answer"]);
    await proposeDecision(at.needs, anna, {
      no: first,
      version: after,
      outcome: "written-warning",
      motivation: "Så.",
    });
    expect(await due(bo)).toContainEqual([first, "approval"]);
    expect(await due()).not.toContainEqual([first, "approval"]);
  });

  test("find a case by its number, and a person by id, number or name for a reason, and log whom but not what", async () => {
    await using at = await openTown();
    for (const typed of ["2026-00001", " 2026-1 ", "1", "00001"])
      expect(await findCase(at.needs, anna, typed)).toBe(first);
    for (const typed of ["3", "abc", "2025-1", ""]) expect(await findCase(at.needs, anna, typed)).toBeNull();
    const search = async (text: string, who: "client" | "staff" = "client") =>
      (await searchPerson(at.needs, anna, { who, text, reason: "Anhörig ringde." })).map(({ id, cases }) => [
        id,
        ...cases.map(({ no }) => no),
      ]);
    expect(await search("C1")).toEqual([["C1", first]]);
    expect(await search(`${identity.slice(0, 8)}-${identity.slice(8)}`)).toEqual([["C1", first]]);
    // Nobody with a protected identity is found by a name.
    expect(await search("öberg")).toEqual([["C1", first]]);
    expect(await search("S2", "staff")).toEqual([["S2", second]]);
    expect(await search("Ö")).toEqual([]);
    expect(await search("C2")).toEqual([]);
    await expect(searchPerson(at.needs, anna, { who: "client", text: "C1", reason: " " })).rejects.toMatchObject({
      code: "search.reason-missing",
    });
    const log = (await at.database.orm.select().from(tables.accessLog)).filter(({ operation }) =>
      operation.startsWith("search"),
    );
    expect(log.slice(0, 3).map(({ subject, why }) => [subject, why])).toEqual(
      Array.from({ length: 3 }, () => ["C1", "Anhörig ringde."]),
    );
    expect(JSON.stringify(log)).not.toContain(identity.slice(2));
  });

  test("lists a client's visits whose findings are in a colleague's case", async () => {
    await using at = await openTown();
    await at.night("2026-11-02", [{ entity: "visits", records: [visit(2, day("2026-11-01"), 95)] }]);
    const found = await searchPerson(at.needs, anna, { who: "client", text: "C2", reason: "Klagomål." });
    expect(found.map(({ cases }) => cases.map(({ no }) => no))).toEqual([[first]]);
  });
});
