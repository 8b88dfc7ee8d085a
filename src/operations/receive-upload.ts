import { createHash, timingSafeEqual } from "node:crypto";
import { AppError } from "#errors";
import { type Pulled, type PullableSource, pullSource } from "#intake";
import type { Database, Vault } from "#store";
import { idempotent } from "./idempotent.ts";
import type { ConfiguredSource } from "./pull-sources.ts";

class UploadRefused extends AppError {
  readonly code = "intake.refused";
  readonly kind = "forbidden";

  constructor() {
    // The same words for a wrong key and for a source that is not there: nobody can find out which sources exist.
    super("The source does not exist, takes no uploads, or the API key is wrong.");
  }
}

export class UploadTooLarge extends AppError {
  readonly code = "intake.too-large";
  readonly kind = "too-large";

  constructor(bytesMax: number) {
    super(`The file is larger than ${bytesMax} bytes. Divide it into several.`, { bytesMax });
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

export interface Delivery {
  /** Id in the configuration. */
  source: string;
  apiKey: string;
  idempotencyKey: string;
  /** File name, which says what it holds. */
  name: string;
  content: AsyncIterable<Uint8Array>;
  bytesMax: number;
  signal: AbortSignal;
}

/** What became of a file; the answer to whoever sent it. */
export type Received = Pick<
  Pulled,
  "resource" | "state" | "seen" | "accepted" | "quarantined" | "repeated" | "notices"
>;

/** The source as if one delivery were all that it had to say; null where it takes none, or not of this kind. */
export function deliveredBy(
  configured: ConfiguredSource,
  file: Parameters<NonNullable<ConfiguredSource["adapter"]["upload"]>>[0],
): { source: PullableSource; resource: string } | null {
  const { adapter, closed } = configured;
  if (adapter.upload === undefined) return null;
  const { source: resource, pages } = adapter.upload(file);
  const declared = adapter.sources[resource];
  if (declared === undefined) return null;
  const sources = { [resource]: { ...declared, pull: () => pages } };
  return { source: { ...configured, adapter: { ...adapter, sources }, ...closed }, resource };
}

/**
 * A file that a source's system sends to us. Goes the same way as one that we pull. Throws where key or name are wrong,
 * and where the file could not be read to its end.
 */
export async function receiveUpload(
  {
    database,
    vault,
    now,
    sources,
  }: { database: Database; vault: Vault; now: () => number; sources: readonly ConfiguredSource[] },
  tenantId: string,
  { source: id, apiKey, idempotencyKey, name, content, bytesMax, signal }: Delivery,
): Promise<Received> {
  const configured = sources.find((source) => source.id === id);
  const { upload } = configured?.adapter ?? {};
  const expected = configured?.uploadKey ?? "";
  if (
    !timingSafeEqual(digest(expected), digest(apiKey)) ||
    expected === "" ||
    configured === undefined ||
    upload === undefined
  ) {
    throw new UploadRefused();
  }
  const hash = createHash("sha256").update(`${name}\0`);
  async function* counted(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of content) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) throw new UploadTooLarge(bytesMax);
      hash.update(chunk);
      yield chunk;
    }
  }
  const body = counted();
  const notices: Array<{ code: string; text: string }> = [];
  const delivered = deliveredBy(configured, {
    name,
    content: body,
    notice: (code, text) => notices.push({ code, text }),
  });
  if (delivered === null) throw new UploadRefused();
  const { source, resource } = delivered;

  const key = { operation: `intake/${id}`, key: idempotencyKey };
  return idempotent({ database, now }, tenantId, key, {
    async contentHash() {
      while ((await body.next()).done !== true);
      return hash.copy().digest();
    },
    async work() {
      const [pulled] = await pullSource({ database, vault, now, tenantId, signal, source });
      if (pulled === undefined) throw new UploadRefused();
      // Whoever sent it must know that some of it is missing here; what was stored is recognised when it comes again.
      if (pulled.error !== null) throw pulled.error;
      const { state, seen, accepted, quarantined, repeated } = pulled;
      return { resource, state, seen, accepted, quarantined, repeated, notices: [...pulled.notices, ...notices] };
    },
  });
}
