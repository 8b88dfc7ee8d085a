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
