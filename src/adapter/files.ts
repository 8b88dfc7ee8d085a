import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { AppError } from "#errors";
import { InvalidFile, type RecordPage } from "./csv.ts";
import type { Page } from "./page.ts";
import { type Drop, type DropFile, InboxUnavailable, openFolder, openSftp, shownName } from "./drop.ts";
import { decodeText } from "./text.ts";

/** A file of an inbox that is complete: its size and time have not changed for `settleSeconds`. */
export interface InboxFile {
  /** In NFC, without control characters. */
  name: string;
  bytes: number;
  modifiedAt: number;
  /** Hex SHA-256 of the content. */
  hash(): Promise<string>;
  /** True where a delivery with this content has been read to its end before. */
  seen(): Promise<boolean>;
  /** The content as UTF-8 text without BOM, whatever its encoding was (UTF-8 with or without BOM, UTF-16 with BOM, Windows-1252). */
  text(): AsyncIterable<string>;
  bytesStream(): AsyncIterable<Buffer>;
  /** True where the file still is the one that was listed. */
  unchanged(): Promise<boolean>;
  /**
   * Moves the file to `archive/`, encrypted; done after the last page is committed. A file that cannot be moved stays
   * and is told in a notice: its content is known as seen, so nothing is read twice.
   */
  archive(): Promise<void>;
}

/** A folder or an SFTP drop. */
export interface FileSource {
  /** Complete files whose name fits, oldest name first: numbers in names count as numbers, so that 2026-9 comes before 2026-10. */
  list(pattern: RegExp): Promise<InboxFile[]>;
}

/** A source that holds a connection: close it when the pull is done. */
export interface OpenFileSource extends FileSource, AsyncDisposable {
  close(): Promise<void>;
}

/** Settings of a source of files: spread into an adapter's `z.object`, and checked with `oneInbox`. */
export const fileSettings = {
  folder: z.string().min(1).optional().meta({ description: "Folder with the delivered files" }),
  sftpHost: z.string().min(1).optional().meta({ description: "SFTP server, instead of a folder" }),
  sftpPort: z.int().min(1).max(65535).default(22),
  sftpFolder: z.string().min(1).default(".").meta({ description: "Folder on the SFTP server" }),
  sftpUsername: z.string().min(1).optional(),
  sftpPassword: z.string().min(1).optional().meta({ secret: true }),
  sftpPrivateKey: z.string().min(1).optional().meta({ secret: true, description: "OpenSSH or PEM" }),
  sftpHostKey: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, "expected SHA256:… as `ssh-keygen -lf` prints it")
    .optional()
    .meta({ description: "Fingerprint of the server's key; no other server is spoken to" }),
  settleSeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(5)
    .meta({ description: "A file is read when its size and time have not changed for so long" }),
};
export type FileSettings = z.infer<z.ZodObject<typeof fileSettings>>;

/** Null, or what is wrong with where the files are. */
export function oneInbox(settings: FileSettings): string | null {
  const { folder, sftpHost, sftpUsername, sftpPassword, sftpPrivateKey, sftpHostKey } = settings;
  if ((folder === undefined) === (sftpHost === undefined)) return "give either folder or sftpHost";
  if (sftpHost === undefined) return null;
  if (sftpUsername === undefined || sftpHostKey === undefined) return "sftpHost needs sftpUsername and sftpHostKey";
  return sftpPassword === undefined && sftpPrivateKey === undefined ? "give sftpPassword or sftpPrivateKey" : null;
}

/** For `check` of an adapter's settings: reports `oneInbox`. */
export function checkInbox(payload: z.core.ParsePayload<FileSettings>): void {
  const problem = oneInbox(payload.value);
  if (problem !== null) {
    payload.issues.push({ code: "custom", message: problem, path: ["folder"], input: undefined });
  }
}

export interface FileSourceOptions {
  /** Encrypts what is put into the archive. */
  encrypt: (content: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
  /** True where a delivery with this hash was committed to its last page. */
  seen: (hash: string) => Promise<boolean>;
  notice: (code: string, text: string) => void;
  signal?: AbortSignal;
  now?: () => number;
  wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  fileBytesMax?: number;
}

const FILE_BYTES_MAX = 8 * 1024 ** 3;
const byName = new Intl.Collator("sv", { numeric: true, sensitivity: "variant" });

interface Observation {
  bytes: number;
  modifiedAt: number;
  /** When this size and time were first seen. */
  at: number;
}

class Inbox implements OpenFileSource {
  readonly #drop: Drop;
  readonly #settleMs: number;
  readonly #options: FileSourceOptions;
  readonly #now: () => number;
  readonly #observed = new Map<string, Observation>();
  readonly #told = new Set<string>();

  constructor(drop: Drop, settleSeconds: number, options: FileSourceOptions) {
    this.#drop = drop;
    this.#settleMs = settleSeconds * 1000;
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  async list(pattern: RegExp): Promise<InboxFile[]> {
    const fits = (file: DropFile): boolean => pattern.test(file.name);
    let files = (await this.#look()).filter(fits);
    if (files.some((file) => !this.#settled(file))) {
      await this.#wait(this.#settleMs);
      files = (await this.#look()).filter(fits);
    }
    for (const file of files) {
      if (this.#settled(file) || this.#told.has(file.key)) continue;
      this.#told.add(file.key);
      this.#options.notice("still-being-written", `${file.name} skrivs fortfarande och läses nästa gång.`);
    }
    return files
      .filter((file) => this.#settled(file))
      .toSorted((a, b) => byName.compare(a.name, b.name) || a.modifiedAt - b.modifiedAt || (a.key < b.key ? -1 : 1))
      .map((file) => this.#inboxFile(file));
  }

  async #look(): Promise<DropFile[]> {
    this.#options.signal?.throwIfAborted();
    const files = await this.#drop.list();
    const at = this.#now();
    for (const { key, bytes, modifiedAt } of files) {
      const before = this.#observed.get(key);
      if (before?.bytes !== bytes || before.modifiedAt !== modifiedAt)
        this.#observed.set(key, { bytes, modifiedAt, at });
    }
    return files;
  }

  #settled({ key, modifiedAt }: DropFile): boolean {
    const now = this.#now();
    const observed = this.#observed.get(key);
    return now - modifiedAt >= this.#settleMs || (observed !== undefined && now - observed.at >= this.#settleMs);
  }

  async #wait(ms: number): Promise<void> {
    const { wait, signal } = this.#options;
    if (wait !== undefined) return wait(ms, signal);
    // Timers may fire a little early.
    await sleep(ms + 20, undefined, signal === undefined ? {} : { signal });
  }

  #inboxFile(file: DropFile): InboxFile {
    const drop = this.#drop;
    const { encrypt, notice, seen, fileBytesMax = FILE_BYTES_MAX } = this.#options;
    let hash: string | null = null;
    async function* bytesStream(): AsyncGenerator<Buffer> {
      if (file.bytes > fileBytesMax) {
        throw new InvalidFile(file.name, `it has ${file.bytes} bytes; at most ${fileBytesMax} are read.`);
      }
      let bytes = 0;
      for await (const chunk of drop.read(file)) {
        bytes += chunk.length;
        if (bytes > file.bytes) throw new FileChanged(file.name);
        yield chunk;
      }
      if (bytes < file.bytes) throw new FileChanged(file.name);
    }
    async function unchanged(): Promise<boolean> {
      const now = await drop.stat(file);
      return now !== null && now.bytes === file.bytes && now.modifiedAt === file.modifiedAt;
    }
    async function computeHash(): Promise<string> {
      if (hash !== null) return hash;
      const digest = createHash("sha256");
      for await (const chunk of bytesStream()) digest.update(chunk);
      return (hash = digest.digest("hex"));
    }
    return {
      name: file.name,
      bytes: file.bytes,
      modifiedAt: file.modifiedAt,
      hash: computeHash,
      seen: async () => seen(await computeHash()),
      bytesStream,
      text: () => decodeText(bytesStream()),
      unchanged,
      async archive() {
        try {
          if (!(await unchanged())) return;
          const archived = `${shownName(file.name, 160)}.${(await computeHash()).slice(0, 12)}.enc`;
          await drop.store(archived, encrypt(bytesStream()));
          // What came in its place since then has not been read.
          if (await unchanged()) await drop.remove(file);
        } catch (error) {
          notice("archive-failed", `${file.name} är läst men kunde inte flyttas till archive (${codeOf(error)}).`);
        }
      },
    };
  }

  async close(): Promise<void> {
    await this.#drop.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function codeOf(error: unknown): string {
  const cause: unknown = error instanceof AppError ? (error.cause ?? error) : error;
  const code = (cause as { code?: unknown }).code;
  return typeof code === "string" || typeof code === "number" ? String(code).slice(0, 40) : "okänt fel";
}

/** A file whose content is not the one that was listed. */
class FileChanged extends AppError {
  readonly code = "adapter.file-changed";
  readonly kind = "unavailable";

  constructor(name: string) {
    super(`File ${name} was changed while it was being read; it is read again next time.`, { name });
  }
}

/** Several files of one source that could not be read. */
export class InvalidFiles extends AppError {
  readonly code = "adapter.invalid-file";
  readonly kind = "invalid";

  constructor(failures: readonly AppError[]) {
    super(failures.map((failure) => failure.message).join("\n"), { files: failures.length });
  }
}

/** Opens the folder or SFTP drop that the settings name. Throws InboxUnavailable where it does not answer. */
export async function openFileSource(settings: FileSettings, options: FileSourceOptions): Promise<OpenFileSource> {
  const { folder, sftpHost, sftpHostKey, sftpUsername } = settings;
  const problem = oneInbox(settings);
  if (problem !== null) throw new InboxUnavailable(folder ?? sftpHost ?? "", problem);
  const drop =
    folder === undefined
      ? await openSftp({
          host: sftpHost ?? "",
          port: settings.sftpPort,
          folder: settings.sftpFolder,
          username: sftpUsername ?? "",
          hostKey: sftpHostKey ?? "",
          ...(settings.sftpPassword === undefined ? {} : { password: settings.sftpPassword }),
          ...(settings.sftpPrivateKey === undefined ? {} : { privateKey: settings.sftpPrivateKey }),
        })
      : openFolder(folder);
  return new Inbox(drop, settings.settleSeconds, options);
}

/** "besok-*.csv" as a pattern of names: `*` is any characters, case and the form of å, ä, ö do not count. */
export function namePattern(wildcards: readonly string[]): RegExp {
  const alternatives = wildcards.map((wildcard) =>
    wildcard
      .normalize("NFC")
      .split("*")
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))
      .join(".*"),
  );
  return new RegExp(`^(?:${alternatives.join("|")})$`, "iu");
}

/**
 * Reads the complete files of an inbox one by one into pages. The last page of a file says so, and archives it when it
 * is committed. A delivery seen before and an empty file are archived with a notice. A file that cannot be read stays;
 * the others are read first, then InvalidFile is thrown.
 */
export async function* readDeliveries(
  { files, notice, signal }: { files: FileSource; notice: (code: string, text: string) => void; signal: AbortSignal },
  pattern: RegExp,
  read: (file: InboxFile) => AsyncIterable<RecordPage>,
): AsyncGenerator<Page> {
  const failures: AppError[] = [];
  for (const file of await files.list(pattern)) {
    signal.throwIfAborted();
    try {
      yield* readDelivery(file, notice, read);
    } catch (error) {
      if (error instanceof FileChanged)
        notice("changed-while-read", `${file.name} ändrades medan den lästes; den läses om nästa gång.`);
      else if (error instanceof InvalidFile) failures.push(error);
      else throw error;
    }
  }
  const [first] = failures;
  if (first !== undefined) throw failures.length === 1 ? first : new InvalidFiles(failures);
}

async function* readDelivery(
  file: InboxFile,
  notice: (code: string, text: string) => void,
  read: (file: InboxFile) => AsyncIterable<RecordPage>,
): AsyncGenerator<Page> {
  if (file.bytes === 0) {
    notice("empty-file", `${file.name} är tom.`);
    return file.archive();
  }
  if (await file.seen()) {
    notice("seen-before", `${file.name} har samma innehåll som en leverans som redan är läst; den läses inte igen.`);
    return file.archive();
  }
  const delivery = await file.hash();
  let held: Page | null = null;
  let records = 0;
  for await (const page of read(file)) {
    // Where the records fill the pages evenly, nothing is left for the last.
    if (held !== null && page.records.length === 0 && page.broken === undefined) continue;
    if (held !== null) yield held;
    held = { ...page, cursor: null, place: file.name, delivery };
    records += page.records.length + (page.broken?.length ?? 0);
  }
  // The last page waits for this: with it the delivery would count as read.
  if (!(await file.unchanged())) throw new FileChanged(file.name);
  if (held === null) {
    notice("empty-file", `${file.name} har inget innehåll.`);
    return file.archive();
  }
  if (records === 0) notice("no-records", `${file.name} har rubriker men inga poster.`);
  yield { ...held, deliveryComplete: true, committed: () => file.archive() };
}
