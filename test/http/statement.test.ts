import { afterAll, beforeAll, expect, test } from "vitest";
import { actorOf } from "#operations";
import { desk, person } from "./desk.ts";

const visit = (id: string, clientId: string, day: string) => ({
  id,
  clientId,
  unitId: "U1",
  staffId: "S18",
  start: `${day}T08:00`,
  end: `${day}T08:25`,
  status: "completed",
  services: ["omvardnad"],
});
const order = (id: string, clientId: string) => ({
  id,
  clientId,
  unitId: "U1",
  status: "accepted",
  orderedAt: "2026-08-20T10:00",
  validFrom: "2026-09-01",
  lines: [{ id: `${id}-1`, service: "omvardnad", minutes: 30, times: 1, per: "day" }],
});

let town: Awaited<ReturnType<typeof desk>>;
beforeAll(async () => {
  town = await desk({
    providers: [{ id: "P1", organisationNumber: "212000-1355", name: "Norr", regime: "private" }],
    units: [{ id: "U1", providerId: "P1", name: "Norr" }],
    clients: [
      { id: "kund-1", name: "Agda Öst" },
      { id: "kund-2", name: "Bo Lind", protection: "protectedRegistration" },
    ],
    staff: [{ id: "S18", providerId: "P1", name: "Eva Nord" }],
    contracts: [
      {
        id: "K1",
        providerId: "P1",
        reference: "Avtal 1",
        validFrom: "2026-01-01",
        terms: { price: [{ orePerHour: 48_000 }] },
      },
    ],
    orders: [order("o-1", "kund-1"), order("o-2", "kund-2")],
    visits: [visit("v-1", "kund-1", "2026-10-06"), visit("v-2", "kund-2", "2026-10-07")],
  });
}, 60_000);
afterAll(() => town?.[Symbol.asyncDispose]());

const path = "/avrakning/underlag/export";
const asked = { manad: "2026-10", utforare: "P1", format: "csv", skal: "Fakturan granskas." };

test("a provider's month is taken out for a reason, which the access log keeps", async () => {
  const eva = town.as(person("handler", "eva"));
  expect((await eva.get("/avrakning/underlag?manad=2026-10&utforare=P1")).text).toContain(`action="${path}"`);
  expect((await eva.post(path, { ...asked, skal: "ja" })).status).toBe(422);
  const file = await eva.post(path, asked);
  expect(file.headers.get("content-disposition")).toBe('attachment; filename="avrakning-2026-10.csv"');
  expect(file.text).toContain("Norr");
  const { rows } = await town.system.database.pool.query(
    "SELECT actor, operation, subject, rows, why FROM access_log WHERE operation LIKE '%statement' ORDER BY seq",
  );
  expect(rows).toEqual([
    { actor: "eva", operation: "statement", subject: "P1 2026-10", rows: 2, why: null },
    { actor: "eva", operation: "export-statement", subject: "P1 2026-10", rows: 2, why: "Fakturan granskas." },
  ]);
});

test("it names people by the sources' ids only to whoever may see who they are, and protected ones to fewer still", async () => {
  const idsIn = async (actor: Parameters<typeof town.as>[0]) => {
    const { text } = await town.as(actor).post(path, asked);
    return ["kund-1", "kund-2", "S18"].filter((id) => text.includes(`;${id};`) || text.includes(`${id} ·`));
  };
  expect(await idsIn(person("purchaser", "per"))).toEqual([]);
  expect(await idsIn(person("handler", "eva"))).toEqual(["kund-1", "S18"]);
  const trusted = actorOf({ id: "tove", name: "Tove Ek", tenantId: "0192", role: "handler" }, ["persons:protected"]);
  expect(await idsIn(trusted)).toEqual(["kund-1", "kund-2", "S18"]);
  const { text } = await town.as(person("purchaser", "per")).post(path, asked);
  expect(text).toMatch(/AÖ · \d+/);
  expect(text).toMatch(/Skyddad · \d+/);
  expect(text).not.toMatch(/Bo Lind|Agda|Eva Nord/);
  expect((await town.as(person("auditor", "ada")).post(path, asked)).status).toBe(403);
});
