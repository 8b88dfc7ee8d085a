import type { Instant } from "#model";
import { selectPage } from "#store";
import { decodePage } from "./page-codec.ts";
import type { Intake } from "./source.ts";

/** One record of the ledger, as its source sent it; null where there is none at that place. */
export async function readRawRecord(
  { database, vault }: Pick<Intake, "database" | "vault">,
  tenantId: string,
  rawPage: number,
  rawIndex: number,
): Promise<{ source: string; resource: string; place: string; receivedAt: Instant; record: unknown } | null> {
  const page = await selectPage(database, tenantId, rawPage);
  if (page === null) return null;
  const { records } = await decodePage(vault.decrypt(page.bytes), page.codec);
  const record = records[rawIndex];
  const { source, resource, place, receivedAt } = page;
  return record === undefined ? null : { source, resource, place, receivedAt, record };
}
