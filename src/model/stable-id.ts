import { hash } from "node:crypto";

/** A UUID (version 8) made of the SHA-256 of the parts: the same parts, the same id. */
export function stableId(...parts: readonly string[]): string {
  const digest = hash("sha256", JSON.stringify(parts), "binary");
  for (let position = 0; position < 16; position++) {
    const byte = digest.charCodeAt(position);
    const value = position === 6 ? (byte & 0x0f) | 0x80 : position === 8 ? (byte & 0x3f) | 0x80 : byte;
    const place = places[position]!;
    text[place] = digits[value >> 4]!;
    text[place + 1] = digits[value & 0x0f]!;
  }
  return text.toString("latin1");
}

// Written into one text at once: one put together of pieces costs whoever looks it up as much again.
const text = Buffer.alloc(36, "-");
const digits = Buffer.from("0123456789abcdef");
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
