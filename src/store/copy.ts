import { Buffer } from "node:buffer";
import pg from "pg";
import copyStreams from "pg-copy-streams";
import { AppError } from "#errors";
import type { Day, Instant } from "#model";
import { Inbox, inboxOf } from "./socket.ts";
import type { StoredType } from "./tables/canonical.ts";

/** A value that its column cannot hold. The message names the column, not the value. */
class ValueUnfit extends AppError {
  readonly code = "store.value";
  readonly kind = "invalid";
}

// Postgres manual, "COPY", "Binary Format", read 2026-11-22.
const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
const HEADER = SIGNATURE.length + 8;
const CHUNK = 256 * 1024;
const EPOCH_MS = Date.UTC(2000, 0, 1);
const EPOCH_DAY = EPOCH_MS / 86_400_000;
const TWO_32 = 2 ** 32;

/**
 * Writes rows in the binary format of COPY. For each row call `row()`, then one method per column in order; null is
 * written as null by every method. Between rows, `if (rows.full) await rows.drain()` keeps memory flat.
 */
export class RowWriter {
  readonly #columns: readonly string[];
  readonly #send: (chunk: Buffer) => Promise<void>;
  #buffer = Buffer.allocUnsafeSlow(CHUNK * 2);
  #view = viewOf(this.#buffer);
  #at: number;
  #column: number;
  #rows = 0;

  constructor(columns: readonly string[], send: (chunk: Buffer) => Promise<void>) {
    this.#columns = columns;
    this.#send = send;
    this.#column = columns.length;
    SIGNATURE.copy(this.#buffer);
    this.#buffer.fill(0, SIGNATURE.length, HEADER);
    this.#at = HEADER;
  }

  /** Rows begun so far. */
  get rows(): number {
    return this.#rows;
  }

  /** There is enough for a chunk: `drain` before the next row. */
  get full(): boolean {
    return this.#at >= CHUNK;
  }

  /** Sends what is written, as fast as the server takes it. */
  async drain(): Promise<void> {
    if (this.#at === 0) return;
    const chunk = this.#buffer.subarray(0, this.#at);
    // The connection keeps the chunk until it is sent.
    this.#buffer = Buffer.allocUnsafeSlow(CHUNK * 2);
    this.#view = viewOf(this.#buffer);
    this.#at = 0;
    await this.#send(chunk);
  }

  /** Ends the rows. */
  async finish(): Promise<void> {
    this.#complete();
    this.#room(2);
    this.#view.setInt16(this.#at, -1);
    this.#at += 2;
    await this.drain();
  }

  row(): void {
    this.#complete();
    this.#room(2);
    this.#view.setInt16(this.#at, this.#columns.length);
    this.#at += 2;
    this.#column = 0;
    this.#rows++;
  }

  null(): void {
    this.#room(4);
    this.#view.setInt32(this.#at, -1);
    this.#at += 4;
    this.#column++;
  }

  int2(value: number | null): void {
    if (value === null) return this.null();
    if (value !== (value << 16) >> 16) this.#unfit("a whole number of 16 bits");
    const at = this.#start(2);
    this.#view.setInt16(at, value);
  }

  int4(value: number | null): void {
    if (value === null) return this.null();
    if (value !== (value | 0)) this.#unfit("a whole number of 32 bits");
    const at = this.#start(4);
    this.#view.setInt32(at, value);
  }

  int8(value: number | null): void {
    if (value === null) return this.null();
    if (!Number.isSafeInteger(value)) this.#unfit("a whole number of 53 bits");
    const at = this.#start(8);
    this.#setInt8(at, value);
  }

  float8(value: number | null): void {
    if (value === null) return this.null();
    const at = this.#start(8);
    this.#view.setFloat64(at, value);
  }

  bool(value: boolean | null): void {
    if (value === null) return this.null();
    const at = this.#start(1);
    this.#buffer[at] = value ? 1 : 0;
  }

  /** Milliseconds since 1970; fractions down to microseconds are kept. */
  timestamptz(value: Instant | null): void {
    if (value === null) return this.null();
    if (!(Math.abs(value) <= 8.64e15)) this.#unfit("a time");
    const at = this.#start(8);
    this.#setInt8(at, Math.round((value - EPOCH_MS) * 1000));
  }

  date(value: Day | null): void {
    if (value === null) return this.null();
    if (!Number.isInteger(value) || Math.abs(value) > 1e8) this.#unfit("a date");
    const at = this.#start(4);
    this.#view.setInt32(at, value - EPOCH_DAY);
  }

  bytea(value: Uint8Array | null): void {
    if (value === null) return this.null();
    const at = this.#start(value.length);
    this.#buffer.set(value, at);
  }

  text(value: string | null): void {
    if (value === null) return this.null();
    const { length } = value;
    this.#room(4 + length * 3);
    const start = this.#at + 4;
    const bytes = this.#buffer;
    let end = start;
    // Most ids and codes are short and plain; a call into the engine's encoder costs more than they do.
    if (length <= 48) {
      while (end - start < length) {
        const code = value.charCodeAt(end - start);
        if (code === 0 || code >= 0x80) break;
        bytes[end++] = code;
      }
    }
    if (end - start < length) {
      if (value.includes("\0")) this.#unfit("text without a null character");
      end = start + bytes.write(value, start, "utf8");
    }
    this.#view.setInt32(this.#at, end - start);
    this.#at = end;
    this.#column++;
  }

  /** What writes a type by its name; for rows whose columns are known only when the program runs. */
  static of(type: StoredType): (this: RowWriter, value: unknown) => void {
    // The value comes from a canonical record, which has been checked against its entity's fields.
    return (RowWriter.prototype as unknown as Record<StoredType, (this: RowWriter, value: unknown) => void>)[type];
  }

  /** Writes by the type's name. */
  value(type: StoredType, value: unknown): void {
    RowWriter.of(type).call(this, value ?? null);
  }

  #setInt8(at: number, value: number): void {
    const high = Math.floor(value / TWO_32);
    this.#view.setInt32(at, high);
    this.#view.setUint32(at + 4, value - high * TWO_32);
  }

  /** Writes the length of a value and gives the place for its bytes. */
  #start(bytes: number): number {
    this.#room(4 + bytes);
    this.#view.setInt32(this.#at, bytes);
    const at = this.#at + 4;
    this.#at = at + bytes;
    this.#column++;
    return at;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
    this.#view = viewOf(larger);
  }

  #complete(): void {
    if (this.#column !== this.#columns.length) {
      throw new RangeError(`Row ${this.#rows} has ${this.#column} values for ${this.#columns.length} columns.`);
    }
  }

  #unfit(expected: string): never {
    const column = this.#columns[this.#column] ?? "?";
    throw new ValueUnfit(`Column ${column} of row ${this.#rows} is not ${expected}.`, { column, row: this.#rows });
  }
}

/**
 * Copies rows into a table within the client's transaction, and returns how many. Rejects, and never hangs, where
 * `write` throws, the server refuses the rows or the connection is lost; then the transaction can only be rolled back.
 */
export async function copyIn(
  client: pg.ClientBase,
  table: string,
  columns: readonly string[],
  write: (rows: RowWriter) => void | Promise<void>,
): Promise<number> {
  const target = `${pg.escapeIdentifier(table)} (${columns.map((name) => pg.escapeIdentifier(name)).join(", ")})`;
  const stream = client.query(copyStreams.from(`COPY ${target} FROM STDIN (FORMAT binary)`));
  let failed = false;
  const failure = new Promise<never>((_, reject) => {
    stream.on("error", (error) => {
      failed = true;
      reject(error);
    });
  });
  failure.catch(() => undefined);
  const finished = new Promise<void>((resolve) => stream.once("finish", resolve));
  const send = async (chunk: Buffer): Promise<void> => {
    // The stream does not report its own end to writers that wait, so every wait is for either.
    if (!failed) await Promise.race([failure, new Promise<void>((sent) => stream.write(chunk, () => sent()))]);
    if (failed) await failure;
  };
  const rows = new RowWriter(columns, send);
  try {
    await write(rows);
    await rows.finish();
    stream.end();
    await Promise.race([finished, failure]);
  } catch (error) {
    if (!failed) {
      // Its message goes to the server's log.
      stream.destroy(new Error("given up by the client"));
      await failure.catch(() => undefined);
    }
    throw error;
  }
  return stream.rowCount;
}

/** Gets the data of one message: bytes `start` until `end` of `bytes`, valid only during the call. */
export type CopySink = (bytes: Uint8Array, view: DataView, start: number, end: number) => void;

/** What `pg` calls on a query of another kind than its own, and the part of its connection that such a query needs. */
interface Connection {
  query: (text: string) => void;
  stream: NodeJS.EventEmitter & { listeners: (event: "data") => Array<(chunk: Buffer) => void> };
}

const COPY_DATA = 0x64;
// Of messages that may stand between the data: NoticeResponse, ParameterStatus, NotificationResponse; and CopyOutResponse before it.
const skipped = new Set([0x4e, 0x53, 0x41, 0x48]);

/**
 * Hands the data messages of a COPY … TO STDOUT to `sink` as they lie in the memory that the socket reads into. Postgres
 * puts each row into one message. pg-copy-streams joins them into new buffers first, which costs as much as decoding.
 * Rejects, and never hangs, where the server reports an error, the connection is lost or `sink` throws.
 */
export function copyOut(client: pg.ClientBase, statement: string, sink: CopySink): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: unknown = null;
    let detach = (): void => undefined;
    const query = {
      callback: () => undefined,
      submit(connection: Connection): void {
        const { stream } = connection;
        const [driver] = stream.listeners("data");
        if (driver === undefined) throw new Error("The connection has no reader.");
        const own = inboxOf(stream);
        const inbox = own ?? new Inbox();
        const take = (): void => {
          const { bytes } = inbox;
          const view = viewOf(bytes);
          while (inbox.from + 5 <= inbox.until) {
            const code = bytes[inbox.from] ?? 0;
            if (code !== COPY_DATA && !skipped.has(code)) {
              detach();
              driver(inbox.rest());
              return;
            }
            const end = inbox.from + 1 + view.getInt32(inbox.from + 1);
            inbox.need = end - inbox.from;
            if (end > inbox.until) return;
            if (code === COPY_DATA && failure === null) {
              try {
                sink(bytes, view, inbox.from + 5, end);
              } catch (error) {
                failure = error;
              }
            }
            inbox.from = end;
            inbox.need = 0;
          }
        };
        const onData = (chunk: Buffer): void => {
          chunk.copy(inbox.room(chunk.length));
          inbox.until += chunk.length;
          take();
        };
        detach = () => {
          inbox.take = null;
          if (own === undefined) stream.removeListener("data", onData).on("data", driver);
          detach = () => undefined;
        };
        if (own === undefined) stream.removeListener("data", driver).on("data", onData);
        else own.take = take;
        connection.query(statement);
      },
      handleError(error: unknown): void {
        detach();
        reject(error);
      },
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => (failure === null ? resolve() : reject(failure)),
    };
    client.query(query as unknown as pg.Submittable);
  });
}

/** Where the rows of the first message begin: it may hold the header. */
export function skipHeader(bytes: Uint8Array, view: DataView, start: number): number {
  const isHeader = SIGNATURE.every((byte, index) => bytes[start + index] === byte);
  return isHeader ? start + HEADER + view.getInt32(start + SIGNATURE.length + 4) : start;
}

/** Milliseconds since 1970 of a timestamptz. */
export function readInstant(view: DataView, at: number): Instant {
  return (view.getInt32(at) * TWO_32 + view.getUint32(at + 4)) / 1000 + EPOCH_MS;
}

export function readInt8(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
}

export function readDay(view: DataView, at: number): Day {
  return view.getInt32(at) + EPOCH_DAY;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
