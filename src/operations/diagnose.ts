import type { Instant } from "#model";
import type { Database } from "#store";
import { type Actor, permit } from "./actor.ts";
import type { ConfiguredSource } from "./pull-sources.ts";

export interface Diagnosis {
  what: string;
  ok: boolean;
  /** What was found; where it is not ok, what to do. Swedish. */
  text: string;
}

/** Clocks further apart than this make late registrations and deltas wrong. */
const SKEW_MAX_MS = 5_000;

/** Checks the database's clock and that every source answers. Changes nothing at a source. */
export async function diagnose(
  { database, sources, now }: { database: Database; sources: readonly ConfiguredSource[]; now: () => Instant },
  actor: Actor,
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  permit(actor, "sources:read");
  const before = now();
  const { rows } = await database.pool.query<{ at: number; version: string }>(
    "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at, current_setting('server_version') AS version",
  );
  const skew = Math.abs((rows[0]?.at ?? before) - (before + now()) / 2);
  const findings: Diagnosis[] = [
    { what: "databas", ok: true, text: `PostgreSQL ${rows[0]?.version ?? ""} svarar.` },
    {
      what: "klocka",
      ok: skew <= SKEW_MAX_MS,
      text:
        skew <= SKEW_MAX_MS
          ? "Datorns och databasens klockor stämmer överens."
          : `Datorns och databasens klockor skiljer ${Math.round(skew / 1000)} sekunder. Ställ in tidssynkronisering (NTP) på båda.`,
    },
  ];
  for (const source of sources) findings.push(await diagnoseSource(source, signal));
  return findings;
}

async function diagnoseSource(configured: ConfiguredSource, signal: AbortSignal): Promise<Diagnosis> {
  const what = `källa ${configured.id}`;
  const unmapped = Object.keys(configured.adapter.sources).filter((resource) => configured.mapping(resource) === null);
  try {
    await using opened = await configured.open({ signal, notice: () => undefined });
    const { adapter, settings, http, files } = opened.source;
    const [first] = Object.values(adapter.sources);
    // The first page of the first resource: what a pull would ask for, without keeping or acknowledging anything.
    const stream = first?.pull({ settings, http, files, cursor: null, now: Date.now, signal, notice: () => undefined });
    const pages = stream?.[Symbol.asyncIterator]();
    await pages?.next();
    await pages?.return?.();
    const rest = unmapped.length === 0 ? "" : ` Utan översättning: ${unmapped.join(", ")}.`;
    return { what, ok: true, text: `${adapter.title} svarar.${rest}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "okänt fel";
    return { what, ok: false, text: `Svarar inte: ${reason} Kontrollera adress, behörighet, certifikat och nätverk.` };
  }
}
