import { constants } from "node:fs";
import { mkdir, open, readdir, lstat, rename, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { AppError } from "#errors";

/** A file as its folder lists it. */
export interface DropFile {
  /** Tells files of one folder apart, also where two names differ only in the form of å, ä, ö. */
  key: string;
  name: string;
  bytes: number;
  modifiedAt: number;
}

/** Where files are dropped: what a folder and an SFTP server have in common. */
export interface Drop {
  /** Regular files, without hidden and half-transferred ones. */
  list(): Promise<DropFile[]>;
  /** Null where the file is gone. */
  stat(file: DropFile): Promise<Pick<DropFile, "bytes" | "modifiedAt"> | null>;
  read(file: DropFile): AsyncIterable<Buffer>;
  /** Writes `archive/<name>` completely or not at all. */
  store(name: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  remove(file: DropFile): Promise<void>;
  close(): Promise<void>;
}

/** The folder or the SFTP server does not answer: no data, which is something else than no records. */
export class InboxUnavailable extends AppError {
  readonly code = "adapter.inbox";
  readonly kind = "unavailable";

  constructor(place: string, what: string, options?: ErrorOptions) {
    super(`Inbox ${place}: ${what}`, { place }, options);
  }
}

const ARCHIVE = "archive";
const READ_BYTES = 256 * 1024;

/** A name as it may be shown and written: NFC, without separators and control characters. */
export function shownName(name: string, bytesMax = 200): string {
  const shown = name.normalize("NFC").replace(/[/\\\0-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "_");
  let cut = shown;
  while (Buffer.byteLength(cut) > bytesMax) cut = cut.slice(0, -1);
  return cut;
}

/** Names under which programs write before they rename, and hidden files. */
function unfinished(name: string): boolean {
  return (
    name.startsWith(".") || name.endsWith("~") || /\.(part|partial|tmp|temp|filepart|crdownload|writing)$/i.test(name)
  );
}

function missing(error: unknown): boolean {
  return (error as { code?: unknown }).code === "ENOENT";
}

function reason(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" || typeof code === "number" ? String(code).slice(0, 60) : "unknown error";
}

/** A folder on this machine. It is read anew at every call, so that a share that comes back is seen. */
export function openFolder(folder: string): Drop {
  // Names are bytes: those of an old file server need not be UTF-8.
  const pathOf = (key: string): Buffer => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(key, "latin1")]);
  return {
    async list() {
      try {
        const files: DropFile[] = [];
        // A link could point at any file that we may read and the sender may not.
        for (const entry of await readdir(folder, { withFileTypes: true, encoding: "buffer" })) {
          const raw = entry.name;
          const name = nameOf(raw);
          if (!entry.isFile() || unfinished(name)) continue;
          const key = raw.toString("latin1");
          const found = await stat(pathOf(key));
          if (found !== null) files.push({ key, name, ...found });
        }
        return files;
      } catch (error) {
        throw new InboxUnavailable(folder, `cannot be read (${reason(error)}).`, { cause: error });
      }
    },
    stat: ({ key }) => stat(pathOf(key)),
    async *read({ key, name }) {
      let handle;
      try {
        handle = await open(pathOf(key), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      } catch (error) {
        throw new InboxUnavailable(join(folder, name), `cannot be read (${reason(error)}).`, { cause: error });
      }
      try {
        for (;;) {
          const buffer = Buffer.allocUnsafe(READ_BYTES);
          const { bytesRead } = await handle.read(buffer, 0, READ_BYTES);
          if (bytesRead === 0) return;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await handle.close();
      }
    },
    async store(name, content) {
      await mkdir(join(folder, ARCHIVE), { recursive: true, mode: 0o700 });
      const target = join(folder, ARCHIVE, name);
      const partial = `${target}.partial`;
      const handle = await open(partial, "w", 0o600);
      try {
        for await (const chunk of content) await handle.writeFile(chunk);
        await handle.sync();
      } catch (error) {
        await handle.close();
        await rm(partial, { force: true });
        throw error;
      }
      await handle.close();
      await rename(partial, target);
    },
    remove: ({ key }) => rm(pathOf(key), { force: true }),
    close: () => Promise.resolve(),
  };
}

async function stat(path: Buffer): Promise<Pick<DropFile, "bytes" | "modifiedAt"> | null> {
  try {
    const found = await lstat(path);
    return found.isFile() ? { bytes: found.size, modifiedAt: found.mtimeMs } : null;
  } catch (error) {
    if (missing(error)) return null;
    throw error;
  }
}

function nameOf(raw: Buffer): string {
  const utf8 = raw.toString("utf8");
  return shownName(utf8.includes("\ufffd") ? raw.toString("latin1") : utf8);
}

export interface SftpSettings {
  host: string;
  port: number;
  folder: string;
  username: string;
  password?: string;
  privateKey?: string;
  /** "SHA256:…" */
  hostKey: string;
}

/** Connects to an SFTP server whose key has the given fingerprint. */
export async function openSftp(settings: SftpSettings): Promise<Drop> {
  const place = `sftp://${settings.host}:${settings.port}/${settings.folder.replace(/^\/+/, "")}`;
  const { default: SftpClient } = await import("ssh2-sftp-client");
  // Without these it writes to standard output, where only results belong.
  const ignore = (): void => undefined;
  const client = new SftpClient("klarsyn", { error: ignore, end: ignore, close: ignore });
  const expected = Buffer.from(settings.hostKey.replace(/^SHA256:/, ""), "base64").toString("hex");
  let known = true;
  const unavailable = (what: string, error: unknown): InboxUnavailable =>
    new InboxUnavailable(place, `${what} (${reason(error)}).`, { cause: error });
  try {
    await client.connect({
      // With Nagle's algorithm each request waited 40 ms for the other side's late acknowledgement.
      sock: connect({ host: settings.host, port: settings.port, noDelay: true }),
      username: settings.username,
      ...(settings.password === undefined ? {} : { password: settings.password }),
      ...(settings.privateKey === undefined ? {} : { privateKey: settings.privateKey }),
      hostHash: "sha256",
      hostVerifier: (hash: string) => (known = hash.toLowerCase() === expected),
      readyTimeout: 20_000,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
    });
  } catch (error) {
    if (!known)
      throw new InboxUnavailable(place, "the server's key is not the one in sftpHostKey; nothing was sent to it.");
    throw unavailable("does not answer, or refuses the user", error);
  }
  const root = settings.folder.replace(/\/+$/, "") || "/";
  const pathOf = (name: string): string => `${root}/${name}`;
  return {
    async list() {
      try {
        return (await client.list(root))
          .filter(({ type, name }) => type === "-" && !/[/\\\0]/.test(name) && !unfinished(name))
          .map(({ name, size, modifyTime }) => ({
            key: name,
            name: shownName(name),
            bytes: size,
            modifiedAt: modifyTime,
          }));
      } catch (error) {
        throw unavailable("the folder cannot be read", error);
      }
    },
    async stat({ key }) {
      try {
        const found = await client.stat(pathOf(key));
        return found.isFile ? { bytes: found.size, modifiedAt: found.modifyTime } : null;
      } catch (error) {
        if ((await client.exists(pathOf(key))) === false) return null;
        throw unavailable("a file cannot be read", error);
      }
    },
    async *read({ key }) {
      const stream = client.createReadStream(pathOf(key), { autoClose: true });
      try {
        for await (const chunk of stream) yield chunk as Buffer;
      } catch (error) {
        throw unavailable("a file cannot be read", error);
      } finally {
        stream.destroy();
      }
    },
    async store(name, content) {
      const folder = pathOf(ARCHIVE);
      if ((await client.exists(folder)) === false) await client.mkdir(folder, true);
      const target = `${folder}/${name}`;
      await client.put(Readable.from(content, { objectMode: false }), `${target}.partial`);
      if ((await client.exists(target)) !== false) await client.delete(target);
      await client.rename(`${target}.partial`, target);
    },
    async remove({ key }) {
      await client.delete(pathOf(key), true);
    },
    async close() {
      await client.end();
    },
  };
}
