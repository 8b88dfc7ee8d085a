import { createHash } from "node:crypto";
import { type Adapter, decodeText, type InboxFile } from "#adapter";
import { AppError } from "#errors";
import { checkMapping, type MappingCheck, type MappingFile } from "#mapping";
import type { z } from "zod";

class SampleNotReadable extends AppError {
  readonly code = "mapping.sample";
  readonly kind = "usage";
}

export type { MappingCheck };

const RECORDS_MAX = 100_000;

/**
 * Checks a mapping file and shows what a real export would become. `sample` is a file as the system delivers it, or for
 * systems that are asked over HTTP the JSON of their answers.
 */
export async function previewMapping({
  file,
  folders,
  records,
  adapters,
  sample,
  now,
}: {
  file: MappingFile;
  folders: ReadonlyArray<readonly MappingFile[]>;
  records: ReadonlyMap<string, z.ZodType>;
  adapters: readonly Adapter[];
  sample: { name: string; bytes: Buffer } | null;
  now: number;
}): Promise<MappingCheck> {
  const context = {
    identityRef: (number: string) => `pid:${createHash("sha256").update(number).digest("hex").slice(0, 32)}`,
    thisYear: new Date(now).getUTCFullYear(),
  };
  const check = { file, folders, records, context };
  if (sample === null) return checkMapping(check);
  const { source, columns } = await checkMapping(check);
  return checkMapping({ ...check, sample: recordsOf(sample, { source, columns }, adapters, now) });
}

async function* recordsOf(
  { name, bytes }: { name: string; bytes: Buffer },
  { source, columns }: Pick<MappingCheck, "source" | "columns">,
  adapters: readonly Adapter[],
  now: number,
): AsyncGenerator {
  const [adapterId, resource = ""] = source.split("/");
  const adapter = adapters.find(({ id }) => id === adapterId);
  const declared = adapter?.sources[resource];
  if (/\.json$/i.test(name)) {
    yield* [parsed(name, bytes)].flat();
    return;
  }
  if (declared === undefined || /\.xml$/i.test(name)) {
    throw new SampleNotReadable(`${name}: expected CSV, JSON Lines or a JSON array of records.`);
  }
  const content = async function* (): AsyncGenerator<Buffer> {
    yield bytes;
  };
  const one: InboxFile = {
    name,
    bytes: bytes.length,
    modifiedAt: now,
    hash: async () => createHash("sha256").update(bytes).digest("hex"),
    seen: async () => false,
    text: () => decodeText(content()),
    bytesStream: content,
    unchanged: async () => true,
    archive: async () => undefined,
  };
  const refuse = async (): Promise<never> => {
    throw new SampleNotReadable(`${name}: ${source} is read over HTTP; give its answers as a .json file.`);
  };
  const pages = declared.pull({
    // Of a system that brings files: all but the folder has a default.
    settings: adapter?.settings.safeParse({ folder: "." }).data ?? {},
    http: { request: refuse, getJson: refuse, stream: refuse },
    files: { list: async () => [one] },
    cursor: null,
    now: () => now,
    signal: AbortSignal.timeout(600_000),
    notice: () => undefined,
    columns,
  });
  let count = 0;
  for await (const page of pages) {
    for (const record of page.records) {
      if (++count > RECORDS_MAX) return;
      yield record;
    }
  }
}

function parsed(name: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8").replace(/^\uFEFF/, "")) as unknown;
  } catch {
    throw new SampleNotReadable(`${name} is not JSON.`);
  }
}
