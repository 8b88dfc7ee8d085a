import { AppError } from "#errors";
import { readRawRecord, type Retried, retryQuarantine } from "#intake";
import {
  type Database,
  type Quarantined,
  recordAccess,
  selectQuarantine,
  selectQuarantinedText,
  type Vault,
} from "#store";
import { type Actor, permit, permitEverywhere } from "./actor.ts";
import { flattened } from "./cases/show-case.ts";
import { chosenSources, type ConfiguredSource } from "./pull-sources.ts";

/** What did not fit: place, field and rule, never the value. */
export async function listQuarantine(
  { database }: { database: Database },
  actor: Actor,
  filter: { source?: string; all?: boolean; limit?: number } = {},
): Promise<Quarantined[]> {
  permit(actor, "quarantine:read");
  return selectQuarantine(database, actor.tenantId, filter);
}

class QuarantinedMissing extends AppError {
  readonly code = "quarantine.missing";
  readonly kind = "missing";
}

/** Something in quarantine with what is left of it when everything that could name somebody is masked. */
export interface ShownQuarantined {
  row: Quarantined;
  /** Field by field; null values are masked. Null: it is no record of the ledger. */
  record: ReadonlyArray<{ field: string; value: string | null }> | null;
  /** The shape of a line that was no record: "xxxx;0000-00-00". */
  line: string | null;
}

/** One of what did not fit, with its record masked. The reading is recorded. */
export async function showQuarantined(
  { database, vault, now }: { database: Database; vault: Vault; now: () => number },
  actor: Actor,
  id: number,
): Promise<ShownQuarantined> {
  permit(actor, "quarantine:read");
  const [row] = await selectQuarantine(database, actor.tenantId, { id, all: true, limit: 1 });
  if (row === undefined) throw new QuarantinedMissing(`There is nothing in quarantine by the number ${id}.`, { id });
  const { rawPage, rawIndex, source, resource } = row;
  const [raw, text] = await Promise.all([
    rawPage === null || rawIndex === null
      ? null
      : readRawRecord({ database, vault }, actor.tenantId, rawPage, rawIndex),
    selectQuarantinedText(database, actor.tenantId, id),
  ]);
  await recordAccess(database, actor, {
    at: now(),
    operation: "quarantine",
    subject: `${source}/${resource} ${id}`,
    rows: 1,
  });
  return {
    row,
    record: raw === null ? null : flattened(raw.record, false),
    line: text === null ? null : shapeOf(vault.decrypt(text).toString()),
  };
}

const LINE_MAX = 500;

/** Letters and digits by their kind: where the separators stand can be seen, and nothing else. */
const shapeOf = (text: string): string => text.slice(0, LINE_MAX).replace(/\p{L}/gu, "x").replace(/\p{N}/gu, "0");

/** Tries what is in quarantine once more, after a mapping or an alias was mended; keeps the order of arrival. */
export async function retryQuarantined(
  {
    database,
    vault,
    now,
    sources,
  }: { database: Database; vault: Vault; now: () => number; sources: readonly ConfiguredSource[] },
  actor: Actor,
  source: string | null,
): Promise<Retried> {
  permitEverywhere(actor, "quarantine:write");
  if (source !== null) chosenSources(sources, [source]);
  return retryQuarantine({ database, vault, now, tenantId: actor.tenantId }, sources, source);
}
