import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkConfig } from "#config";
import { openLog } from "#log";
import { adapters, openSystem, type System } from "#system";
import { testDatabase } from "./database.ts";

export const uploadKey = "provnyckel-0123456789";

/** A whole system of one municipality on a database of its own, with a source `files` that takes uploads. */
export async function testSystem(more: Record<string, unknown> = {}) {
  const stored = await testDatabase();
  const folder = await mkdtemp(join(tmpdir(), "klarsyn-system-"));
  const content = {
    municipality: { code: stored.tenantId, name: "Provkommun" },
    database: "${DATABASE_URL}",
    sources: [
      {
        id: "files",
        adapter: "standard",
        settings: { folder, settleSeconds: 0 },
        uploadKey: "${UPLOAD_KEY}",
      },
    ],
    ...more,
  };
  const env = {
    DATABASE_URL: stored.url,
    KLARSYN_KEY: Buffer.alloc(32, 7).toString("base64"),
    KLARSYN_DATA: folder,
    UPLOAD_KEY: uploadKey,
    SIGN_IN_SECRET: "hemligt-0123456789-hemligt-0123456789",
  };
  const configFile = join(folder, "klarsyn.config.json");
  const config = checkConfig(content, configFile, env, adapters);
  const system: System = await openSystem(config, { anySchema: false, log: openLog("silent"), now: stored.now });
  let dropped = false;
  const drop = async () => {
    if (!dropped) await stored[Symbol.asyncDispose]();
    dropped = true;
  };
  return {
    system,
    folder,
    configFile,
    content,
    env,
    /** Takes the database away while the system goes on. */
    drop,
    [Symbol.asyncDispose]: async () => {
      await system[Symbol.asyncDispose]();
      await drop();
      await rm(folder, { recursive: true });
    },
  };
}
