import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { type CanonicalRecord, dayOf, entities, type EntityName, type Field, type RefKind } from "#model";
import { contentHash } from "./content-hash.ts";
import type { RefBook } from "./ref-book.ts";
import { type StoredColumn, storedColumns, tableName } from "./tables/canonical.ts";
import type { Vault } from "./vault.ts";

/** A value that its column cannot hold: what a mapping should have refused. */
export interface Unfit {
  field: string;
  valueClass: string;
  /** Swedish. */
  rule: string;
  code: string;
}

/** Where a row comes from. */
export interface Provenance {
  sourceNo: number;
  rawPage: number;
  rawIndex: number;
  mappingVersion: number;
}

const CHUNK = 1 << 20;
const EPOCH_MS = Date.UTC(2000, 0, 1);
const EPOCH_DAY = EPOCH_MS / 86_400_000;
const TWO_32 = 2 ** 32;
// Postgres manual, "COPY", "Binary Format", read 2026-11-22: signature, flags, length of the header's extension.
const HEADER = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const TRAILER = Buffer.from([0xff, 0xff]);
const TOMBSTONE = Buffer.alloc(16);

class UnfitValue extends Error {
  readonly rule: string;
  constructor(rule: string) {
    super("unfit");
    this.rule = rule;
  }
}

/** Some reference has no number yet; all of the row are wanted from the book. */
class RefMissing extends Error {}
const refMissing = new RefMissing("a reference has no number yet");

const round = { name: "round", type: "int2", field: null } as const;

/** Columns of the staging table: those of every row first, then what the content hash is taken over. */
function stagedColumns(entity: EntityName): readonly StoredColumn[] {
  const all = storedColumns[entity].filter(({ name }) => name !== "tenant_id");
  const first = all.filter(
    ({ name, field }) => field === null && name !== "parent" && name !== "day" && name !== "content_hash",
  );
  const of = (wanted: string) => all.filter(({ name, field }) => field === null && name === wanted);
  return [
    ...first,
    round,
    ...of("content_hash"),
    ...of("day"),
    ...of("parent"),
    ...all.filter(({ field }) => field !== null),
  ];
}

export const stagingTable = (entity: EntityName): string => `staged_${tableName(entity)}`;

/** Columns that staging, heads and history have in common. */
export const sharedColumns = (entity: EntityName): string[] =>
  storedColumns[entity].map(({ name }) => name).filter((name) => name !== "tenant_id");

export function createStaging(entity: EntityName): string {
  const columns = stagedColumns(entity).map(({ name, type }) => `"${name}" ${type}`);
  return `CREATE TEMP TABLE IF NOT EXISTS ${stagingTable(entity)} (${columns.join(", ")}) ON COMMIT DELETE ROWS`;
}

export function copyStaging(entity: EntityName): string {
  const columns = stagedColumns(entity).map(({ name }) => `"${name}"`);
  return `COPY ${stagingTable(entity)} (${columns.join(", ")}) FROM STDIN (FORMAT binary)`;
}

/** Things that records of other sources may be joined to: their own id has a number too. */
const ownRef: Partial<Record<EntityName, RefKind>> = {
  clients: "client",
  staff: "staff",
  units: "unit",
  providers: "provider",
};

/** The last row that an id has in the batch. */
interface Last {
  round: number;
  chunk: Buffer;
  /** Where its content hash stands in the chunk. */
  hashAt: number;
}

// Bytes before the content hash: its length, round, mapping version, index, page, deleted and version, each with a length.
const BEFORE_HASH = 4 + 6 + 8 + 8 + 12 + 5 + 12;

type Write = (value: unknown, sourceNo: number) => void;

/**
 * Canonical rows of one entity in the binary form of COPY, written straight into chunks of memory, and with what has
 * to be known of them in the diff. One batch; it is used up by `take`.
 */
export class StagedRows {
  readonly entity: EntityName;
  readonly #refs: RefBook;
  readonly #vault: Vault;
  readonly #fields: ReadonlyArray<{ name: string; field: Field; write: Write }>;
  readonly #columns: number;
  readonly #secret: boolean;
  readonly #day: string | null;
  readonly #own: RefKind | undefined;
  readonly #brought: Map<string, string>;
  #chunks: Buffer[] = [];
  #buffer = Buffer.allocUnsafeSlow(CHUNK);
  #view = new DataView(this.#buffer.buffer);
  #at = HEADER.copy(this.#buffer);
  /** The last row of each id, by source. */
  readonly #last = new Map<number, Map<string, Last>>();
  /** Rows since the last mark, with what `#last` had before. */
  #marked: Array<{ last: Map<string, Last>; id: string; before: Last | undefined }> = [];
  rows = 0;
  /** The first time an id is in the batch is round 0, the second round 1: each round has an id once. */
  rounds = 0;
  #perRound: number[] = [];

  /**
   * `brought`: what each id of an entity with encrypted fields was last given, from batch to batch of one source; a
   * record that says it again right after is no news.
   */
  constructor(entity: EntityName, refs: RefBook, vault: Vault, brought = new Map<string, string>()) {
    this.#brought = brought;
    this.entity = entity;
    this.#refs = refs;
    this.#vault = vault;
    const declared = entities[entity];
    this.#fields = Object.entries(declared.fields).map(([name, field]) => ({
      name,
      field,
      write: this.#writer(field),
    }));
    this.#columns = stagedColumns(entity).length;
    this.#secret = this.#fields.some(({ field }) => field.kind === "identity" || field.kind === "personal");
    this.#day = declared.day;
    this.#own = ownRef[entity];
  }

  /** Before the rows of one source record: `rewind` takes all of them back. */
  mark(): { at: number; rows: number } {
    if (this.#at > CHUNK - 16_384) this.#next();
    this.#marked = [];
    return { at: this.#at, rows: this.rows };
  }

  rewind({ at, rows }: { at: number; rows: number }): void {
    this.#at = at;
    this.rows = rows;
    for (const { last, id, before } of this.#marked.reverse()) {
      const round = last.get(id)?.round ?? 0;
      this.#perRound[round] = this.inRound(round) - 1;
      if (before === undefined) last.delete(id);
      else last.set(id, before);
      this.#brought.delete(id);
    }
    this.#marked = [];
  }

  /** Adds one row. Null: added. "refs": some reference has no number yet, resolve them and add the record again. */
  add(record: CanonicalRecord, from: Provenance): Unfit | "refs" | null {
    let field = "id";
    let value: unknown = record.id;
    const last = this.#lastOf(from.sourceNo);
    const before = last.get(record.id);
    // Many records may bring the same person along; encrypting it again each time would cost more than all the rest.
    const signature = this.#secret ? JSON.stringify(record) : null;
    if (signature !== null && this.#brought.get(record.id) === signature) return null;
    const rowAt = this.#at;
    try {
      if (typeof record.id !== "string" || record.id === "") throw new UnfitValue("saknar värde");
      if (record.id.length > 500) throw new UnfitValue("är längre än 500 tecken");
      if (record.version !== null && !Number.isFinite(record.version))
        throw new UnfitValue("har en version som inte är ett tal");
      this.#room(1024 + record.id.length * 3 + (record.parent?.length ?? 0) * 3);
      this.#int16(this.#columns);
      this.#int2(from.sourceNo);
      this.#text(record.id);
      if (record.version === null) this.#null();
      else this.#float8(record.version);
      this.#bool(record.deleted);
      this.#int8(from.rawPage);
      this.#int4(from.rawIndex);
      this.#int4(from.mappingVersion);
      const round = before === undefined ? 0 : before.round + 1;
      this.#int2(round);
      this.#view.setInt32(this.#at, 16);
      const hashAt = this.#at + 4;
      this.#at += 20;
      const { values } = record;
      if (this.#day !== null) {
        const at = values[this.#day];
        if (!record.deleted && typeof at === "number" && Number.isFinite(at) && Math.abs(at) < 8e15)
          this.#date(dayOf(at));
        else this.#null();
      }
      const contentAt = this.#at;
      if (record.parent === null) this.#null();
      else this.#text(record.parent);
      let missing = this.#own !== undefined && this.#refs.number(this.#own, from.sourceNo, record.id) < 0;
      for (const { name, field: declared, write } of this.#fields) {
        field = name;
        value = values[name];
        if (value === undefined || value === null || record.deleted) {
          if (!declared.optional && !record.deleted) throw new UnfitValue("saknar värde");
          this.#null();
          if (declared.kind === "identity") this.#null();
          continue;
        }
        try {
          write(value, from.sourceNo);
        } catch (error) {
          // The others of the row are wanted as well.
          if (error !== refMissing) throw error;
          missing = true;
        }
      }
      if (missing) return "refs";
      if (record.deleted) TOMBSTONE.copy(this.#buffer, hashAt);
      else if (signature === null) contentHash(this.#view, contentAt, this.#at, hashAt);
      else this.#secretContent(record).copy(this.#buffer, hashAt, 0, 16);
      if (before !== undefined && this.#repeats(before, hashAt)) {
        this.#at = rowAt;
        return null;
      }
      this.#marked.push({ last, id: record.id, before });
      last.set(record.id, { round, chunk: this.#buffer, hashAt });
      if (signature !== null) this.#brought.set(record.id, signature);
      if (round >= this.rounds) this.rounds = round + 1;
      this.#perRound[round] = this.inRound(round) + 1;
      this.rows++;
      return null;
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error;
      return { field, valueClass: classOf(value), rule: error.rule, code: "unfit-value" };
    }
  }

  /** How many rows a round has. */
  inRound(round: number): number {
    return this.#perRound[round] ?? 0;
  }

  /** The whole batch in the binary form of COPY. */
  take(): Buffer[] {
    this.#next();
    return [...this.#chunks, TRAILER];
  }

  #secretContent(record: CanonicalRecord): Buffer {
    // What is encrypted looks different each time; its keyed hash does not, and cannot be undone by trying all numbers.
    const values = this.#fields.map(({ name, field }) => {
      const value = record.values[name];
      const secret = (field.kind === "identity" || field.kind === "personal") && typeof value === "string";
      return secret ? this.#vault.identityHash(value).toString("hex") : value;
    });
    return hash("sha256", JSON.stringify([record.parent, values]), "buffer");
  }

  #lastOf(sourceNo: number): Map<string, Last> {
    let found = this.#last.get(sourceNo);
    if (found === undefined) this.#last.set(sourceNo, (found = new Map()));
    return found;
  }

  /** The row says what the last one of the same id says, with the same version: it is no news. */
  #repeats({ chunk, hashAt: lastAt }: Last, hashAt: number): boolean {
    const same = (from: number, until: number) =>
      this.#buffer.compare(chunk, lastAt + from, lastAt + until, hashAt + from, hashAt + until) === 0;
    return same(0, 16) && same(-BEFORE_HASH, -BEFORE_HASH + 17);
  }

  #writer(field: Field): Write {
    switch (field.kind) {
      case "id":
      case "text":
        return (value) => this.#text(asText(value));
      case "ref": {
        const of = field.of as RefKind;
        return (value, sourceNo) => this.#ref(of, sourceNo, asText(value));
      }
      case "codes":
        return (value, sourceNo) => {
          if (!Array.isArray(value)) throw new UnfitValue("ska vara en lista");
          if (value.length === 0) this.#null();
          else if (value.length === 1) this.#ref("service", sourceNo, asText(value[0]));
          else this.#ref("service", sourceNo, [...new Set(value.map(asText))].sort().join("|"));
        };
      case "identity":
        return (value) => {
          const number = asText(value);
          this.#bytea(this.#vault.encrypt(number));
          this.#bytea(this.#vault.identityHash(number));
        };
      case "personal":
        return (value) => this.#bytea(this.#vault.encrypt(asText(value)));
      case "enum": {
        const places = new Map((field.values ?? []).map((name, place) => [name, place]));
        return (value) => {
          const place = places.get(value as string);
          if (place === undefined) throw new UnfitValue("finns inte bland fältets värden");
          this.#int2(place);
        };
      }
      case "integer":
        return (value) => {
          if (value !== ((value as number) | 0)) throw new UnfitValue("ska vara ett heltal på högst 32 bitar");
          this.#int4(value as number);
        };
      case "decimal":
        return (value) => this.#float8(asNumber(value));
      case "instant":
      case "instantFrom":
      case "instantUntil":
        return (value) => {
          const at = asNumber(value);
          if (Math.abs(at) > 8e15) throw new UnfitValue("ligger utanför kalendern");
          this.#int8(Math.round((at - EPOCH_MS) * 1000));
        };
      case "date":
        return (value) => {
          if (!Number.isInteger(value) || Math.abs(value as number) > 1e7) throw new UnfitValue("ska vara ett datum");
          this.#date(value as number);
        };
      case "boolean":
        return (value) => {
          if (typeof value !== "boolean") throw new UnfitValue("ska vara ja eller nej");
          this.#bool(value);
        };
      case "json":
        return (value) => this.#text(canonicalJson(value));
    }
  }

  #next(): void {
    this.#chunks.push(this.#buffer.subarray(0, this.#at));
    this.#buffer = Buffer.allocUnsafeSlow(CHUNK);
    this.#view = new DataView(this.#buffer.buffer);
    this.#at = 0;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }

  // `add` has made room for a row of fixed widths; only texts and bytes ask for more.
  #null(): void {
    this.#view.setInt32(this.#at, -1);
    this.#at += 4;
  }

  #int16(value: number): void {
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }

  #int2(value: number): void {
    this.#view.setInt32(this.#at, 2);
    this.#view.setInt16(this.#at + 4, value);
    this.#at += 6;
  }

  #int4(value: number): void {
    this.#view.setInt32(this.#at, 4);
    this.#view.setInt32(this.#at + 4, value);
    this.#at += 8;
  }

  #int8(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.#view.setInt32(this.#at, 8);
    this.#view.setInt32(this.#at + 4, high);
    this.#view.setUint32(this.#at + 8, value - high * TWO_32);
    this.#at += 12;
  }

  #float8(value: number): void {
    this.#view.setInt32(this.#at, 8);
    this.#view.setFloat64(this.#at + 4, value);
    this.#at += 12;
  }

  #bool(value: boolean): void {
    this.#view.setInt32(this.#at, 1);
    this.#buffer[this.#at + 4] = value ? 1 : 0;
    this.#at += 5;
  }

  #date(value: number): void {
    this.#int4(value - EPOCH_DAY);
  }

  #ref(kind: RefKind, sourceNo: number, id: string): void {
    const no = this.#refs.number(kind, sourceNo, id);
    if (no < 0) throw refMissing;
    this.#int4(no);
  }

  #bytea(value: Uint8Array): void {
    this.#room(1024 + value.length);
    this.#view.setInt32(this.#at, value.length);
    this.#buffer.set(value, this.#at + 4);
    this.#at += 4 + value.length;
  }

  #text(value: string): void {
    const { length } = value;
    this.#room(1024 + length * 3);
    const start = this.#at + 4;
    const bytes = this.#buffer;
    let written = 0;
    // Most texts are short and plain; a call into the engine's encoder costs more than they do.
    if (length <= 48) {
      while (written < length) {
        const code = value.charCodeAt(written);
        if (code >= 0x80) break;
        bytes[start + written++] = code;
      }
    }
    if (written < length) written = bytes.write(value, start, "utf8");
    this.#view.setInt32(this.#at, written);
    this.#at = start + written;
  }
}

/** "text of 7 characters": what may be said of a value without saying it. */
function classOf(value: unknown): string {
  if (value === undefined || value === null || value === "") return "saknas";
  if (typeof value === "string") return `text med ${value.length} tecken`;
  if (typeof value === "number") return "tal";
  if (typeof value === "boolean") return "ja/nej";
  return Array.isArray(value) ? `lista med ${value.length} värden` : "objekt";
}

function asText(value: unknown): string {
  if (typeof value !== "string") throw new UnfitValue("ska vara text");
  return value;
}

function asNumber(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new UnfitValue("ska vara ett tal");
  return value;
}

/** Keys in order, so that equal content is equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
