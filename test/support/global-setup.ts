import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { migrate, openDatabase, startEmbedded } from "#store";

declare module "vitest" {
  export interface ProvidedContext {
    /** The run's own Postgres, whose database `klarsyn` is the migrated template. */
    postgres: { host: string; port: number; user: string };
  }
}

/** Starts the run's own Postgres in a temporary folder, and migrates the template that each test gets a copy of. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "klarsyn-test-"));
  // Nothing in it outlives the run.
  const server = await startEmbedded(folder, { settings: { fsync: "off", max_connections: "200" } });
  const template = await openDatabase({ folder });
  await migrate(template);
  await template.close();
  project.provide("postgres", { host: server.host, port: server.port, user: server.user });
  return async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
}
