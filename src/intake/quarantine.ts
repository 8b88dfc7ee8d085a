import type { CanonicalRecord, EntityName } from "#model";
import { countQuarantine, selectPage, selectPagesFrom, selectQuarantinedRecords } from "#store";
import { Normaliser } from "./normalise.ts";
import type { Intake, IntakeSource } from "./source.ts";

export interface Retried {
  /** Records that were tried. */
  records: number;
  mended: number;
  /** Still in quarantine, lines that were no records and refused files included. */
  open: number;
  /** Sources that are no longer configured; their records were left alone. */
  skipped: string[];
}

/**
 * Makes the records in quarantine canonical again, from the ledger and with the place that they have there: as if they
 * had fitted when they were received.
 */
export async function retryQuarantine(
  intake: Intake,
  sources: readonly IntakeSource[],
  only: string | null = null,
): Promise<Retried> {
  const { database, tenantId } = intake;
  const normalisers = new Map<string, Normaliser>();
  const retried: Retried = { records: 0, mended: 0, open: 0, skipped: [] };
  for (const { rawPage, rawIndexes } of await selectQuarantinedRecords(database, tenantId, only)) {
    const page = await selectPage(database, tenantId, rawPage);
    const source = sources.find(({ id }) => id === page?.source);
    if (page === null || source === undefined) {
      if (page !== null && !retried.skipped.includes(page.source)) retried.skipped.push(page.source);
      continue;
    }
    let normaliser = normalisers.get(source.id);
    if (normaliser === undefined) normalisers.set(source.id, (normaliser = await Normaliser.open(intake, source)));
    const before = normaliser.result.quarantined;
    const { bytes: _bytes, ...meta } = page;
    const unversioned = new Set<string>();
    await normaliser.again(meta, await normaliser.read(rawPage), {
      indexes: new Set(rawIndexes),
      rows: (entity, record) => {
        if (record.version === null) for (const key of keysOf(entity, record)) unversioned.add(key);
        return true;
      },
    });
    retried.records += rawIndexes.length;
    retried.mended += rawIndexes.length - (normaliser.result.quarantined - before);
    if (unversioned.size > 0) await replayLater(intake, normaliser, meta, unversioned);
  }
  retried.open = await countQuarantine(database, tenantId);
  return retried;
}

/** The record itself, and the set of children that it belongs to. */
function keysOf(entity: EntityName, { id, parent }: CanonicalRecord): string[] {
  const keys = id === "" ? [] : [`${entity} ${id}`];
  if (parent !== null) keys.push(`${entity} parent ${parent}`);
  return keys;
}

/**
 * Without versions what is received later wins. A later page that said nothing new then may say something new now that
 * an earlier one has changed, so the same records of the pages after it are gone through again, in order.
 */
async function replayLater(
  { database, tenantId }: Intake,
  normaliser: Normaliser,
  page: { id: number; source: string; resource: string },
  keys: ReadonlySet<string>,
): Promise<void> {
  for (let after = page.id; ;) {
    const later = await selectPagesFrom(database, tenantId, page.source, page.resource, after, 100);
    if (later.length === 0) return;
    for (const next of later) {
      after = next.id;
      await normaliser.again(next, await normaliser.read(next.id), {
        indexes: null,
        rows: (entity, record) => keysOf(entity, record).some((key) => keys.has(key)),
      });
    }
  }
}
