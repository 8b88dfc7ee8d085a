import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase } from "#store";

const program = fileURLToPath(new URL("../support/use-database.ts", import.meta.url));

interface Folder extends AsyncDisposable {
  path: string;
  postmaster: () => Promise<number>;
}

async function temporary(...below: string[]): Promise<Folder> {
  const top = await mkdtemp(join(tmpdir(), "klarsyn-embedded-"));
  const path = join(top, ...below);
  const postmaster = async () =>
    Number((await readFile(join(path, "postgres/data/postmaster.pid"), "utf8")).split("\n")[0]);
  return {
    path,
    postmaster,
    [Symbol.asyncDispose]: async () => {
      const pid = await postmaster().catch(() => 0);
      if (pid > 0 && running(pid)) process.kill(pid, "SIGKILL");
      await sleep(50);
      await rm(top, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

let cluster: Folder;
beforeAll(async () => {
  cluster = await temporary("data");
  await (await openDatabase({ folder: cluster.path })).close();
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** As `temporary`, with a database that is already made: a copy, since making one takes longer. */
async function prepared(...below: string[]): Promise<Folder> {
  const folder = await temporary(...below);
  await cp(cluster.path, folder.path, { recursive: true });
  return folder;
}

function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Command {
  child: ChildProcess;
  /** What it printed until it was ready or gave up. */
  said: Promise<unknown[]>;
  end: () => Promise<void>;
}

function command(folder: string, ...statements: string[]): Command {
  const child = spawn(process.execPath, [program, folder, ...statements], { stdio: ["pipe", "pipe", "inherit"] });
  const said = (async () => {
    const lines: unknown[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      lines.push(JSON.parse(line));
      if (lines.at(-1) === "ready") break;
    }
    return lines;
  })();
  return {
    child,
    said,
    end: async () => {
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

// Each starts processes of its own, which takes its time on a busy machine.
describe("the embedded Postgres", { timeout: 120_000 }, () => {
  test("keeps what was written, and stops with the last that uses it", async () => {
    await using folder = await prepared("data");
    const first = command(folder.path, "CREATE TABLE kept AS SELECT 1 AS one");
    await first.said;
    const pid = await folder.postmaster();
    const second = command(folder.path, "SELECT * FROM kept");
    expect(await second.said).toEqual([[{ one: 1 }], "ready"]);
    expect(await folder.postmaster()).toBe(pid);
    // The one that started it ends first.
    await first.end();
    expect(await folder.postmaster()).toBe(pid);
    await second.end();
    await expect(folder.postmaster()).rejects.toThrow(/ENOENT/);
    const third = command(folder.path, "SELECT * FROM kept");
    expect(await third.said).toEqual([[{ one: 1 }], "ready"]);
    await third.end();
  });

  test("is made and started once by commands that start at once", async () => {
    await using folder = await temporary("data");
    const commands = [1, 2, 3].map((no) => command(folder.path, `SELECT ${no} AS no`));
    const said = await Promise.all(commands.map((one) => one.said));
    expect(said).toEqual([1, 2, 3].map((no) => [[{ no }], "ready"]));
    await Promise.all(commands.map((one) => one.end()));
    await expect(folder.postmaster()).rejects.toThrow(/ENOENT/);
  });

  test("is found by commands that open it while others close it", async () => {
    await using folder = await prepared("data");
    const use = async (): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        await using database = await openDatabase({ folder: folder.path });
        const { rows } = await database.pool.query("SELECT 1 AS one");
        expect(rows).toEqual([{ one: 1 }]);
      }
    };
    await Promise.all([use(), use(), use()]);
  });

  test("recovers what was committed after everything was killed", async () => {
    await using folder = await prepared("data");
    const killed = command(folder.path, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS no");
    await killed.said;
    const pid = await folder.postmaster();
    process.kill(pid, "SIGKILL");
    killed.child.kill("SIGKILL");
    const next = command(folder.path, "SELECT count(*) AS count FROM kept");
    expect(await next.said).toEqual([[{ count: 1000 }], "ready"]);
    expect(await folder.postmaster()).not.toBe(pid);
    await next.end();
  });

  test("outlives a command that was killed, and is used and stopped by the next", async () => {
    await using folder = await prepared("data");
    const killed = command(folder.path, "CREATE TABLE kept AS SELECT 1 AS one");
    await killed.said;
    const pid = await folder.postmaster();
    killed.child.kill("SIGKILL");
    await once(killed.child, "exit");
    const next = command(folder.path, "SELECT * FROM kept");
    expect(await next.said).toEqual([[{ one: 1 }], "ready"]);
    expect(await folder.postmaster()).toBe(pid);
    await next.end();
    await expect(folder.postmaster()).rejects.toThrow(/ENOENT/);
  });

  test("starts where a killed server's number now belongs to another process", async () => {
    await using folder = await prepared("data");
    const killed = command(folder.path, "CREATE TABLE kept AS SELECT 1 AS one");
    await killed.said;
    process.kill(await folder.postmaster(), "SIGKILL");
    await killed.end();
    const file = join(folder.path, "postgres/data/postmaster.pid");
    const lines = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, [String(process.pid), ...lines.slice(1)].join("\n"));
    const next = command(folder.path, "SELECT * FROM kept");
    expect(await next.said).toEqual([[{ one: 1 }], "ready"]);
    await next.end();
  });

  test("starts again where making it was cut short", async () => {
    await using folder = await temporary("data");
    await mkdir(join(folder.path, "postgres/new-999999999-abcd/base"), { recursive: true });
    const next = command(folder.path, "SELECT 1 AS one");
    expect(await next.said).toEqual([[{ one: 1 }], "ready"]);
    await next.end();
    await expect(stat(join(folder.path, "postgres/new-999999999-abcd"))).rejects.toThrow(/ENOENT/);
  });

  test("has a place for its socket where the folder's path is too long for one", async () => {
    await using folder = await prepared(
      "a-name-of-forty-letters-to-make-it-longer",
      "another-one-of-about-forty-letters",
      "data",
    );
    const next = command(folder.path, "SELECT 1 AS one");
    expect(await next.said).toEqual([[{ one: 1 }], "ready"]);
    const second = command(folder.path, "SELECT 2 AS two");
    expect(await second.said).toEqual([[{ two: 2 }], "ready"]);
    const place = (await readFile(join(folder.path, "postgres/data/postmaster.pid"), "utf8")).split("\n")[4] ?? "";
    expect((await stat(place)).mode & 0o777).toBe(0o700);
    await next.end();
    await second.end();
    await expect(stat(place)).rejects.toThrow(/ENOENT/);
  });

  test("listens on nothing but a socket that only its owner can reach", async () => {
    await using folder = await prepared("data");
    await using database = await openDatabase({ folder: folder.path });
    const { rows } = await database.pool.query("SHOW listen_addresses");
    expect(rows).toEqual([{ listen_addresses: "" }]);
    expect((await stat(join(folder.path, "postgres/socket"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder.path, "postgres"))).mode & 0o777).toBe(0o700);
  });

  test("writes no values of rows to its log", async () => {
    await using folder = await prepared("data");
    await using database = await openDatabase({ folder: folder.path });
    await database.pool.query("CREATE TABLE people (number text PRIMARY KEY)");
    await database.pool.query("INSERT INTO people VALUES ('189001019802')");
    await expect(database.pool.query("INSERT INTO people VALUES ('189001019802')")).rejects.toThrow(/unique/);
    await expect(database.pool.query("SELECT '189001019802x'::int8")).rejects.toThrow(/bigint/);
    expect(await readFile(join(folder.path, "postgres/postgres.log"), "utf8")).not.toContain("189001019802");
  });

  test("says which program a folder of a newer or older Postgres needs", async () => {
    await using folder = await prepared("data");
    const file = join(folder.path, "postgres/data/PG_VERSION");
    await writeFile(file, "99\n");
    await expect(openDatabase({ folder: folder.path })).rejects.toThrow(/PostgreSQL 99, newer than this Klarsyn's 18/);
    await writeFile(file, "15\n");
    await expect(openDatabase({ folder: folder.path })).rejects.toThrow(/pg_dump/);
  });

  test("says what to do where the folder cannot be made", async () => {
    await using folder = await temporary();
    await writeFile(join(folder.path, "file"), "");
    await expect(openDatabase({ folder: join(folder.path, "file", "data") })).rejects.toThrow(/KLARSYN_DATA/);
  });
});

// A file system of its own, small and private to the test, needs a mount; some containers do not allow one.
const inNamespace = ["--user", "--map-root-user", "--mount", "--"];
const mountable = spawnSync("unshare", [...inNamespace, "mount", "-t", "tmpfs", "none", tmpdir()]).status === 0;

describe.runIf(mountable)("a full disk", { timeout: 120_000 }, () => {
  async function onSmallDisk(megabytes: number, ...statements: string[]): Promise<unknown[]> {
    await using folder = await temporary("disk");
    await mkdir(folder.path);
    const script = 'mount -t tmpfs -o size="$0,mode=700" none "$1" && shift && exec "$@"';
    const use = [process.execPath, program, folder.path, ...statements];
    const child = spawn("unshare", [...inNamespace, "sh", "-c", script, `${megabytes}m`, folder.path, ...use], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: unknown[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line));
    return lines;
  }

  test("is named when the database cannot be made", async () => {
    const said = await onSmallDisk(20, "SELECT 1");
    expect(said).toMatchObject([{ code: "database.embedded", error: expect.stringContaining("is full: make room") }]);
  });

  const full = { code: "database.unavailable", error: expect.stringContaining("no room left on its disk") };

  test("is named when it strikes in the middle of a copy, in or out, and what was committed stays", async () => {
    const said = await onSmallDisk(
      120,
      "CREATE TABLE kept AS SELECT 1 AS one",
      "CREATE UNLOGGED TABLE big (text text)",
      "FILL big",
      "COPY (SELECT md5(no::text) FROM generate_series(1, 20000000) no ORDER BY 1) TO STDOUT (FORMAT binary)",
      "SELECT * FROM kept",
    );
    expect(said).toMatchObject([[], [], full, full, [{ one: 1 }], "ready"]);
  });

  test("is named when the server stops for it", async () => {
    const said = await onSmallDisk(120, "CREATE TABLE big (text text)", "FILL big");
    expect(said.slice(0, 2)).toMatchObject([[], full]);
  });
});
