import { AppError } from "#errors";
import { claimKey, type Database, type IdempotencyKey, keepAnswer, releaseKey } from "#store";

class KeyBusy extends AppError {
  readonly code = "idempotency.busy";
  readonly kind = "conflict";

  constructor() {
    super("The request with this Idempotency-Key is still being worked on. Ask again in a while.");
  }
}

class KeyReused extends AppError {
  readonly code = "idempotency.other-content";
  readonly kind = "invalid";

  constructor() {
    super("This Idempotency-Key was used for a request with other content. Use a new key for each request.");
  }
}

/**
 * Does a write once for each key: asked again with the same content it gives the same answer, with other content it
 * throws. A write that fails may be tried again under its key. `contentHash` may read the rest of a request to know.
 */
export async function idempotent<Answer>(
  { database, now }: { database: Database; now: () => number },
  tenantId: string,
  key: IdempotencyKey,
  { contentHash, work }: { contentHash: () => Promise<Buffer>; work: () => Promise<Answer> },
): Promise<Answer> {
  const before = await claimKey(database, tenantId, key, now());
  if (before === "busy") throw new KeyBusy();
  if (before !== "claimed") {
    if (!before.contentHash.equals(await contentHash())) throw new KeyReused();
    return before.answer as Answer;
  }
  try {
    const answer = await work();
    await keepAnswer(database, tenantId, key, { contentHash: await contentHash(), answer });
    return answer;
  } catch (error) {
    // Where the database is gone the claim lapses by itself.
    await releaseKey(database, tenantId, key).catch(() => undefined);
    throw error;
  }
}

/** Takes something that may be used once; false where it has been. Forgotten when nobody would take it any more. */
export async function useOnce(
  { database, now }: { database: Database; now: () => number },
  tenantId: string,
  operation: string,
  key: string,
): Promise<boolean> {
  if (key === "" || key.length > 200) return false;
  const used = { operation, key };
  if ((await claimKey(database, tenantId, used, now())) !== "claimed") return false;
  // Without an answer the claim would lapse.
  await keepAnswer(database, tenantId, used, { contentHash: Buffer.alloc(0), answer: null });
  return true;
}
