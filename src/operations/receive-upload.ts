import { timingSafeEqual, createHash } from "node:crypto";
import { AppError } from "#errors";
import { type Pulled, type PullableSource, pullSource } from "#intake";
import type { Database, Vault } from "#store";
import type { ConfiguredSource } from "./pull-sources.ts";

class UploadRefused extends AppError {
  readonly code = "intake.refused";
  readonly kind = "forbidden";

  constructor() {
    // The same words for a wrong key and for a source that is not there: nobody can find out which sources exist.
    super("The source does not exist, takes no uploads, or the API key is wrong.");
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** A file that a source's system sends to us. Goes the same way as one that we pull. Throws where key or name are wrong. */
export async function receiveUpload(
  {
    database,
    vault,
    now,
    sources,
  }: { database: Database; vault: Vault; now: () => number; sources: readonly ConfiguredSource[] },
  tenantId: string,
  delivery: { source: string; key: string; name: string; content: AsyncIterable<Uint8Array>; signal: AbortSignal },
): Promise<Pulled> {
  const configured = sources.find(({ id }) => id === delivery.source);
  const { upload } = configured?.adapter ?? {};
  const expected = configured?.uploadKey ?? "";
  if (
    !timingSafeEqual(digest(expected), digest(delivery.key)) ||
    expected === "" ||
    configured === undefined ||
    upload === undefined
  ) {
    throw new UploadRefused();
  }
  const notices: Array<{ code: string; text: string }> = [];
  const { source: resource, pages } = upload({
    name: delivery.name,
    content: delivery.content,
    notice: (code, text) => notices.push({ code, text }),
  });
  const declared = configured.adapter.sources[resource];
  if (declared === undefined) throw new UploadRefused();
  const pushed: PullableSource = {
    ...configured,
    adapter: { ...configured.adapter, sources: { [resource]: { ...declared, pull: () => pages } } },
    ...configured.closed,
  };
  const [pulled] = await pullSource({ database, vault, now, tenantId, signal: delivery.signal, source: pushed });
  if (pulled === undefined) throw new UploadRefused();
  pulled.notices.push(...notices);
  return pulled;
}
