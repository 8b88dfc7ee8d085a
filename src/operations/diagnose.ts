import { AppError } from "#errors";
import { formatDay, type Instant } from "#model";
import { countQuarantine, type Database, selectLastNight } from "#store";
import { type Actor, permit } from "./actor.ts";
import type { ConfiguredSource } from "./pull-sources.ts";

export interface Diagnosis {
  what: string;
  ok: boolean;
  /** What was found; where it is not ok, what to do. Swedish. */
  text: string;
}

type Needs = { database: Database; sources: readonly ConfiguredSource[]; now: () => Instant };

/** Clocks further apart than this make late registrations and deltas wrong. */
const SKEW_MAX_MS = 5_000;
const NIGHT_OLD_MS = 48 * 3_600_000;

/** Checks the database's clock, that every source answers, and the last night. Changes nothing at a source. */
export async function diagnose(needs: Needs, actor: Actor, signal: AbortSignal): Promise<Diagnosis[]> {
  permit(actor, "sources:read");
  const found = await diagnoseDatabase(needs);
  if (needs.sources.length === 0) {
    const text = "Inga källor är inställda. Lägg till dem under sources i konfigurationen.";
    found.push({ what: "källor", ok: false, text });
  }
  for (const source of needs.sources) found.push(await diagnoseSource(source, signal));
  found.push(await diagnoseNight(needs, actor));
  const waiting = await countQuarantine(needs.database, actor.tenantId);
  // Not a fault of the installation; the night says it with its exit status.
  const advice = waiting === 0 ? "Ingenting väntar." : `${waiting} poster väntar. Se dem med: npx klarsyn quarantine.`;
  return [...found, { what: "karantän", ok: true, text: advice }];
}

async function diagnoseDatabase({ database, now }: Needs): Promise<Diagnosis[]> {
  const before = now();
  const { rows } = await database.pool.query<{ at: number; version: string }>(
    "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at, current_setting('server_version') AS version",
  );
  const skew = Math.abs((rows[0]?.at ?? before) - (before + now()) / 2);
  const apart = `Datorns och databasens klockor skiljer ${Math.round(skew / 1000)} sekunder. Ställ in tidssynkronisering (NTP) på båda.`;
  return [
    { what: "databas", ok: true, text: `PostgreSQL ${rows[0]?.version ?? ""} svarar.` },
    {
      what: "klocka",
      ok: skew <= SKEW_MAX_MS,
      text: skew <= SKEW_MAX_MS ? "Datorns och databasens klockor stämmer överens." : apart,
    },
  ];
}

async function diagnoseNight({ database, now }: Needs, actor: Actor): Promise<Diagnosis> {
  const what = "senaste natten";
  const night = await selectLastNight(database, actor.tenantId, { succeeded: false });
  if (night === null) return { what, ok: true, text: "Ingen natt har körts än. Kör: npx klarsyn night." };
  const day = formatDay(night.day);
  if (night.outcome === "failed") {
    return { what, ok: false, text: `Natten ${day} misslyckades. Loggen säger varför; kör sedan: npx klarsyn night.` };
  }
  if (now() - night.startedAt > NIGHT_OLD_MS) {
    const text = `Natten ${day} är den senaste. Se till att npx klarsyn serve är igång, eller kör npx klarsyn night varje natt.`;
    return { what, ok: false, text };
  }
  return { what, ok: true, text: `Natten ${day} är klar.` };
}

async function diagnoseSource(configured: ConfiguredSource, signal: AbortSignal): Promise<Diagnosis> {
  const what = `källa ${configured.id}`;
  const unmapped = Object.keys(configured.adapter.sources).filter((resource) => configured.mapping(resource) === null);
  try {
    await using opened = await configured.open({ signal, notice: () => undefined });
    const { adapter, settings, http, files, columns } = opened.source;
    const [first] = Object.entries(adapter.sources);
    if (first !== undefined) {
      const [resource, source] = first;
      const headers = columns?.(resource);
      // The first page of the first resource: what a pull would ask for, without keeping or acknowledging anything.
      const stream = source.pull({
        settings,
        http,
        files,
        cursor: null,
        now: Date.now,
        signal,
        notice: () => undefined,
        ...(headers === undefined ? {} : { columns: headers }),
      });
      const pages = stream[Symbol.asyncIterator]();
      await pages.next();
      await pages.return?.();
    }
    const rest = unmapped.length === 0 ? "" : ` Utan översättning: ${unmapped.join(", ")}.`;
    return { what, ok: true, text: `${adapter.title} svarar.${rest}` };
  } catch (error) {
    // What is not ours to know may quote a record.
    const reason = error instanceof AppError ? error.message : "Ett oväntat fel inträffade.";
    const code = error instanceof AppError ? error.code : "";
    return { what, ok: false, text: `${reason} ${adviceOf(code)}` };
  }
}

function adviceOf(code: string): string {
  switch (code) {
    case "adapter.unauthorized":
      return "Källan godtar inte nyckeln: kontrollera den i miljön, och behörigheten hos leverantören.";
    case "adapter.upstream":
      return "Kontrollera adress, certifikat, brandvägg och att källan är igång.";
    case "adapter.inbox":
      return "Kontrollera att mappen eller servern finns och att användaren som kör Klarsyn får läsa och skriva där.";
    case "adapter.invalid-file":
      return "Be leverantören rätta filen, eller rätta rubrikerna (columns) i översättningen.";
    default:
      return "Kör npx klarsyn pull med källans namn; loggen säger mer.";
  }
}
