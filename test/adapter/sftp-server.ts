import { createHash, generateKeyPairSync } from "node:crypto";
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import ssh2 from "ssh2";

export interface SftpServer extends AsyncDisposable {
  port: number;
  /** "SHA256:…" */
  hostKey: string;
  /** Logins that were tried. */
  logins: string[];
}

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp;

/** Serves a folder over SFTP to the user "phoniro" with the password "hemligt". Written on ssh2, which the client also stands on. */
export async function startSftpServer(root: string): Promise<SftpServer> {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  const publicKey = (Array.isArray(parsed) ? parsed[0] : parsed).getPublicSSH();
  const hostKey = `SHA256:${createHash("sha256").update(publicKey).digest("base64").replace(/=$/, "")}`;
  const logins: string[] = [];
  const clients = new Set<ssh2.Connection>();
  const local = (path: string): string => join(root, join("/", path));

  const server = new ssh2.Server({ hostKeys: [privateKey] }, (client) => {
    clients.add(client);
    (client as ssh2.Connection & { setNoDelay(noDelay: boolean): void }).setNoDelay(true);
    client.on("close", () => clients.delete(client));
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      logins.push(`${context.username} ${context.method}`);
      if (context.method === "password" && context.username === "phoniro" && context.password === "hemligt")
        context.accept();
      else context.reject(["password"]);
    });
    client.on("session", (accept) => {
      accept().on("sftp", (acceptSftp) => serve(acceptSftp(), local));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hostKey,
    logins,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const client of clients) client.end();
        server.close(() => resolve());
      }),
  };
}

function serve(sftp: ssh2.SFTPWrapper, local: (path: string) => string): void {
  const handles = new Map<number, { fd: number } | { path: string; done: boolean }>();
  let last = 0;
  const handle = (value: { fd: number } | { path: string; done: boolean }): Buffer => {
    handles.set(++last, value);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(last);
    return bytes;
  };
  const found = (bytes: Buffer) => handles.get(bytes.readUInt32BE(0));
  const attributes = (path: string): ssh2.Attributes => {
    const { mode, uid, gid, size, atimeMs, mtimeMs } = lstatSync(path);
    return { mode, uid, gid, size, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) };
  };
  const answer = (id: number, work: () => void): void => {
    try {
      work();
    } catch (error) {
      sftp.status(id, (error as { code?: string }).code === "ENOENT" ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE);
    }
  };
  const done = (id: number, work: () => void): void =>
    answer(id, () => {
      work();
      sftp.status(id, STATUS_CODE.OK);
    });
  sftp.on("REALPATH", (id, path) =>
    sftp.name(id, [{ filename: join("/", path), longname: path, attrs: {} as ssh2.Attributes }]),
  );
  sftp.on("STAT", (id, path) => answer(id, () => sftp.attrs(id, attributes(local(path)))));
  sftp.on("LSTAT", (id, path) => answer(id, () => sftp.attrs(id, attributes(local(path)))));
  sftp.on("OPENDIR", (id, path) =>
    answer(id, () => {
      readdirSync(local(path));
      sftp.handle(id, handle({ path, done: false }));
    }),
  );
  sftp.on("READDIR", (id, bytes) =>
    answer(id, () => {
      const folder = found(bytes);
      if (folder === undefined || "fd" in folder || folder.done) return sftp.status(id, STATUS_CODE.EOF);
      folder.done = true;
      const names = readdirSync(local(folder.path), { withFileTypes: true });
      sftp.name(
        id,
        names.map((entry) => ({
          filename: entry.name,
          longname: `${entry.isDirectory() ? "d" : entry.isSymbolicLink() ? "l" : "-"}rw------- 1 a a 1 Jan 1 00:00 ${entry.name}`,
          attrs: attributes(join(local(folder.path), entry.name)),
        })),
      );
    }),
  );
  sftp.on("OPEN", (id, path, flags) =>
    answer(id, () => {
      const mode = flags & OPEN_MODE.WRITE ? "w" : "r";
      sftp.handle(id, handle({ fd: openSync(local(path), mode) }));
    }),
  );
  sftp.on("FSTAT", (id, bytes) =>
    answer(id, () => {
      const file = found(bytes);
      if (file === undefined || !("fd" in file)) return sftp.status(id, STATUS_CODE.FAILURE);
      const { mode, uid, gid, size, atimeMs, mtimeMs } = fstatSync(file.fd);
      sftp.attrs(id, { mode, uid, gid, size, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) });
    }),
  );
  sftp.on("READ", (id, bytes, offset, length) =>
    answer(id, () => {
      const file = found(bytes);
      if (file === undefined || !("fd" in file)) return sftp.status(id, STATUS_CODE.FAILURE);
      const buffer = Buffer.alloc(length);
      const count = readSync(file.fd, buffer, 0, length, offset);
      if (count === 0) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, buffer.subarray(0, count));
    }),
  );
  sftp.on("WRITE", (id, bytes, offset, content) =>
    done(id, () => {
      const file = found(bytes);
      if (file !== undefined && "fd" in file) writeSync(file.fd, content, 0, content.length, offset);
    }),
  );
  sftp.on("CLOSE", (id, bytes) =>
    done(id, () => {
      const file = found(bytes);
      if (file !== undefined && "fd" in file) closeSync(file.fd);
      handles.delete(bytes.readUInt32BE(0));
    }),
  );
  sftp.on("REMOVE", (id, path) => done(id, () => rmSync(local(path))));
  sftp.on("RENAME", (id, from, to) => done(id, () => renameSync(local(from), local(to))));
  sftp.on("MKDIR", (id, path) => done(id, () => mkdirSync(local(path))));
}
