import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

/** What the ledger keeps of a page: only what the record shape names. */
export interface PageContent {
  records: readonly unknown[];
  lines: Int32Array | null;
  completeIds: readonly string[] | null;
}

export interface EncodedPage {
  bytes: Buffer;
  /** SHA-256 of the records and ids, without the lines: the same records from another place are the same content. */
  contentHash: Buffer;
  /** As they are stored, and come back from the ledger. */
  records: readonly unknown[];
}

/** Keys once, values by column: a third of the size and of the time of a list of objects. */
interface Packed {
  keys: string[];
  columns: unknown[][];
  /** What a null in the column means: 0 the record lacks the field, 1 it has null; else the rows that have null. */
  nulls: Array<number[] | 0 | 1>;
  /** Records that are not objects. */
  others: Array<[number, unknown]>;
  count: number;
  completeIds: readonly string[] | null;
}

/** Stored beside each page, so that pages written in an older form can still be read. */
export const PAGE_CODEC = 1;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const PAGE_BYTES_MAX = 1 << 30;

function pack({ records, completeIds }: PageContent): Packed {
  const count = records.length;
  const places = new Map<string, number>();
  const packed: Packed = { keys: [], columns: [], nulls: [], others: [], count, completeIds };
  let lastKeys: string[] = [];
  let lastPlaces: number[] = [];
  for (let row = 0; row < count; row++) {
    const record = records[row];
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      packed.others.push([row, record]);
      continue;
    }
    const keys = Object.keys(record);
    let same = keys.length === lastKeys.length;
    for (let i = 0; same && i < keys.length; i++) same = keys[i] === lastKeys[i];
    if (!same) {
      lastKeys = keys;
      lastPlaces = keys.map((key) => {
        let place = places.get(key);
        if (place === undefined) {
          place = packed.keys.push(key) - 1;
          places.set(key, place);
          packed.columns.push(Array.from({ length: count }));
        }
        return place;
      });
    }
    const values = Object.values(record) as unknown[];
    for (let i = 0; i < values.length; i++) (packed.columns[lastPlaces[i] as number] as unknown[])[row] = values[i];
  }
  packed.nulls = packed.columns.map((column) => {
    if (!column.includes(null)) return 0;
    if (!column.includes(undefined)) return 1;
    return column.flatMap((value, row) => (value === null ? [row] : []));
  });
  return packed;
}

function unpack({ keys, columns, nulls, others, count }: Packed): unknown[] {
  const known = nulls.map((rows) => (typeof rows === "number" ? rows === 1 : new Set(rows)));
  const records: unknown[] = [];
  for (let row = 0; row < count; row++) {
    const record: Record<string, unknown> = {};
    for (let i = 0; i < keys.length; i++) {
      const value = (columns[i] as unknown[])[row];
      const isNull = known[i] as boolean | Set<number>;
      if (value !== null || isNull === true || (typeof isNull !== "boolean" && isNull.has(row))) {
        record[keys[i] as string] = value;
      }
    }
    records.push(record);
  }
  for (const [row, value] of others) records[row] = value;
  return records;
}

/** Postgres has no character 0 in texts. */
function withoutNul(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("\0", "");
  if (Array.isArray(value)) return value.map(withoutNul);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.replaceAll("\0", ""), withoutNul(inner)]));
}

/** Packs and compresses a page of picked records. */
export async function encodePage(content: PageContent): Promise<EncodedPage> {
  let { records } = content;
  let text = JSON.stringify(pack(content));
  if (text.includes("\\u0000")) {
    records = records.map(withoutNul);
    text = JSON.stringify(pack({ ...content, records }));
  }
  const body = Buffer.from(text);
  // Differences, since they mostly are 1.
  let before = 0;
  const lines = content.lines === null ? null : Array.from(content.lines, (line) => -before + (before = line));
  const tail = Buffer.from(JSON.stringify(lines));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return {
    bytes: await compress(Buffer.concat([head, body, tail]), options),
    contentHash: createHash("sha256").update(body).digest(),
    records,
  };
}

/** The reverse of `encodePage`. */
export async function decodePage(bytes: Buffer, codec: number): Promise<PageContent> {
  if (codec !== PAGE_CODEC) throw new RangeError(`Raw page of codec ${codec}: this version reads ${PAGE_CODEC}.`);
  const whole = await decompress(bytes, { maxOutputLength: PAGE_BYTES_MAX });
  const length = whole.readUInt32LE(0);
  const packed = JSON.parse(whole.toString("utf8", 4, 4 + length)) as Packed;
  const differences = JSON.parse(whole.toString("utf8", 4 + length)) as number[] | null;
  let line = 0;
  return {
    records: unpack(packed),
    lines: differences === null ? null : Int32Array.from(differences, (step) => (line += step)),
    completeIds: packed.completeIds,
  };
}
