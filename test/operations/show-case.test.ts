import { describe, expect, test } from "vitest";
import { checkDigit } from "#model";
import { actorOf, commentOnCase, everything, showCase, showRawRecord, standingFirst } from "#operations";
import { tables } from "#store";
import { day } from "../night/hand.ts";
import { longVisit, openMunicipality, visit, visits } from "./municipality.ts";

const anna = actorOf({ id: "anna", name: "Anna Prov", tenantId: "0192", role: "handler" });
const no = "2026-00001";
const serial = "18900101980";
const identity = `${serial}${checkDigit(serial.slice(2))}`;
const on = day("2026-10-05");

async function openTown(client: Record<string, unknown> = {}) {
  const town = await openMunicipality({ rules: [longVisit] });
  await town.night("2026-11-01", [
    {
      entity: "clients",
      records: [{ id: "C1", version: 2, personalIdentityNumber: identity, name: "Hemliga Namnet", ...client }],
    },
    {
      entity: "visits",
      records: [visit(1, on, 80, { startLatitude: 59.123456, startLongitude: 17.123456, startProof: "gps" })],
    },
    visits("2026-10-06", "2026-10-31"),
  ]);
  await town.night("2026-11-02", [
    { entity: "visits", records: [visit(1, on, 95, { startLatitude: 59.123456, startLongitude: 17.123456 })] },
  ]);
  // As the pages read and write.
  return {
    ...town,
    needs: { ...town.needs, database: town.database.restrict({ tenantId: "0192", scope: everything }) },
  };
}

describe("a case as its page shows it", { timeout: 60_000 }, () => {
  test("has what is claimed, the rule's words, every version of every record, and the sources of the day", async () => {
    await using town = await openTown();
    await commentOnCase(town.needs, anna, { no, text: "<b>Ring Eva</b> \u202Egnir" });
    const kase = await showCase(town.needs, anna, no);
    expect(kase).toMatchObject({
      no,
      provider: "P1",
      subject: { kind: "staff", id: "S1" },
      findings: 1,
      page: 1,
      pages: 1,
      recordsLeft: 0,
    });
    expect(kase.list).toMatchObject([
      {
        rule: { title: "Långt besök", innocent: ["Brukaren avböjde."], precision: { judged: 0, share: null } },
        reason: "Långt.",
        minutes: 95,
        amountOre: 9500,
        client: "C1",
        changes: 1,
        judgement: null,
      },
    ]);
    expect(kase.list[0]!.evidence).toMatchObject([{ condition: "minutes", value: 95 }]);
    const [record] = kase.records;
    expect(record).toMatchObject({ entity: "visits", source: "files", findings: [kase.list[0]!.id] });
    expect(record?.versions.map(({ version, inForce }) => [version, inForce])).toEqual([
      [95, true],
      [80, false],
    ]);
    const field = (name: string) => record?.versions[0]?.fields.find((one) => one.field === name);
    expect(field("clientId")?.value).toEqual({ kind: "person", who: "client", id: "C1" });
    expect(field("status")?.value).toEqual({ kind: "code", text: "completed" });
    expect(field("start")?.value).toEqual({ kind: "instant", at: Date.parse("2026-10-05T06:00:00Z") });
    expect(field("startLatitude")).toMatchObject({ masked: false, value: { number: 59.123456 } });
    expect(field("services")?.value).toEqual({ kind: "text", text: "omvardnad" });
    expect(field("end")?.changed).toBe(true);
    expect(field("start")?.changed).toBe(false);
    expect(kase.sources).toMatchObject([{ source: "files", day: on, usual: null, down: false }]);
    expect(kase.events.map(({ kind, texts }) => [kind, texts["comment"]])).toEqual([
      ["opened", undefined],
      ["changed", undefined],
      ["comment", "<b>Ring Eva</b> \u202Egnir"],
    ]);
    expect(kase.steps.map(({ kind }) => kind)).toEqual([
      "take",
      "request-explanation",
      "propose",
      "assign",
      "snooze",
      "comment",
      "attach",
    ]);
    const logged = await town.database.orm.select().from(tables.accessLog);
    expect(logged.at(-1)).toMatchObject({ actor: "anna", operation: "case", subject: "S1 C1", why: `Ärende ${no}` });
  });

  test("has the records of the finding that is looked at, however many the others rest on", async () => {
    await using town = await openTown();
    await town.night("2026-11-03", [{ entity: "visits", records: [visit(2, on + 1, 90)] }]);
    const before = await showCase(town.needs, anna, no);
    const [first, second] = before.list.map(({ id }) => id);
    expect(before.records.map(({ findings }) => findings)).toEqual([[standingFirst(before.list)[0]!.id]]);
    const many = Array.from({ length: 45 }, (_, n) => ({ entity: "visits", source: "files", id: `m-${n}` }));
    await town.database.pool.query("UPDATE findings SET records = $2, amount_ore = 999999 WHERE id = $1", [
      first,
      JSON.stringify(many),
    ]);
    expect(await showCase(town.needs, anna, no)).toMatchObject({ recordsLeft: 5 });
    const chosen = await showCase(town.needs, anna, no, { finding: second! });
    expect(chosen.records.map(({ findings }) => findings)).toEqual([[second]]);
    expect(chosen.recordsLeft).toBe(0);
  });

  test("shows a raw record masked, or whole for a reason that is kept", async () => {
    await using town = await openTown();
    const [record] = (await showCase(town.needs, anna, no)).records;
    const [version] = record!.versions;
    const asked = { no, record: record!, page: version!.page, index: version!.index };
    const value = async (reason?: string) => {
      const raw = await showRawRecord(town.needs, anna, { ...asked, ...(reason === undefined ? {} : { reason }) });
      return Object.fromEntries(raw.fields.map((one) => [one.field, one.value]));
    };
    expect(await value()).toMatchObject({ clientId: null, start: "2026-10-05T08:00", startLatitude: null });
    expect(await value("Jämför med larmet.")).toMatchObject({ clientId: "C1", startLatitude: "59.123456" });
    const logged = await town.database.orm.select().from(tables.accessLog);
    expect(logged.slice(-2).map(({ operation, why }) => [operation, why])).toEqual([
      ["raw-record", `Ärende ${no}`],
      ["raw-record-revealed", `Ärende ${no}: Jämför med larmet.`],
    ]);
    await expect(showRawRecord(town.needs, anna, { ...asked, index: 9999 })).rejects.toMatchObject({
      code: "case.record-missing",
    });
    const other = { entity: "clients" as const, source: "files", id: "C2" };
    await expect(showRawRecord(town.needs, anna, { ...asked, record: other })).rejects.toMatchObject({
      code: "case.record-missing",
    });
    const auditor = actorOf({ id: "rev", name: "Rev", tenantId: "0192", role: "auditor" });
    await expect(showRawRecord(town.needs, auditor, { ...asked, reason: "Vill se." })).rejects.toMatchObject({
      code: "permission.missing",
    });
  });

  test("never shows where somebody is who has a protected identity", async () => {
    await using town = await openTown({ protection: "confidential" });
    const { records } = await showCase(town.needs, anna, no);
    const [record] = records;
    const latitude = record?.versions[0]?.fields.find(({ field }) => field === "startLatitude");
    expect(latitude).toMatchObject({ masked: true, value: { text: "" } });
    const [version] = record!.versions;
    const asked = { no, record: record!, page: version!.page, index: version!.index, reason: "Vill se." };
    await expect(showRawRecord(town.needs, anna, asked)).rejects.toMatchObject({ code: "person.protected" });
    const cleared = actorOf({ ...anna, role: "handler" }, ["persons:protected"]);
    expect((await showRawRecord(town.needs, cleared, asked)).fields.length).toBeGreaterThan(3);
  });

  test("is shown to nobody outside whose scope it lies", async () => {
    await using town = await openTown();
    const scope = { providers: ["P2"], units: null, groups: null };
    const elsewhere = actorOf({ id: "dag", name: "Dag", tenantId: "0192", role: "handler", scope });
    await expect(showCase(town.needs, elsewhere, no)).rejects.toMatchObject({ code: "case.missing" });
    const neighbour = actorOf({ id: "eva", name: "Eva", tenantId: "0180", role: "handler" });
    await expect(showCase(town.needs, neighbour, no)).rejects.toMatchObject({ code: "case.missing" });
  });
});
