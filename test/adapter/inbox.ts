import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileSettings, fileSettings, type OpenFileSource, openFileSource, type Page } from "#adapter";
import { z } from "zod";

export interface TestInbox extends AsyncDisposable {
  folder: string;
  files: OpenFileSource;
  notices: Array<[code: string, text: string]>;
  /** Hashes of deliveries that were read to their end. */
  seen: Set<string>;
  now: () => number;
  signal: AbortSignal;
  notice: (code: string, text: string) => void;
  /** Writes a file that was last changed an hour ago. */
  put(name: string | Buffer, content: string | Buffer): Promise<string>;
  left(): Promise<string[]>;
  archived(): Promise<string[]>;
}

export interface InboxOptions {
  settings?: (folder: string) => Partial<z.input<z.ZodObject<typeof fileSettings>>>;
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
  fileBytesMax?: number;
}

/** Adds 1 to every byte: enough to see that nothing is archived as it came. */
export async function* scramble(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of content) yield Buffer.from(chunk.map((byte) => byte + 1));
}

/** A folder of its own, and a source of files that reads it. */
export async function testInbox({
  settings,
  now = Date.now,
  wait,
  fileBytesMax,
}: InboxOptions = {}): Promise<TestInbox> {
  const folder = await mkdtemp(join(tmpdir(), "klarsyn-inbox-"));
  const notices: TestInbox["notices"] = [];
  const seen = new Set<string>();
  const notice = (code: string, text: string): void => void notices.push([code, text]);
  const checked: FileSettings = z.object(fileSettings).parse(settings?.(folder) ?? { folder });
  const files = await openFileSource(checked, {
    encrypt: scramble,
    seen: (hash) => Promise.resolve(seen.has(hash)),
    notice,
    now,
    ...(wait === undefined ? {} : { wait }),
    ...(fileBytesMax === undefined ? {} : { fileBytesMax }),
  });
  const listed = async (path: string): Promise<string[]> => {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name.normalize("NFC"))
      .toSorted();
  };
  return {
    folder,
    files,
    notices,
    seen,
    now,
    signal: new AbortController().signal,
    notice,
    async put(name, content) {
      const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]);
      await writeFile(path, content);
      await utimes(path, new Date(now() - 3_600_000), new Date(now() - 3_600_000));
      return path.toString();
    },
    left: () => listed(folder),
    archived: () => listed(join(folder, "archive")),
    [Symbol.asyncDispose]: async () => {
      await files.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Commits page by page, as the pull runner does. */
export async function commitAll(pages: AsyncIterable<Page>, { seen }: Pick<TestInbox, "seen">): Promise<Page[]> {
  const all: Page[] = [];
  for await (const page of pages) {
    all.push(page);
    if (page.deliveryComplete === true && page.delivery !== undefined) seen.add(page.delivery);
    await page.committed?.();
  }
  return all;
}

export const recordsOf = (pages: readonly Page[]): unknown[] => pages.flatMap(({ records }) => records);
