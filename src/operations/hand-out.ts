import { type Cell, csvStream, xlsxStream } from "#document";
import type { Instant } from "#model";
import { type Database, recordAccess } from "#store";
import type { Actor } from "./actor.ts";

/** A file to be handed out, a piece at a time. */
export interface ExportedFile {
  name: string;
  type: string;
  body: AsyncIterable<Uint8Array>;
}

export const listFormats = ["csv", "xlsx"] as const;
export type ListFormat = (typeof listFormats)[number];

/** A list that somebody takes out of the system. */
interface List {
  operation: string;
  /** Which selection it is. */
  subject: string;
  reason: string;
  count: number;
  format: ListFormat;
  /** Of the file, without its ending. */
  name: string;
  title: string;
  head: readonly string[];
  rows: AsyncIterable<readonly Cell[]>;
}

/** Hands out a list as a file, once it is recorded with its reason and how many rows it has. */
export async function handOutList(
  { database, now }: { database: Database; now: () => Instant },
  actor: Actor,
  { operation, subject, reason, count, format, name, title, head, rows }: List,
): Promise<ExportedFile> {
  const at = now();
  await recordAccess(database, actor, { at, operation, subject, rows: count, why: reason });
  if (format === "csv")
    return { name: `${name}.csv`, type: "text/csv; charset=utf-8", body: csvStream(withHead(head, rows)) };
  return {
    name: `${name}.xlsx`,
    type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    body: xlsxStream({ title, head, at }, rows),
  };
}

async function* withHead(
  head: readonly string[],
  rows: AsyncIterable<readonly Cell[]>,
): AsyncGenerator<readonly Cell[]> {
  yield head;
  yield* rows;
}

/** A file that is made already, as a body. */
export async function* whole(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

/** Items a few hundred at a time, for what is looked up once for many. */
export async function* batched<Item>(items: AsyncIterable<Item>, size = 500): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
