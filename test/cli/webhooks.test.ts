import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands, parseOptions } from "#cli";
import { pullSources } from "#operations";
import { captured } from "../support/captured.ts";
import { testSystem } from "../support/system.ts";
import { isGenuine, startReceiver, webhooks } from "../webhook/receiver.ts";

type Opened = Awaited<ReturnType<typeof testSystem>>;

async function run({ system, env, configFile }: Opened, ...args: string[]) {
  const command = commands.find((one) => one.name === "webhooks")!;
  const { values, positionals } = parseOptions(command, args);
  const signal = new AbortController().signal;
  const given = { positionals, env, configFile, config: system.config, system, signal };
  return captured(() => Promise.resolve(command.run(values as never, given as never)));
}

describe("klarsyn webhooks", () => {
  test("makes an endpoint, shows its key once, tries it out, and shows what it was sent", async () => {
    await using town = await testSystem({ webhooks });
    await using receiver = await startReceiver();
    const { system, folder } = town;
    const provider = { id: "P1", organisationNumber: "556677-0001", name: "Ett", regime: "private" };
    await writeFile(join(folder, "providers-1.jsonl"), `${JSON.stringify(provider)}\n`);
    await pullSources(system, system.operator, { ids: [], signal: new AbortController().signal });

    expect((await run(town)).stdout).toBe("Ingen mottagare är upplagd.\n");
    await expect(run(town, "create", "P9", receiver.url)).rejects.toThrow(/no provider P9/);
    await expect(run(town, "create", "P1", "https://10.0.0.1/in")).rejects.toThrow(/not public/);
    await expect(run(town, "create", "P1", "http://utforare.example/")).rejects.toThrow(/https/);
    await expect(run(town, "create", "P1", receiver.url, "--type", "order.lost")).rejects.toThrow(/order.created/);

    const made = await run(town, "create", "P1", receiver.url, "--about", "Planeringen");
    expect(made.result).toBe("done");
    expect(made.stderr).toMatch(/Ping: mottaget \(204\)/);
    const key = made.stdout.trim();
    const [ping] = receiver.received;
    expect(isGenuine(key, ping!.headers, ping!.body, system.now())).toBe(true);
    const listed = JSON.parse((await run(town, "--format", "jsonl")).stdout) as { id: string; state: string };
    expect(listed).toMatchObject({ state: "active", description: "Planeringen", provider: "P1" });
    expect(JSON.stringify(listed)).not.toContain(key);

    const { id } = listed;
    receiver.behave(() => ({ status: 500, body: "Internt fel" }));
    expect(await run(town, "test", id, "case.decided")).toMatchObject({
      result: "failed",
      stdout: expect.stringContaining("svarade med fel (500)"),
    });
    const log = await run(town, "log", id, "--state", "failed", "--format", "jsonl");
    // Nothing that has happened was not delivered.
    expect(log).toMatchObject({ result: "done", stderr: expect.stringContaining("0 misslyckade") });
    expect(JSON.parse(log.stdout)).toMatchObject({
      type: "case.decided",
      test: true,
      state: "failed",
      attempts: [{ status: 500, answer: "Internt fel" }],
    });
    expect((await run(town, "rotate", id, "--key", "ed25519")).stdout).toMatch(/^whpk_/);
    expect((await run(town, "pause", id)).stdout).toContain("pausad");
    await expect(run(town, "resend", id)).rejects.toThrow(/--from/);
    await expect(run(town, "resend", id, "--missed", "--event", "evt_1")).rejects.toThrow(/--from/);
    expect((await run(town, "resume", id)).stdout).toContain("tar emot");
    expect((await run(town, "resend", id, "--from", "2026-01-01", "--state", "failed")).stderr).toContain(
      "0 händelser",
    );
    expect((await run(town, "filter", id, "--unit", "U1", "--format", "jsonl")).stdout).toContain('"units":["U1"]');
    // What is not said stays.
    const filter = async (...args: string[]) =>
      JSON.parse((await run(town, "filter", id, ...args, "--format", "jsonl")).stdout) as object;
    const chosen = { units: ["U1"], types: ["order.created"], ordered: true, description: "Planeringen" };
    expect(await filter("--type", "order.created", "--ordered")).toMatchObject(chosen);
    expect(await filter("--about", "Ny")).toMatchObject({ ...chosen, description: "Ny" });
    expect(await filter("--unordered", "--unit", "all")).toMatchObject({
      units: null,
      types: ["order.created"],
      ordered: false,
    });
    expect(await filter("--type", "all")).toMatchObject({ units: null, types: null });

    // Another endpoint in trouble is nothing that a step with this one has to say.
    receiver.behave(() => ({ status: 200 }));
    await run(town, "create", "P1", receiver.url);
    await system.database.pool.query("UPDATE endpoints SET state = 'disabled', disabled_why = 'gone' WHERE id <> $1", [
      id,
    ]);
    expect((await run(town)).result).toBe("incomplete");
    for (const step of ["pause", "resume"]) expect((await run(town, step, id)).result).toBe("done");
    expect(await run(town, "end", id)).toMatchObject({ result: "done", stdout: expect.stringContaining("avstängd") });
    await system.database.pool.query("UPDATE endpoints SET disabled_why = 'by-hand'");
    expect((await run(town)).result).toBe("done");

    expect((await run(town, "mail")).stdout).toBe("Ingen utförare får e-post.\n");
    expect((await run(town, "mail", "P1", "larm@utforare.example")).stdout).toContain("larm@utforare.example");
    expect((await run(town, "mail", "P1")).stdout).toContain("larm@utforare.example");
    await expect(run(town, "mail", "--remove")).rejects.toThrow(/provider/);
    expect((await run(town, "mail", "P1", "--remove")).stdout).toBe("Ingen utförare får e-post.\n");
    expect((await run(town, "mail", "P1")).stdout).toBe("P1 får ingen e-post.\n");
  });
});
