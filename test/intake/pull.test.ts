import { describe, expect, test } from "vitest";
import { selectQuarantine } from "#store";
import { testDatabase } from "../support/database.ts";
import { canonical, deliver, page, pull, scripted } from "./support.ts";

const visits = async (system: Awaited<ReturnType<typeof testDatabase>>) =>
  (await system.database.pool.query("SELECT id, version, deleted, status FROM visits ORDER BY id")).rows;
const history = async (system: Awaited<ReturnType<typeof testDatabase>>) =>
  (await system.database.pool.query("SELECT id, version, deleted FROM visits_history ORDER BY id, version, raw_page"))
    .rows;

describe("pullSource", () => {
  test("stores what the shape names, and makes it canonical", async () => {
    await using system = await testDatabase();
    const records = [
      { id: "v1", version: 1, doorCode: "1234" },
      { id: "v2", version: 1 },
    ];
    const [pulled] = await pull(system, scripted({ visits: () => [page(records, { cursor: "c1" })] }));
    expect(pulled).toMatchObject({ state: "ok", seen: 2, accepted: 2, quarantined: 0, watermark: "c1" });
    expect(pulled?.unexpected).toEqual([{ field: "doorCode", count: 1, isNew: true }]);
    expect(await visits(system)).toHaveLength(2);
  });

  test("a higher version becomes the head, an equal one is ignored, a lower one goes to the history", async () => {
    await using system = await testDatabase();
    await deliver(system, "visits", [{ id: "v", version: 2 }], [{ id: "v", version: 2 }], [{ id: "v", version: 1 }]);
    expect(await visits(system)).toMatchObject([{ version: 2 }]);
    expect(await history(system)).toMatchObject([{ version: 1 }]);
    await deliver(system, "visits", [{ id: "v", version: 3, status: "cancelled" }]);
    expect(await visits(system)).toMatchObject([{ version: 3, status: 3 }]);
    expect(await history(system)).toMatchObject([{ version: 1 }, { version: 2 }]);
  });

  test("a line that is no record is kept, encrypted, and everything else goes on", async () => {
    await using system = await testDatabase();
    const broken = [{ line: 3, reason: "Raden har två fält, rubriken 9.", text: "x;y" }];
    const [pulled] = await pull(
      system,
      scripted({ visits: () => [page([{ id: "v1" }, { id: "v2", status: "??" }, { id: 7 }], { broken })] }),
    );
    expect(pulled).toMatchObject({ state: "partly", seen: 4, accepted: 1, quarantined: 3 });
    const kept = await selectQuarantine(system.database, system.tenantId);
    expect(kept.map(({ line, field, code }) => [line, field, code])).toEqual([
      [3, null, "broken-record"],
      [2, "status", "code"],
      [3, "id", "type"],
    ]);
    expect(await canonical(system.database)).toHaveProperty("visits");
  });
});
