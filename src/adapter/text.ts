import { isAscii, isUtf8 } from "node:buffer";

/** Small enough that a long-lived slice of a string keeps little alive, large enough that decoding runs at full speed. */
const CHUNK_BYTES = 64 * 1024;
/** A line longer than this is handed out in parts; readers of records refuse it. */
const LINE_BYTES_MAX = 1024 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

// WHATWG windows-1252, 0x80–0x9F. Node's TextDecoder reads that label as ISO-8859-1 (24.21, 2026-11-22).
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

/** Reads Windows-1252, of which ISO-8859-1 is a part where text is concerned. */
export function decodeWindows1252(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(/[\u0080-\u009f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80] ?? character);
}

/** Lines may differ in encoding inside one file: systems append an old export to a new one. */
function decodeLineByLine(bytes: Buffer): string {
  let text = "";
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found === -1 ? bytes.length : found + 1;
    const line = bytes.subarray(start, end);
    text += isUtf8(line) ? line.toString("utf8") : decodeWindows1252(line);
    start = end;
  }
  return text;
}

function decodeLines(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString("latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : decodeLineByLine(bytes);
}

/** Where a piece may end: after its last line break, or, in an overlong line, before a character that is not whole. */
function lastBreak(bytes: Buffer): number {
  const lineFeed = bytes.lastIndexOf(LINE_FEED);
  if (lineFeed !== -1) return lineFeed + 1;
  // The last byte may be the first half of CR LF.
  const carriageReturn = bytes.subarray(0, -1).lastIndexOf(CARRIAGE_RETURN);
  if (carriageReturn !== -1) return carriageReturn + 1;
  if (bytes.length < LINE_BYTES_MAX) return 0;
  let end = bytes.length;
  while (end > bytes.length - 4 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end--;
  return (bytes[end - 1] ?? 0) >= 0xc0 ? end - 1 : bytes.length;
}

function utf16Label(start: Buffer): string | null {
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  return start[0] === 0xfe && start[1] === 0xff ? "utf-16be" : null;
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) yield bytes.subarray(start, start + CHUNK_BYTES);
}

/** Joins what is needed to see a byte order mark, and cuts large chunks. */
async function* rechunk(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (head === null) {
      yield* pieces(bytes);
      continue;
    }
    head = Buffer.concat([head, bytes]);
    if (head.length < 3) continue;
    yield* pieces(head);
    head = null;
  }
  if (head !== null && head.length > 0) yield head;
}

/**
 * Turns bytes into text without BOM: UTF-8, UTF-16 with BOM, and Windows-1252 line by line where a line is not valid
 * UTF-8. A piece ends with a line break wherever the line is shorter than 1 MB. Memory does not follow the file's size.
 */
export async function* decodeText(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer | null = null;
  let utf16: { decode: (bytes?: Uint8Array, options?: { stream: boolean }) => string } | null = null;
  let first = true;
  for await (const chunk of rechunk(source)) {
    let bytes = chunk;
    if (first) {
      first = false;
      const label = utf16Label(bytes);
      if (label !== null) utf16 = new TextDecoder(label);
      else if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
    }
    if (utf16 !== null) {
      yield utf16.decode(bytes, { stream: true });
      continue;
    }
    if (rest !== null) bytes = Buffer.concat([rest, bytes]);
    const end = lastBreak(bytes);
    if (end > 0) yield decodeLines(bytes.subarray(0, end));
    // Copied, since the source may fill the same memory again.
    rest = end < bytes.length ? Buffer.from(bytes.subarray(end)) : null;
  }
  if (utf16 !== null) yield utf16.decode();
  if (rest !== null) yield decodeLines(rest);
}
