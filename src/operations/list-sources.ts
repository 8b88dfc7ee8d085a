import { AppError } from "#errors";
import type { Instant } from "#model";
import {
  countQuarantineBySource,
  type Database,
  type Notice,
  selectLastRuns,
  selectRunsOf,
  type SourceRun,
  type SourceState,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import type { ConfiguredSource } from "./pull-sources.ts";

/** The last run of one resource of a source. */
export interface SourceStatus {
  id: string;
  adapter: string;
  resource: string;
  state: SourceState | "never" | "running";
  lastRunAt: Instant | null;
  watermark: string | null;
  seen: number;
  accepted: number;
  /** Of the last run. */
  quarantined: number;
  /** Waiting now. */
  waiting: number;
  problem: string | null;
  notices: Notice[];
}

class ResourceUnknown extends AppError {
  readonly code = "source.resource-unknown";
  readonly kind = "missing";
}

const RUNS = 50;

/** The last runs of one resource of a source, the latest first. */
export async function listRuns(
  { database, sources }: { database: Database; sources: readonly ConfiguredSource[] },
  actor: Actor,
  { source, resource }: { source: string; resource: string },
): Promise<SourceRun[]> {
  permit(actor, "sources:read");
  const configured = sources.find(({ id }) => id === source);
  if (configured === undefined || !Object.hasOwn(configured.adapter.sources, resource))
    throw new ResourceUnknown("The configuration has no such source and kind of record.");
  return selectRunsOf(database, actor.tenantId, { source, resource, limit: RUNS });
}

/** Every resource of every configured source, in the order of the configuration. */
export async function listSources(
  { database, sources }: { database: Database; sources: readonly ConfiguredSource[] },
  actor: Actor,
): Promise<SourceStatus[]> {
  permit(actor, "sources:read");
  const runs = new Map(
    (await selectLastRuns(database, actor.tenantId)).map((run) => [`${run.source}/${run.resource}`, run]),
  );
  const waiting = await countQuarantineBySource(database, actor.tenantId);
  return sources.flatMap(({ id, adapter }) =>
    Object.keys(adapter.sources).map((resource) => {
      const key = `${id}/${resource}`;
      const run = runs.get(key);
      return {
        id,
        adapter: adapter.id,
        resource,
        state: run === undefined ? ("never" as const) : (run.state ?? ("running" as const)),
        lastRunAt: run?.startedAt ?? null,
        watermark: run?.watermark ?? null,
        seen: run?.seen ?? 0,
        accepted: run?.accepted ?? 0,
        quarantined: run?.quarantined ?? 0,
        waiting: waiting.get(key) ?? 0,
        problem: run?.problem ?? null,
        notices: run?.notices ?? [],
      };
    }),
  );
}
