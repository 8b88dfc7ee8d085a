import { statfsSync } from "node:fs";
import { Socket } from "node:net";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import pg from "pg";
import { AppError } from "#errors";
import { parseDate } from "#model";
import { codeOf, type EmbeddedOptions, startEmbedded } from "./embedded.ts";
import { databaseSocket } from "./socket.ts";
import { parseTimestamp } from "./tables/columns.ts";

/** The database cannot be reached or cannot go on; the message says what to do. */
export class DatabaseUnavailable extends AppError {
  readonly code = "database.unavailable";
  readonly kind = "unavailable";
}

export type Orm = NodePgDatabase;

/** One transaction: drizzle for ordinary queries and the connection itself for COPY, on the same snapshot. */
export interface Transaction {
  readonly orm: Orm;
  readonly client: pg.PoolClient;
}

/**
 * The pool of one Postgres. Queries on `pool` and on a transaction's `client` give instants as milliseconds, dates as
 * days and bigint as numbers, as everywhere in memory; `orm` does the same by its column types.
 */
export interface Database extends AsyncDisposable {
  readonly pool: pg.Pool;
  readonly orm: Orm;
  /** Runs `work` in a transaction: committed when it returns, rolled back when it throws. */
  transaction: <Result>(work: (tx: Transaction) => Promise<Result>) => Promise<Result>;
  /** The same database as somebody may see it: every query runs in a role that row-level security holds to these. */
  restrict: (visible: Visible) => Database;
  /** What `pool` or `orm` has thrown: where a person can do something about it, an AppError that says what. */
  explain: (error: unknown) => unknown;
  close: () => Promise<void>;
}

/** Which rows somebody sees: of one tenant, of these providers, units and areas of clients; null is all of them. */
export interface Visible {
  tenantId: string;
  scope: {
    readonly providers: readonly string[] | null;
    readonly units: readonly string[] | null;
    readonly groups: readonly string[] | null;
  };
}

export interface DatabaseOptions {
  /** Connections at most. */
  connectionsMax?: number;
  embedded?: EmbeddedOptions;
}

const casing = "snake_case";

const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [pg.types.builtins.INT8]: Number,
  [pg.types.builtins.TIMESTAMPTZ]: parseTimestamp,
  [pg.types.builtins.DATE]: parseDate,
};
const types = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    (format ?? "text") === "text" && parsers[oid] !== undefined ? parsers[oid] : pg.types.getTypeParser(oid, format),
} as unknown as pg.CustomTypesConfig; // its overloads list every type by name

/** Opens the Postgres at `url`, or without one the embedded Postgres of `folder`, which is started where it does not run. */
export async function openDatabase(
  from: { url: string } | { folder: string },
  options: DatabaseOptions = {},
): Promise<Database> {
  if ("url" in from)
    return connect({ connectionString: from.url }, { name: where(from.url) }, options, async () => undefined);
  const server = await startEmbedded(from.folder, options.embedded);
  const { host, port, user } = server;
  try {
    await createOnce({ host, port, user, database: "postgres" }, "klarsyn");
    return await connect(
      { host, port, user, database: "klarsyn" },
      { name: `in ${from.folder}`, folder: from.folder },
      options,
      server.close,
    );
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Which database it is, for messages. */
interface Place {
  name: string;
  /** Of the embedded one. */
  folder?: string;
}

async function createOnce(config: pg.ClientConfig, name: string): Promise<void> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    // 42P04, 23505: another process has just made it.
    if (!["42P04", "23505"].includes(codeOf(error))) throw error;
  } finally {
    await client.end();
  }
}

async function connect(
  config: pg.PoolConfig,
  place: Place,
  options: DatabaseOptions,
  after: () => Promise<void>,
): Promise<Database> {
  const openPool = (more: string): pg.Pool => {
    const pool = new pg.Pool({
      ...config,
      types,
      max: options.connectionsMax ?? 10,
      application_name: "klarsyn",
      connectionTimeoutMillis: 15_000,
      keepAlive: true,
      // The driver hands over its settings, though its type does not say so.
      stream: (({ ssl }: pg.ClientConfig) => (ssl ? new Socket() : databaseSocket())) as () => Socket,
      // Awaited by the pool, though its type does not say so.
      onConnect: (client) => client.query(`SET timezone TO 'UTC'; SET datestyle TO 'ISO'${more}`) as unknown as void,
    });
    // A connection that breaks while idle is replaced; whoever needs the database next sees whether it is gone.
    pool.on("error", () => undefined);
    return pool;
  };
  const pool = openPool("");
  try {
    const { rows } = await pool.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    );
    const version = Math.floor((rows[0]?.version ?? 0) / 10_000);
    if (version < 15) {
      throw new DatabaseUnavailable(`The database ${place.name} is PostgreSQL ${version}; Klarsyn needs 15 or later.`);
    }
  } catch (error) {
    await pool.end();
    throw explain(error, place);
  }
  // Connections of its own that stay in the role: a query costs no transaction more, and none forgets the role.
  // Pages ask short questions: compiling them takes longer than answering, and what they read is in memory, where an index
  // that holds all that is asked for is quicker than the table itself.
  const rolePool = openPool("; SET jit TO off; SET random_page_cost TO 1.1; SET ROLE klarsyn_app");
  const seen = new WeakMap<pg.PoolClient, string>();
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= Promise.all([pool.end(), rolePool.end()]).then(after));
  const over = (pool: pg.Pool): Database => ({
    pool,
    orm: drizzle(pool, { casing }),
    transaction: (work) => transaction(pool, place, work),
    restrict: (visible) => over(restricted(rolePool, seen, visible)),
    explain: (error) => explain(error, place),
    close,
    [Symbol.asyncDispose]: close,
  });
  return over(pool);
}

/** The pool for somebody who sees this much. `seen` knows for whom a connection was used last. */
function restricted(pool: pg.Pool, seen: WeakMap<pg.PoolClient, string>, { tenantId, scope }: Visible): pg.Pool {
  const settings = [tenantId, ...[scope.providers, scope.units, scope.groups].map((ids) => JSON.stringify(ids))];
  const key = JSON.stringify(settings);
  const connect = async (): Promise<pg.PoolClient> => {
    const client = await pool.connect();
    if (seen.get(client) === key) return client;
    try {
      await client.query(
        `SELECT set_config('klarsyn.tenant', $1, false), set_config('klarsyn.providers', $2, false),
         set_config('klarsyn.units', $3, false), set_config('klarsyn.groups', $4, false)`,
        settings,
      );
    } catch (error) {
      client.release(true);
      throw error;
    }
    seen.set(client, key);
    return client;
  };
  const query = async (...given: [pg.QueryConfig | string, unknown[]?]): Promise<pg.QueryResult> => {
    const client = await connect();
    let broken: Error | undefined;
    try {
      return await client.query(...given);
    } catch (error) {
      if (isCut(error)) broken = error as Error;
      throw error;
    } finally {
      client.release(broken);
    }
  };
  // drizzle asks whether it has a pool, so that this has to be one in all else.
  return new Proxy(pool, {
    get: (target, name) => (name === "connect" ? connect : name === "query" ? query : Reflect.get(target, name)),
  });
}

async function transaction<Result>(
  pool: pg.Pool,
  place: Place,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw explain(error, place);
  }
  let broken = false;
  const onError = () => (broken = true);
  client.on("error", onError);
  try {
    await client.query("BEGIN");
    const result = await work({ client, orm: drizzle(client, { casing }) });
    await client.query("COMMIT");
    return result;
  } catch (error) {
    // A connection that cannot roll back is not given to anybody else.
    await client.query("ROLLBACK").catch(() => (broken = true));
    throw explain(error, place);
  } finally {
    client.off("error", onError);
    client.release(broken);
  }
}

/** Somebody wrote a character that Postgres keeps in no text, which is 0. */
class TextUnstorable extends AppError {
  readonly code = "database.text";
  readonly kind = "invalid";
}

/** What a person can do something about, as an AppError; all else as it is. */
function explain(error: unknown, place: Place): unknown {
  if (error instanceof AppError) return error;
  // drizzle puts the driver's error into `cause`.
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (["22021", "22P05"].includes(codeOf(inner)))
    return new TextUnstorable("A text has a character that cannot be kept.", {}, { cause: error });
  const cut = /^(08|57P0[12])/.test(codeOf(inner)) || isCut(inner);
  // A server that cannot write its log stops at once, and has no time to say why.
  const code = cut && isFull(place.folder) ? DISK_FULL : codeOf(inner);
  const what = problems[code] ?? (cut ? "closed the connection; try again" : null);
  if (what === null) return error;
  return new DatabaseUnavailable(`The database ${place.name} ${what}.`, { code }, { cause: error });
}

const DISK_FULL = "53100";

/** Whether there is no room for one more segment of the server's log. */
function isFull(folder: string | undefined): boolean {
  if (folder === undefined) return false;
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < 16 * 2 ** 20;
  } catch {
    return false;
  }
}

const problems: Readonly<Record<string, string>> = {
  ECONNREFUSED: "does not answer: is it running, and are host and port in DATABASE_URL right?",
  ENOTFOUND: "is at a host that has no address: check the host in DATABASE_URL",
  ETIMEDOUT: "does not answer in time: check host and firewall",
  "28P01": "refuses the password: check user and password in DATABASE_URL",
  "28000": "refuses the user: check user and password in DATABASE_URL, and pg_hba.conf",
  "3D000": "does not exist: create it, or correct its name in DATABASE_URL",
  KL001:
    "has no role klarsyn_app and this user may not make it: let an administrator of the database run CREATE ROLE klarsyn_app NOLOGIN; GRANT klarsyn_app TO the user in DATABASE_URL",
  "42501": "does not let this user do that: it needs the right to create tables and read and write them",
  [DISK_FULL]: "has no room left on its disk: make room and run the command again; nothing that was committed is lost",
  "53300": "has no free connection: raise max_connections, or stop other programs that use it",
  "57P03": "is starting or stopping; try again",
};

const isCut = (error: unknown): boolean =>
  error instanceof Error &&
  (/Connection terminated|timeout exceeded when trying to connect/.test(error.message) ||
    ["ECONNRESET", "EPIPE"].includes(codeOf(error)));

/** Host and database, without user, password and parameters. */
function where(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}`;
  } catch {
    return "in DATABASE_URL";
  }
}
