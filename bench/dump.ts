import { closeSync, openSync, writeSync } from "node:fs";
import type pg from "pg";
import { copyOut } from "#store";

/** Writes what a COPY … TO STDOUT gives into a file, as it comes. */
export async function dump(client: pg.ClientBase, statement: string, file: string): Promise<void> {
  const out = openSync(file, "w");
  const buffer = Buffer.allocUnsafe(1 << 20);
  let used = 0;
  const flush = (): void => {
    writeSync(out, buffer, 0, used);
    used = 0;
  };
  try {
    await copyOut(client, statement, (bytes, _view, start, end) => {
      if (used + end - start > buffer.length) flush();
      buffer.set(bytes.subarray(start, end), used);
      used += end - start;
    });
    flush();
  } finally {
    closeSync(out);
  }
}
