import { AppError } from "#errors";
import { type IntakeSource, type Pulled, type PullableSource, type PullProgress, pullSource } from "#intake";
import { type Database, finishSourceRun, type Notice, startSourceRun, type Vault, writeDayBlocks } from "#store";
import { type Actor, permit } from "./actor.ts";
import { announceChanges } from "./webhooks/announce.ts";

/** A source of the configuration. */
export interface ConfiguredSource extends IntakeSource {
  settings: unknown;
  /** How often it delivers, where the configuration says so. */
  everyHours: number | null;
  /** What a system must show that sends files to us; null: it may not. */
  uploadKey: string | null;
  /** Stand-ins for a connection where nothing is pulled; using them throws. */
  closed: Pick<PullableSource, "http" | "files">;
  /** Opens its connection or folder. Throws where that does not answer. */
  open: (options: {
    signal: AbortSignal;
    notice: (code: string, text: string) => void;
  }) => Promise<AsyncDisposable & { source: PullableSource }>;
}

export interface PullNeeds {
  database: Database;
  vault: Vault;
  now: () => number;
  sources: readonly ConfiguredSource[];
}

class UnknownSource extends AppError {
  readonly code = "source.unknown";
  readonly kind = "usage";

  constructor(id: string, known: readonly string[]) {
    super(`There is no source ${id} in the configuration. Known: ${known.join(", ")}.`, { id });
  }
}

/** The sources of these ids, or all. Throws where there is no such source. */
export function chosenSources<Source extends { id: string }>(
  sources: readonly Source[],
  ids: readonly string[],
): readonly Source[] {
  if (ids.length === 0) return sources;
  return ids.map((id) => {
    const found = sources.find((source) => source.id === id);
    if (found === undefined)
      throw new UnknownSource(
        id,
        sources.map((source) => source.id),
      );
    return found;
  });
}

/** Pulls sources one after the other. A source that is down is said in the result and stops no other. */
export async function pullSources(
  needs: PullNeeds,
  actor: Actor,
  options: { ids: readonly string[]; signal: AbortSignal; progress?: (progress: PullProgress) => void },
): Promise<Pulled[]> {
  permit(actor, "night:run");
  const { database, vault, now } = needs;
  const { signal } = options;
  const pulls: Pulled[] = [];
  for (const configured of chosenSources(needs.sources, options.ids)) {
    const notices: Notice[] = [];
    let opened: (AsyncDisposable & { source: PullableSource }) | undefined;
    try {
      opened = await configured.open({ signal, notice: (code, text) => notices.push({ code, text }) });
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== "unavailable") throw error;
      pulls.push(...(await writeDown(needs, actor.tenantId, configured, error)));
      continue;
    }
    await using connection = opened;
    const intake = { database, vault, now, tenantId: actor.tenantId, signal };
    const progress = options.progress === undefined ? {} : { progress: options.progress };
    const pulled = await pullSource({ ...intake, ...progress, source: connection.source });
    if (notices.length > 0) pulled[0]?.notices.push(...notices);
    pulls.push(...pulled);
    await announceChanges(needs, actor.tenantId);
  }
  // Before the night needs them.
  if (pulls.some(({ accepted }) => accepted > 0)) await writeDayBlocks(database, actor.tenantId);
  return pulls;
}

/** What is known of a source that could not even be opened: it is down, which is not the same as "no visits". */
async function writeDown(
  { database, now }: PullNeeds,
  tenantId: string,
  { id, adapter }: ConfiguredSource,
  error: AppError,
): Promise<Pulled[]> {
  const pulls: Pulled[] = [];
  for (const resource of Object.keys(adapter.sources)) {
    const run = await startSourceRun(database, tenantId, id, resource, now());
    const counts = { seen: 0, accepted: 0, quarantined: 0, watermark: null, notices: [] };
    const down = { ...counts, state: "down" as const, problem: error.code };
    await finishSourceRun(database, tenantId, run, { ...down, finishedAt: now() });
    pulls.push({ ...down, notices: [], source: id, resource, repeated: 0, unexpected: [], error });
  }
  return pulls;
}
