import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "#errors";
import type { Database } from "./database.ts";

/** Somebody else works on the tenant. */
export class LeaseTaken extends AppError {
  readonly code = "lease.taken";
  readonly kind = "conflict";
}

/** The connection that held the lease is gone: somebody else may have begun. */
class LeaseLost extends AppError {
  readonly code = "lease.lost";
  readonly kind = "unavailable";
}

/**
 * The right to be the only run of a tenant, on any number of machines. It is a session's advisory lock: it ends with
 * the process or its connection, so that there is nothing to expire, to renew or to clear away after a crash.
 */
export interface Lease extends AsyncDisposable {
  /** Aborted, with an AppError as reason, when the lease is lost. */
  readonly signal: AbortSignal;
  /** Throws where the lease is lost; to be called before each commit. */
  check: () => void;
  release: () => Promise<void>;
}

const KEY = "hashtextextended('klarsyn lease ' || $1, 0)";

/** Takes the lease of a tenant; where it is taken, waits up to `waitMs` and then throws `LeaseTaken`. */
export async function acquireLease(
  database: Database,
  tenantId: string,
  { purpose, waitMs = 0 }: { purpose: string; waitMs?: number },
): Promise<Lease> {
  const client = await database.pool.connect();
  const lost = new AbortController();
  let released = false;
  const onError = (): void => {
    if (!released)
      lost.abort(new LeaseLost(`The lease of municipality ${tenantId} is lost: the database closed its connection.`));
  };
  client.on("error", onError);
  const release = async (): Promise<void> => {
    if (released) return;
    released = true;
    try {
      lost.signal.throwIfAborted();
      await client.query("SELECT pg_advisory_unlock_all(), set_config('application_name', 'klarsyn', false)");
      client.off("error", onError);
      client.release();
    } catch {
      // The lock goes with the session.
      client.release(true);
    }
  };
  try {
    // A machine that lost its power is noticed in half a minute, not in two hours.
    const settings =
      "set_config('tcp_keepalives_idle', '15', false), set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false), set_config('application_name', $2, false)";
    const name = `klarsyn ${purpose} on ${hostname()} (pid ${process.pid})`.slice(0, 63);
    const deadline = Date.now() + waitMs;
    for (;;) {
      const { rows } = await client.query<{ taken: boolean }>(
        `SELECT ${settings}, pg_try_advisory_lock(${KEY}) AS taken`,
        [tenantId, name],
      );
      if (rows[0]?.taken === true) break;
      if (Date.now() >= deadline) {
        const holder = await database.pool.query<{ name: string }>(
          `SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
           WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND (l.classid::int8 << 32) + l.objid::int8 = ${KEY}`,
          [tenantId],
        );
        const who = holder.rows[0]?.name.replace(/^klarsyn /, "") ?? "another process";
        throw new LeaseTaken(
          `Municipality ${tenantId} is being worked on: ${who}. Wait until it is done and try again.`,
          {
            tenantId,
          },
        );
      }
      await sleep(200);
    }
  } catch (error) {
    await release();
    throw error;
  }
  return {
    signal: lost.signal,
    check: () => lost.signal.throwIfAborted(),
    release,
    [Symbol.asyncDispose]: release,
  };
}
