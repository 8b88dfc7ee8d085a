import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import type { Instant } from "#model";

export interface ArchiveFile {
  path: string;
  content: Uint8Array | AsyncIterable<Uint8Array>;
  /** Compressed by itself, as pictures are. */
  packed?: boolean;
}

const PIECE = 1 << 18;

/** A zip archive, a piece at a time: no more than one piece of one file is held. */
export async function* zip(
  files: AsyncIterable<ArchiveFile> | Iterable<ArchiveFile>,
  at: Instant,
): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const archive = new Zip((error, piece) => {
    if (error !== null) throw error;
    ready.push(piece);
  });
  for await (const { path, content, packed = false } of files) {
    const entry = packed ? new ZipPassThrough(path) : new ZipDeflate(path, { level: 6 });
    entry.mtime = at;
    archive.add(entry);
    for await (const piece of content instanceof Uint8Array ? pieces(content) : content) {
      entry.push(piece);
      yield* ready.splice(0);
    }
    entry.push(new Uint8Array(0), true);
    yield* ready.splice(0);
  }
  archive.end();
  yield* ready.splice(0);
}

function* pieces(content: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < content.length; from += PIECE) yield content.subarray(from, from + PIECE);
}
