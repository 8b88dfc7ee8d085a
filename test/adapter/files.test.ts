import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileSettings, namePattern, oneInbox, openFileSource, readCsv, readDeliveries, type InboxFile } from "#adapter";
import { z } from "zod";
import { commitAll, recordsOf, scramble, testInbox, type TestInbox } from "./inbox.ts";
import { startSftpServer } from "./sftp-server.ts";

const any = /\.csv$/i;
const columns = { keep: ["id", "a"], required: () => ["id"] };

async function textOf(file: InboxFile): Promise<string> {
  let text = "";
  for await (const piece of file.text()) text += piece;
  return text;
}

const pull = (inbox: TestInbox, recordsPerPage = 1000) =>
  readDeliveries(inbox, any, (file) =>
    readCsv(file.text(), { place: file.name, notice: inbox.notice, columns, recordsPerPage }),
  );

/** A clock that stands still until somebody waits. */
function clock() {
  let at = Date.parse("2026-10-05T04:30:00Z");
  const waits: number[] = [];
  return {
    waits,
    now: () => at,
    advance: (ms: number) => void (at += ms),
    /** What happens in the folder meanwhile. */
    meanwhile: async () => {},
    async wait(ms: number) {
      waits.push(ms);
      await this.meanwhile();
      at += ms;
    },
  };
}

describe("a file that is still being written", () => {
  test("is left alone until its size and time have not changed for five seconds", async () => {
    const time = clock();
    await using inbox = await testInbox({ now: time.now, wait: (ms) => time.wait(ms) });
    const path = join(inbox.folder, "a.csv");
    await writeFile(path, "id\n1\n");
    await utimes(path, new Date(time.now()), new Date(time.now()));
    time.meanwhile = async () => {
      await appendFile(path, "2\n");
      await utimes(path, new Date(time.now() + 4000), new Date(time.now() + 4000));
    };
    expect(await inbox.files.list(any)).toEqual([]);
    expect(inbox.notices).toEqual([["still-being-written", "a.csv skrivs fortfarande och läses nästa gång."]]);

    time.meanwhile = async () => {};
    const files = await inbox.files.list(any);
    expect(await Promise.all(files.map(textOf))).toEqual(["id\n1\n2\n"]);
    expect(time.waits).toEqual([5000, 5000]);
  });

  test("is taken at once where it was last changed long ago, and waited for once for all sources", async () => {
    const time = clock();
    await using inbox = await testInbox({ now: time.now, wait: (ms) => time.wait(ms) });
    await inbox.put("old.csv", "id\n");
    expect(await inbox.files.list(any)).toHaveLength(1);
    expect(time.waits).toEqual([]);

    for (const name of ["new-1.csv", "new-2.csv"]) {
      await writeFile(join(inbox.folder, name), "id\n");
      // A server whose clock is fast.
      await utimes(join(inbox.folder, name), new Date(time.now() + 60_000), new Date(time.now() + 60_000));
    }
    expect(await inbox.files.list(/new-1/)).toHaveLength(1);
    expect(await inbox.files.list(/new-2/)).toHaveLength(1);
    expect(time.waits).toEqual([5000]);
  });

  test("and grows after all while it is read is not counted as read", async () => {
    await using inbox = await testInbox();
    const path = await inbox.put("a.csv", "id\n1\n2\n3\n");
    const pages = pull(inbox, 1);
    expect((await pages.next()).value).toMatchObject({ records: [{ id: "1" }] });
    await appendFile(path, "4\n");
    const rest = await commitAll(pages, inbox);
    expect(rest.some(({ deliveryComplete }) => deliveryComplete === true)).toBe(false);
    expect(inbox.notices).toEqual([
      ["changed-while-read", "a.csv ändrades medan den lästes; den läses om nästa gång."],
    ]);
    expect(await inbox.left()).toEqual(["a.csv"]);

    await inbox.put("a.csv", "id\n1\n2\n3\n4\n");
    expect(recordsOf(await commitAll(pull(inbox), inbox))).toHaveLength(4);
  });

  test("has a name that says so, or is hidden, is not seen", async () => {
    await using inbox = await testInbox();
    for (const name of [".a.csv", "a.csv.part", "a.csv.filepart", "a.tmp", "a.csv~"]) await inbox.put(name, "id\n");
    expect(await inbox.files.list(/^/)).toEqual([]);
  });
});

describe("names", () => {
  test("are in order of their numbers, so that September comes before October", async () => {
    await using inbox = await testInbox();
    for (const name of ["Sammanställning-2026-10.csv", "Sammanställning-2026-9.csv", "sammanställning-2025-12.csv"]) {
      await inbox.put(name, name);
    }
    const names = (await inbox.files.list(namePattern(["sammanställning-*.csv"]))).map(({ name }) => name);
    expect(names).toEqual(["sammanställning-2025-12.csv", "Sammanställning-2026-9.csv", "Sammanställning-2026-10.csv"]);
  });

  test("with å, ä, ö composed, decomposed or in Windows-1252 are found, read and archived", async () => {
    await using inbox = await testInbox();
    await inbox.put("besök-1.csv", "id\n1\n");
    await inbox.put("beso\u0308k-2.csv", "id\n2\n");
    await inbox.put(Buffer.from("besök-3.csv", "latin1"), "id\n3\n");
    const pages = await commitAll(pull(inbox), inbox);
    expect(recordsOf(pages)).toEqual([{ id: "1" }, { id: "2" }, { id: "3" }]);
    expect(pages.map(({ place }) => place)).toEqual(["besök-1.csv", "besök-2.csv", "besök-3.csv"]);
    expect(await inbox.left()).toEqual([]);
    expect(await inbox.archived()).toHaveLength(3);
  });

  test("of links and folders are not files", async () => {
    await using inbox = await testInbox();
    await using other = await testInbox();
    await symlink(await other.put("secret.csv", "id\n"), join(inbox.folder, "link.csv"));
    await mkdir(join(inbox.folder, "folder.csv"));
    expect(await inbox.files.list(any)).toEqual([]);
  });
});

describe("a delivery", () => {
  test("is archived, encrypted, when its last page is committed and not before", async () => {
    await using inbox = await testInbox();
    const content = "id;a\n1;x\n2;y\n";
    await inbox.put("a.csv", content);
    const pages = pull(inbox, 1);
    const first = await pages.next();
    expect(first.value).not.toHaveProperty("committed");
    const second = await pages.next();
    const hash = createHash("sha256").update(content).digest("hex");
    expect(second.value).toMatchObject({ delivery: hash, deliveryComplete: true, place: "a.csv", cursor: null });
    expect(await inbox.left()).toEqual(["a.csv"]);
    await commitAll(
      (async function* () {
        yield second.value!;
        yield* pages;
      })(),
      inbox,
    );
    expect(await inbox.left()).toEqual([]);
    expect(await inbox.archived()).toEqual([`a.csv.${hash.slice(0, 12)}.enc`]);
    const archived = await readFile(join(inbox.folder, "archive", `a.csv.${hash.slice(0, 12)}.enc`));
    expect(archived).not.toEqual(Buffer.from(content));
    expect(Buffer.from(archived.map((byte) => byte - 1)).toString()).toBe(content);
  });

  test("that was read but not archived before a crash is archived the next time, and not read again", async () => {
    await using inbox = await testInbox();
    await inbox.put("a.csv", "id\n1\n");
    for await (const page of pull(inbox)) inbox.seen.add(page.delivery!);
    expect(await inbox.left()).toEqual(["a.csv"]);
    expect(await commitAll(pull(inbox), inbox)).toEqual([]);
    expect(await inbox.left()).toEqual([]);
  });

  test("of yesterday that comes again, and the same content under two names, is read once", async () => {
    await using inbox = await testInbox();
    await inbox.put("a.csv", "id\n1\n");
    await inbox.put("b.csv", "id\n1\n");
    expect(recordsOf(await commitAll(pull(inbox), inbox))).toEqual([{ id: "1" }]);
    expect(inbox.notices.map(([code]) => code)).toEqual(["seen-before"]);
    await inbox.put("a.csv", "id\n1\n");
    expect(await commitAll(pull(inbox), inbox)).toEqual([]);
    await inbox.put("a.csv", "id\n1\n2\n");
    expect(recordsOf(await commitAll(pull(inbox), inbox))).toHaveLength(2);
    expect(await inbox.left()).toEqual([]);
    expect(await inbox.archived()).toHaveLength(3);
  });

  test("that is empty, or has only a header, is told and archived", async () => {
    await using inbox = await testInbox();
    await inbox.put("1.csv", "");
    await inbox.put("2.csv", "\uFEFF\r\n");
    await inbox.put("3.csv", "id\r\n");
    const pages = await commitAll(pull(inbox), inbox);
    expect(pages).toMatchObject([{ place: "3.csv", records: [], deliveryComplete: true }]);
    expect(inbox.notices).toEqual([
      ["empty-file", "1.csv är tom."],
      ["empty-file", "2.csv har inget innehåll."],
      ["no-records", "3.csv har rubriker men inga poster."],
    ]);
    expect(await inbox.left()).toEqual([]);
  });

  test("that cannot be read stays, the others are read, and the failure names each", async () => {
    await using inbox = await testInbox();
    await inbox.put("1.csv", "nr\n1\n");
    await inbox.put("2.csv", "id\n2\n");
    await inbox.put("3.csv", "a\n1\n");
    const read: unknown[] = [];
    const failure = (async () => {
      for await (const page of pull(inbox)) {
        read.push(...page.records);
        await page.committed?.();
      }
    })();
    await expect(failure).rejects.toThrow(/File 1\.csv: the required column "id".*\n.*File 3\.csv/);
    expect(read).toEqual([{ id: "2" }]);
    expect(await inbox.left()).toEqual(["1.csv", "3.csv"]);
  });

  test("above the size limit is refused without being read", async () => {
    await using inbox = await testInbox({ fileBytesMax: 10 });
    await inbox.put("a.csv", "id\n1\n2\n3\n4\n5\n");
    await expect(commitAll(pull(inbox), inbox)).rejects.toThrow("a.csv: it has 13 bytes; at most 10 are read.");
  });

  test("that was replaced by a new one under the same name while it was committed is not thrown away", async () => {
    await using inbox = await testInbox();
    await inbox.put("a.csv", "id\n1\n");
    for await (const page of pull(inbox)) {
      inbox.seen.add(page.delivery!);
      await inbox.put("b.tmp", "id\n22\n");
      await rename(join(inbox.folder, "b.tmp"), join(inbox.folder, "a.csv"));
      await page.committed?.();
    }
    expect(recordsOf(await commitAll(pull(inbox), inbox))).toEqual([{ id: "22" }]);
  });

  test("that cannot be moved is told, not an error: it is known as seen", async () => {
    await using inbox = await testInbox();
    await inbox.put("a.csv", "id\n1\n");
    // A file where the folder should be: also root cannot make it.
    await writeFile(join(inbox.folder, "archive"), "");
    expect(recordsOf(await commitAll(pull(inbox), inbox))).toEqual([{ id: "1" }]);
    expect(inbox.notices).toEqual([["archive-failed", "a.csv är läst men kunde inte flyttas till archive (EEXIST)."]]);
    expect(await commitAll(pull(inbox), inbox)).toEqual([]);
  });
});

describe("an inbox that is not there", () => {
  test("is unavailable, which is something else than empty", async () => {
    await using inbox = await testInbox();
    expect(await inbox.files.list(any)).toEqual([]);
    await rm(inbox.folder, { recursive: true });
    await expect(inbox.files.list(any)).rejects.toMatchObject({ kind: "unavailable", code: "adapter.inbox" });
  });

  test("has settings that say folder or SFTP, with all that SFTP needs", () => {
    const settings = z.object(fileSettings);
    const problem = (input: z.input<typeof settings>) => oneInbox(settings.parse(input));
    expect(problem({ folder: "a" })).toBeNull();
    expect(problem({})).not.toBeNull();
    expect(problem({ folder: "a", sftpHost: "b" })).not.toBeNull();
    const sftp = { sftpHost: "b", sftpUsername: "c", sftpHostKey: `SHA256:${"A".repeat(43)}` };
    expect(problem(sftp)).not.toBeNull();
    expect(problem({ ...sftp, sftpPassword: "d" })).toBeNull();
    expect(settings.safeParse({ sftpHostKey: "MD5:1" }).success).toBe(false);
  });
});

describe("an SFTP drop", () => {
  const over = async (
    server: { port: number; hostKey: string },
    inbox: TestInbox,
    more: Record<string, unknown> = {},
  ) =>
    openFileSource(
      z.object(fileSettings).parse({
        sftpHost: "127.0.0.1",
        sftpPort: server.port,
        sftpFolder: "/",
        sftpUsername: "phoniro",
        sftpPassword: "hemligt",
        sftpHostKey: server.hostKey,
        settleSeconds: 0.1,
        ...more,
      }),
      { encrypt: scramble, seen: (hash) => Promise.resolve(inbox.seen.has(hash)), notice: inbox.notice },
    );

  test("is read, archived encrypted, and read once, as a folder is", async () => {
    await using inbox = await testInbox();
    await using server = await startSftpServer(inbox.folder);
    const content = `id;a\n${Array.from({ length: 40_000 }, (_, index) => `${index};Åsa gick hem\n`).join("")}`;
    await inbox.put("besök.csv", content);
    await inbox.put("empty.csv", "");
    await using files = await over(server, inbox);
    const again = { ...inbox, files };
    expect((await files.list(any)).map(({ name }) => name)).toEqual(["besök.csv", "empty.csv"]);
    const pages = await commitAll(pull(again), inbox);
    expect(recordsOf(pages)).toHaveLength(40_000);
    expect(recordsOf(pages)[39_999]).toEqual({ id: "39999", a: "Åsa gick hem" });
    expect(await inbox.left()).toEqual([]);
    const [archived] = (await inbox.archived()).filter((name) => name.startsWith("bes"));
    const bytes = await readFile(join(inbox.folder, "archive", archived!));
    expect(Buffer.from(bytes.map((byte) => byte - 1)).toString()).toBe(content);

    await inbox.put("besök.csv", content);
    expect(await commitAll(pull(again), inbox)).toEqual([]);
    expect(await inbox.left()).toEqual([]);
  });

  test("is not spoken to where its key is another, and gets no password", async () => {
    await using inbox = await testInbox();
    await using server = await startSftpServer(inbox.folder);
    const opened = over(server, inbox, { sftpHostKey: `SHA256:${"A".repeat(43)}` });
    await expect(opened).rejects.toThrow("the server's key is not the one in sftpHostKey; nothing was sent to it.");
    expect(server.logins).toEqual([]);
  });

  test("that refuses the user, or is down, is unavailable, without the password in the message", async () => {
    await using inbox = await testInbox();
    const server = await startSftpServer(inbox.folder);
    const refused = over(server, inbox, { sftpPassword: "fel-hemlighet" });
    await expect(refused).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.not.stringContaining("fel-hemlighet"),
    });
    await server[Symbol.asyncDispose]();
    await expect(over(server, inbox)).rejects.toMatchObject({ kind: "unavailable" });
  });
});
