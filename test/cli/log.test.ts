import { expect, test } from "vitest";
import { commands, exitStatus } from "#cli";
import { type Access, recordAccess } from "#store";
import { captured } from "../support/captured.ts";
import { testSystem } from "../support/system.ts";

test("log verify proves the chain, says where it breaks, and knows a log that was written anew", async () => {
  await using opened = await testSystem();
  const { system } = opened;
  const command = commands.find(({ name }) => name === "log");
  const verify = async (anchor?: string) => {
    const given = { positionals: ["verify"], system };
    const { result, stdout } = await captured(async () => command?.run({ anchor } as never, given as never));
    return { status: exitStatus(result ?? "failed"), stdout };
  };
  const access: Access = { at: system.now(), operation: "case", subject: "C1", rows: 1 };
  for (let no = 0; no < 3; no++) await recordAccess(system.database, system.operator, access);
  const whole = await verify();
  expect(whole).toEqual({ status: 0, stdout: expect.stringMatching(/^Kedjan är hel: 3 rader\.\n3:[0-9a-f]{64}\n$/) });
  const anchor = whole.stdout.split("\n")[1]!;
  await recordAccess(system.database, system.operator, access);
  expect((await verify(anchor)).status).toBe(0);

  const tamper = (sql: string) =>
    system.database.pool.query(`SET session_replication_role = replica; ${sql}; RESET session_replication_role`);
  await tamper("UPDATE access_log SET actor = 'någon' WHERE seq = 2");
  expect(await verify()).toEqual({ status: 1, stdout: expect.stringContaining("bruten vid rad 2 (2026-11-01 04:30)") });

  await tamper("DELETE FROM access_log; DELETE FROM access_heads");
  for (let no = 0; no < 4; no++) await recordAccess(system.database, system.operator, { ...access, subject: "C2" });
  expect((await verify()).status).toBe(0);
  expect(await verify(anchor)).toEqual({
    status: 1,
    stdout: expect.stringContaining("rad 3 är inte den som sparades"),
  });
});

test("log prune takes away rows older than five years, and the chain still proves the rest", async () => {
  await using opened = await testSystem({ accessLog: { keepYears: 6 } });
  const { system } = opened;
  const command = commands.find(({ name }) => name === "log");
  const run = async (action: string, anchor?: string) => {
    const given = { positionals: [action], system };
    const { result, stdout } = await captured(async () => command?.run({ anchor } as never, given as never));
    return { status: exitStatus(result ?? "failed"), lines: stdout.trim().split("\n") };
  };
  const ends: string[] = [];
  // The fourth came late: an older row behind a younger one stays with it.
  for (const at of ["2019-05-01", "2020-10-31", "2020-11-02", "2020-01-01", "2026-10-01"]) {
    const access: Access = { at: Date.parse(`${at}T10:00:00Z`), operation: "case", subject: "C1", rows: 1 };
    await recordAccess(system.database, system.operator, access);
    ends.push((await run("verify")).lines.at(-1)!);
  }
  const [first, second, third] = ends;
  expect((await run("prune")).lines).toEqual([
    "2 rader äldre än 6 år är borttagna.",
    "Kedjan är hel: 3 rader.",
    ends.at(-1),
  ]);
  expect((await run("prune")).lines[0]).toBe("0 rader äldre än 6 år är borttagna.");
  // The last row that has gone still proves what follows; the one before it can prove nothing any more, nor accuse.
  expect((await run("verify", second)).status).toBe(0);
  expect((await run("verify", third)).status).toBe(0);
  expect((await run("verify", first)).status).toBe(0);
  expect(
    (
      await run(
        "verify",
        second!.replace(/[0-9a-f]$/, (last) => (last === "0" ? "1" : "0")),
      )
    ).status,
  ).toBe(1);

  await recordAccess(system.database, system.operator, { at: system.now(), operation: "case", subject: "C2", rows: 1 });
  expect((await run("verify")).lines[0]).toBe("Kedjan är hel: 4 rader.");
  await system.database.pool.query(
    "SET session_replication_role = replica; DELETE FROM access_log WHERE seq = 3; RESET session_replication_role",
  );
  expect((await run("verify")).status).toBe(1);
});
