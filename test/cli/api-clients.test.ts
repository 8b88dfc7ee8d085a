import { expect, test } from "vitest";
import { commands, exitStatus } from "#cli";
import { createApp } from "#http";
import { createApiClient } from "#operations";
import { captured } from "../support/captured.ts";
import { signedIn } from "../support/signed-in.ts";
import { asking, providersTown } from "../http/api/providers.ts";

test("api-clients lets a program in, shows its secret once, changes it, and shuts the program out", async () => {
  await using town = await providersTown();
  const { system } = town;
  const command = commands.find(({ name }) => name === "api-clients");
  const run = async (positionals: string[], options: object = {}) => {
    const values = { scope: [], unit: [], kind: "key", format: "jsonl", ...options };
    const { result, stdout } = await captured(async () =>
      command?.run(values as never, { positionals, system } as never),
    );
    return { status: exitStatus(result ?? "failed"), lines: stdout.trim().split("\n") };
  };
  const app = createApp(system, signedIn(system.operator));
  const status = async (key = "") => (await asking(app, key).get("/orders")).status;

  const made = { name: "Planeringssystemet", provider: "P1", scope: ["orders:read"] };
  const [id = "", key] = (await run(["create"], made)).lines;
  expect(await status(key)).toBe(200);

  const listed = (await run(["list"])).lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(listed).toMatchObject([
    { id, provider: "P1", units: null, scopes: ["orders:read"], kind: "key", revokedAt: null },
  ]);
  expect(JSON.stringify(listed)).not.toContain(key?.split(".")[1]);

  const [, next] = (await run(["rotate", id])).lines;
  expect([await status(key), await status(next)]).toEqual([401, 200]);

  expect((await run(["revoke", id])).status).toBe(0);
  expect(await status(next)).toBe(401);
  await expect(run(["revoke", id])).rejects.toMatchObject({ code: "api-client.missing" });
});

test("no program is let in for nobody, for nothing, or with keys that are not its own", async () => {
  await using town = await providersTown();
  const { system } = town;
  const right = { name: "Plan", provider: "P1", units: null, scopes: ["orders:read"], kind: "key" } as const;
  const keys = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}]}';
  for (const wrong of [
    { name: " " },
    { provider: "P9" },
    { units: ["U9"] },
    { scopes: ["cases:decide"] },
    { scopes: [] },
    { kind: "private_key_jwt", jwks: keys } as const,
    { kind: "private_key_jwt" } as const,
    { jwks: keys },
  ]) {
    await expect(createApiClient(system, system.operator, { ...right, ...wrong })).rejects.toMatchObject({
      code: "api-client.invalid",
    });
  }
});
