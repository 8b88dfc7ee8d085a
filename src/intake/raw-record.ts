import type { Instant } from "#model";
import { selectPage } from "#store";
import { decodePage } from "./page-codec.ts";
import type { Intake } from "./source.ts";

export interface RawRecord {
  source: string;
  resource: string;
  place: string;
  receivedAt: Instant;
  record: unknown;
}

/** One record of the ledger, as its source sent it; null where there is none at that place. */
export async function readRawRecord(
  intake: Pick<Intake, "database" | "vault">,
  tenantId: string,
  rawPage: number,
  rawIndex: number,
): Promise<RawRecord | null> {
  return (await readRawRecords(intake, tenantId, rawPage, [rawIndex]))[0] ?? null;
}

/** Several records of one page of the ledger; those that are there. */
export async function readRawRecords(
  { database, vault }: Pick<Intake, "database" | "vault">,
  tenantId: string,
  rawPage: number,
  indexes: readonly number[],
): Promise<Array<RawRecord & { index: number }>> {
  const page = await selectPage(database, tenantId, rawPage);
  if (page === null) return [];
  const { records } = await decodePage(vault.decrypt(page.bytes), page.codec);
  const { source, resource, place, receivedAt } = page;
  return indexes.flatMap((index) => {
    const record = records[index];
    return record === undefined ? [] : [{ source, resource, place, receivedAt, index, record }];
  });
}
