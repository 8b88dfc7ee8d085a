import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

// Fails where the tables in src/store/tables and the SQL in migrations/ do not agree. drizzle-kit writes what is
// missing into a copy, so that the tree stays as it is.
const root = resolve(import.meta.dirname, "..");
const copy = await mkdtemp(join(tmpdir(), "klarsyn-migrations-"));
try {
  await cp(join(root, "migrations"), copy, { recursive: true });
  const before = await readdir(copy);
  const kit = join(root, "node_modules/drizzle-kit/bin.cjs");
  const flags = ["--dialect", "postgresql", "--schema", "src/store/tables/index.ts", "--casing", "snake_case"];
  const run = spawnSync(process.execPath, [kit, "generate", ...flags, "--out", relative(root, copy)], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const made = (await readdir(copy)).filter((name) => !before.includes(name));
  if (run.status !== 0 || !/No schema changes|Your SQL migration file/.test(run.stdout)) {
    process.stderr.write(`drizzle-kit could not compare tables and migrations:\n${run.stdout}${run.stderr}`);
    process.exitCode = 1;
  } else if (made.length > 0) {
    process.stderr.write(
      'The tables in src/store/tables have changed and no migration says so: run "npx drizzle-kit generate --name WHAT".\n',
    );
    process.exitCode = 1;
  }
} finally {
  await rm(copy, { recursive: true, force: true });
}
