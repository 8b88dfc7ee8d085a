import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { acquireLease, LeaseTaken } from "#store";
import { testDatabase } from "../support/database.ts";

describe("the lease of a tenant", () => {
  test("is held by one at a time, and says by whom", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    {
      await using first = await acquireLease(database, tenantId, { purpose: "night" });
      first.check();
      const second = acquireLease(database, tenantId, { purpose: "reconcile" });
      await expect(second).rejects.toThrow(LeaseTaken);
      await expect(acquireLease(database, tenantId, { purpose: "pull" })).rejects.toThrow(/night on .*pid \d+/);
      await using other = await acquireLease(database, "0180", { purpose: "night" });
      other.check();
    }
    await using again = await acquireLease(database, tenantId, { purpose: "night" });
    again.check();
  });

  test("is waited for", async () => {
    await using system = await testDatabase();
    const first = await acquireLease(system.database, system.tenantId, { purpose: "night" });
    const waiting = acquireLease(system.database, system.tenantId, { purpose: "pull", waitMs: 10_000 });
    await first.release();
    await using second = await waiting;
    expect(second.signal.aborted).toBe(false);
  });

  test("ends with the process that held it", async () => {
    await using system = await testDatabase();
    const holder = fileURLToPath(new URL("../support/hold-lease.ts", import.meta.url));
    const child = spawn(process.execPath, [holder, system.url, system.tenantId], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await expect(acquireLease(system.database, system.tenantId, { purpose: "night" })).rejects.toThrow(LeaseTaken);
    child.kill("SIGKILL");
    await using lease = await acquireLease(system.database, system.tenantId, { purpose: "night", waitMs: 10_000 });
    lease.check();
  });

  test("is known to be lost when its connection is", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    await using lease = await acquireLease(database, tenantId, { purpose: "night" });
    lease.check();
    const aborted = new Promise((resolve) => lease.signal.addEventListener("abort", resolve));
    await database.pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    await aborted;
    expect(() => lease.check()).toThrow(/is lost/);
    await using next = await acquireLease(database, tenantId, { purpose: "night", waitMs: 5_000 });
    next.check();
  });
});
