import { TextDecoder } from "node:util";
import { XMLParser } from "fast-xml-parser";
import { SaxesParser } from "saxes";
import { InvalidFile } from "./csv.ts";
import type { BrokenRecord } from "./define.ts";

export interface XmlOptions {
  /** What the document is called in messages: its file name, or a path without its query. */
  document: string;
  /** Names from the root element down to the element that is one record, without namespace prefixes. */
  path: readonly [string, ...string[]];
  /** Elements that may stand once or many times: always lists. */
  lists?: readonly string[];
  /** Elements inside elements, the root included. */
  depthMax?: number;
  /** A longer record is broken; so much text outside of records is refused. */
  recordCharactersMax?: number;
}

/**
 * One record: an attribute is a text under its name, an element without attributes and children a text, any other
 * an object, whose own text, if it has both, is `#text`. Nothing becomes a number or a boolean.
 */
export interface XmlRecord {
  /** Of the record's first character in the document. */
  line: number;
  value: unknown;
}

/** The document as a whole cannot or must not be read. The message names document and line, never content. */
const refusal = (document: string, line: number, what: string) => new InvalidFile(document, `line ${line}: ${what}.`);

/** Thrown out of saxes' handlers at the first error: what it would make of the rest is a guess. */
class Malformed extends Error {}

const pieceBytes = 64 * 1024;
const declarationBytesMax = 1024;
// At most 64 kB in UTF-8.
const brokenCharactersMax = 16_000;

const encodings: Readonly<Record<string, string>> = {
  "utf-8": "utf-8",
  utf8: "utf-8",
  "us-ascii": "utf-8",
  ascii: "utf-8",
  // Systems declare ISO-8859-1 and write Windows-1252, which has it as a part.
  "iso-8859-1": "windows-1252",
  latin1: "windows-1252",
  "windows-1252": "windows-1252",
  cp1252: "windows-1252",
};

/** The encoding that a document's first bytes name: by its byte order mark, else by its declaration, else UTF-8. */
function encodingOf(head: Buffer, document: string): string {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return "utf-8";
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const declared = /^<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"'>]*)["']/.exec(
    head.toString("latin1", 0, declarationBytesMax),
  );
  if (declared === null) return "utf-8";
  const label = encodings[(declared[1] ?? "").toLowerCase()];
  if (label === undefined) {
    throw refusal(document, 1, "declares an encoding that is not read; expected UTF-8, ISO-8859-1 or Windows-1252");
  }
  return label;
}

/** The document as text without byte order mark, in pieces, in the encoding that it declares. */
async function* decode(bytes: AsyncIterable<Uint8Array>, document: string): AsyncGenerator<string> {
  let head: Buffer = Buffer.alloc(0);
  let decoder: TextDecoder | null = null;
  let line = 1;
  const text = (piece: Buffer | null): string => {
    decoder ??= new TextDecoder(encodingOf(head, document), { fatal: true });
    try {
      const decoded = piece === null ? decoder.decode() : decoder.decode(piece, { stream: true });
      line += lineFeeds(decoded, 0, decoded.length);
      return decoded;
    } catch (error) {
      if (error instanceof InvalidFile) throw error;
      throw refusal(document, line, `here or further on, bytes are not ${decoder.encoding}, which it declares`);
    }
  };
  for await (const chunk of bytes) {
    let whole: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (decoder === null) {
      head = whole = Buffer.concat([head, whole]);
      if (whole.length < declarationBytesMax && !whole.includes(">")) continue;
    }
    for (let at = 0; at < whole.length; at += pieceBytes) yield text(whole.subarray(at, at + pieceBytes));
    head = Buffer.alloc(0);
  }
  if (head.length > 0) yield text(head);
  yield text(null);
}

function lineFeeds(text: string, from: number, until: number): number {
  const part = text.slice(from, until);
  let count = 0;
  for (let at = part.indexOf("\n"); at !== -1; at = part.indexOf("\n", at + 1)) count++;
  return count;
}

const local = (name: string) => name.slice(name.indexOf(":") + 1);
const escaped = (name: string) => name.replace(/[.\\^$*+?()[\]{}|]/g, "\\$&");

/**
 * Cuts a document into its records while it arrives. saxes checks that the document is well-formed and says where
 * records begin and end; the text of each goes to fast-xml-parser. Offsets are characters from the document's start.
 * After a record that is not well-formed, reading goes on at the next start tag of a record.
 */
class Splitter {
  readonly #options: Required<XmlOptions>;
  readonly #records: XMLParser;
  /** Where reading can go on after a broken record: the next record, or the end of their list. */
  readonly #next: RegExp;
  readonly #out: Array<XmlRecord | BrokenRecord> = [];
  #parser: SaxesParser;
  /** Offset of the parser's first character. */
  #origin = 0;
  /** What may still be needed of the text, and its offset. */
  #text = "";
  #base = 0;
  /** A line and the offset up to which line breaks are counted for it. */
  #line = 1;
  #lineAt = 0;
  /** Open elements by their full names, and how many of them, from the root, are on the path. */
  #open: string[] = [];
  #onPath = 0;
  #recordStart: number | null = null;
  /** All before this offset is done with. */
  #settled = 0;
  /** The broken record whose end is looked for. */
  #broken: BrokenRecord | null = null;

  constructor(options: XmlOptions) {
    this.#options = { lists: [], depthMax: 32, recordCharactersMax: 1_000_000, ...options };
    const { path } = this.#options;
    const record = path.at(-1) ?? "";
    const list = path.at(-2);
    const end = list === undefined ? "" : `|</(?:[^\\s<>/:]+:)?${escaped(list)}\\s*>`;
    this.#next = new RegExp(`<(?:[^\\s<>/:]+:)?${escaped(record)}(?=[\\s/>])${end}`);
    const lists = new Set(this.#options.lists);
    this.#records = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: "",
      removeNSPrefix: true,
      parseTagValue: false,
      parseAttributeValue: false,
      ignoreDeclaration: true,
      ignorePiTags: true,
      maxNestedTags: this.#options.depthMax,
      isArray: (name, _path, _leaf, attribute) => !attribute && lists.has(name),
      // Character references are read only with `htmlEntities`; named ones beyond the five never come here (see #parse).
      htmlEntities: true,
      // A record is bounded by recordCharactersMax, and no reference is longer when it is read.
      processEntities: { enabled: true, maxTotalExpansions: Infinity, maxExpandedLength: Infinity },
    });
    this.#parser = this.#parse();
  }

  /** Records and broken ones that the text completes. */
  push(text: string): Array<XmlRecord | BrokenRecord> {
    this.#text += text;
    let unread = this.#broken === null ? text : this.#resume();
    while (unread !== null && !this.#write(unread)) unread = this.#resume();
    return this.#out.splice(0);
  }

  end(): void {
    try {
      if (this.#broken === null) {
        this.#parser.close();
        return;
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
    throw this.#refused(this.#base + this.#text.length, "ends before its last element does");
  }

  #refused(offset: number, what: string): InvalidFile {
    return refusal(this.#options.document, this.#lineOf(Math.max(offset, this.#lineAt)), what);
  }

  /** Offsets must not go back. */
  #lineOf(offset: number): number {
    this.#line += lineFeeds(this.#text, this.#lineAt - this.#base, offset - this.#base);
    this.#lineAt = offset;
    return this.#line;
  }

  /** Forgets the text before an offset. */
  #forget(offset: number): void {
    this.#lineOf(Math.max(offset, this.#lineAt));
    this.#text = this.#text.slice(offset - this.#base);
    this.#base = offset;
  }

  get #position(): number {
    return this.#origin + this.#parser.position;
  }

  #parse(): SaxesParser {
    const { path, depthMax } = this.#options;
    const parser = new SaxesParser({ position: false });
    const settle = () => {
      this.#settled = this.#position;
    };
    parser.on("doctype", () => {
      throw this.#refused(this.#position, "has a document type declaration (DTD), which is not read");
    });
    parser.on("error", (error) => {
      if (error.message === "undefined entity.") {
        throw this.#refused(this.#position, "has an entity other than the five predefined ones, which is not read");
      }
      throw new Malformed();
    });
    parser.on("opentagstart", ({ name }) => {
      if (this.#recordStart !== null) return;
      const depth = this.#open.length;
      const onPath = this.#onPath === depth && local(name) === path[depth];
      if (depth === 0 && !onPath) throw this.#refused(this.#position, `its root element is not ${path[0]}`);
      if (onPath && depth === path.length - 1) {
        this.#recordStart = this.#base + this.#text.lastIndexOf("<", this.#position - 1 - this.#base);
      }
    });
    parser.on("opentag", ({ name }) => {
      if (this.#onPath === this.#open.length && local(name) === path[this.#onPath]) this.#onPath++;
      if (this.#open.push(name) > depthMax) {
        throw this.#refused(this.#position, `has more than ${depthMax} elements inside each other`);
      }
      settle();
    });
    parser.on("closetag", ({ name }) => {
      // saxes tells of a wrong end tag only after it has closed the element with it.
      if (this.#open.length <= path.length && !this.#endsWith(name)) throw new Malformed();
      this.#open.pop();
      this.#onPath = Math.min(this.#onPath, this.#open.length);
      if (this.#recordStart !== null && this.#open.length === path.length - 1) this.#close(this.#recordStart, name);
      settle();
    });
    parser.on("comment", settle);
    parser.on("processinginstruction", settle);
    return parser;
  }

  /** Whether the tag that has just been read ends an element of this name. */
  #endsWith(name: string): boolean {
    const end = this.#position - this.#base;
    const tag = this.#text.slice(this.#text.lastIndexOf("<", end - 1), end);
    return tag.endsWith("/>") || tag.slice(2, -1).trimEnd() === name;
  }

  #close(start: number, name: string): void {
    const text = this.#text.slice(start - this.#base, this.#position - this.#base);
    const line = this.#lineOf(start);
    try {
      const parsed = this.#records.parse(text) as Record<string, unknown>;
      this.#out.push({ line, value: parsed[local(name)] });
    } catch {
      // The parser's message quotes the name that it refuses: one that JavaScript reserves.
      const reason = "posten har ett namn som inte får förekomma";
      this.#out.push({ line, reason, text: text.slice(0, brokenCharactersMax) });
    }
    this.#recordStart = null;
  }

  /** False where a record turns out to be broken. */
  #write(text: string): boolean {
    const { recordCharactersMax } = this.#options;
    try {
      this.#parser.write(text);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#break("posten är inte välformad XML", "is not well-formed XML");
      return false;
    }
    this.#forget(this.#recordStart ?? this.#settled);
    if (this.#text.length <= recordCharactersMax) return true;
    this.#break(
      `posten är längre än ${recordCharactersMax} tecken`,
      `has more than ${recordCharactersMax} characters outside of its records`,
    );
    return false;
  }

  #break(reason: string, refusal: string): void {
    const ancestors = this.#options.path.length - 1;
    // Without the list that holds the records there is nothing to go on with.
    if (ancestors === 0 || this.#onPath < ancestors) throw this.#refused(this.#position, refusal);
    this.#forget(this.#recordStart ?? this.#settled);
    this.#broken = { line: this.#line, reason, text: "" };
    if (this.#recordStart !== null) this.#skip(1);
    this.#open = this.#open.slice(0, ancestors);
    this.#recordStart = null;
  }

  /** Hands characters at the start of the text to the broken record. */
  #skip(characters: number): void {
    if (this.#broken === null) return;
    this.#broken.text += this.#text.slice(0, Math.min(characters, brokenCharactersMax - this.#broken.text.length));
    this.#forget(this.#base + characters);
  }

  /** Looks for the next record; what lies before it belongs to the broken one. Null where it has not arrived. */
  #resume(): string | null {
    const found = this.#next.exec(this.#text);
    if (found === null || this.#broken === null) {
      // A tag may be cut at the end of what has arrived, but not be endless.
      const cut = this.#text.lastIndexOf("<");
      const keep = cut !== -1 && this.#text.length - cut <= this.#options.recordCharactersMax;
      this.#skip(keep ? cut : this.#text.length);
      return null;
    }
    this.#skip(found.index);
    this.#out.push(this.#broken);
    this.#broken = null;
    const opening = this.#open.map((name) => `<${name}>`).join("");
    this.#origin = this.#base - opening.length;
    this.#open = [];
    this.#onPath = 0;
    this.#parser = this.#parse();
    this.#parser.write(opening);
    this.#settled = this.#base;
    return this.#text;
  }
}

/**
 * Reads the records of an XML document while it arrives; memory follows the longest record, not the document. A record
 * that is not well-formed is handed out as broken and the next ones are read. Throws InvalidFile where the document is in
 * an encoding that it does not declare, has a DTD, other entities than the predefined ones, elements too deep inside
 * each other or another root element, is not well-formed outside of its records, or ends too early.
 */
export async function* readXml(
  bytes: AsyncIterable<Uint8Array>,
  options: XmlOptions,
): AsyncGenerator<XmlRecord | BrokenRecord> {
  const splitter = new Splitter(options);
  for await (const text of decode(bytes, options.document)) yield* splitter.push(text);
  splitter.end();
}
