const C1 = 0x239b961b;
const C2 = 0xab0e9789 | 0;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93 | 0;

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

function finish(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * MurmurHash3 (x86, 128 bits; public domain, Austin Appleby) of `from` until `until`, written to `to`. It tells two
 * versions of one record apart and protects nothing: SHA-256 of so short a text costs ten times as much, most of it in
 * the call. The end is padded with zeros, which the length tells from zeros that were there.
 */
export function contentHash(view: DataView, from: number, until: number, to: number): void {
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  const length = until - from;
  for (let at = from; at < until; at += 16) {
    let k1: number;
    let k2 = 0;
    let k3 = 0;
    let k4 = 0;
    if (at + 16 <= until) {
      k1 = view.getInt32(at, true);
      k2 = view.getInt32(at + 4, true);
      k3 = view.getInt32(at + 8, true);
      k4 = view.getInt32(at + 12, true);
    } else {
      const left = until - at;
      k1 = word(view, at, left);
      k2 = word(view, at + 4, left - 4);
      k3 = word(view, at + 8, left - 8);
      k4 = word(view, at + 12, left - 12);
    }
    h1 ^= Math.imul(rotate(Math.imul(k1, C1), 15), C2);
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotate(Math.imul(k2, C2), 16), C3);
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotate(Math.imul(k3, C3), 17), C4);
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotate(Math.imul(k4, C4), 18), C1);
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h3 = finish(h3);
  h4 = finish(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  view.setInt32(to, h1);
  view.setInt32(to + 4, (h2 + h1) | 0);
  view.setInt32(to + 8, (h3 + h1) | 0);
  view.setInt32(to + 12, (h4 + h1) | 0);
}

/** Up to four bytes, as many as there are. */
function word(view: DataView, at: number, left: number): number {
  let value = 0;
  for (let byte = Math.min(left, 4) - 1; byte >= 0; byte--) value = (value << 8) | view.getUint8(at + byte);
  return value;
}
