// Signed words: those above 2^31 would otherwise not be integers to the machine.
const K = new Int32Array(64);
const H = new Int32Array(8);
/** Fractional parts of the roots of the first primes, as FIPS 180-4 defines the constants of SHA-256. */
{
  let found = 0;
  for (let candidate = 2; found < 64; candidate++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false;
    if (!prime) continue;
    if (found < 8) H[found] = fraction(Math.sqrt(candidate));
    K[found] = fraction(Math.cbrt(candidate));
    found++;
  }
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

// Used again and again: an array of its own for every id cost more than the sum.
const w = new Int32Array(64);
let scratch = new Uint8Array(4096);
let view = new DataView(scratch.buffer);

/** Room for so many bytes and their padding. */
function room(bytes: number): Uint8Array {
  if (bytes + 72 > scratch.length) {
    scratch = new Uint8Array((bytes + 72) * 2);
    view = new DataView(scratch.buffer);
  }
  return scratch;
}

/** SHA-256; rules and their engine use no module of Node, so that they run anywhere. */
export function sha256(bytes: Uint8Array): Uint32Array {
  room(bytes.length).set(bytes);
  return sumOf(bytes.length);
}

/** Of the first so many bytes of `scratch`. */
function sumOf(bytes: number): Uint32Array {
  const length = (((bytes + 8) >> 6) + 1) << 6;
  scratch.fill(0, bytes, length);
  scratch[bytes] = 0x80;
  view.setUint32(length - 4, bytes * 8);
  const state = H.slice();
  for (let block = 0; block < length; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(block + i * 4);
    for (let i = 16; i < 64; i++) {
      const s0 = rotate(w[i - 15]!, 7) ^ rotate(w[i - 15]!, 18) ^ (w[i - 15]! >>> 3);
      const s1 = rotate(w[i - 2]!, 17) ^ rotate(w[i - 2]!, 19) ^ (w[i - 2]! >>> 10);
      w[i] = w[i - 16]! + s0 + w[i - 7]! + s1;
    }
    let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
    let [e, f, g, h] = [state[4]!, state[5]!, state[6]!, state[7]!];
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0;
      const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] = state[0]! + a;
    state[1] = state[1]! + b;
    state[2] = state[2]! + c;
    state[3] = state[3]! + d;
    state[4] = state[4]! + e;
    state[5] = state[5]! + f;
    state[6] = state[6]! + g;
    state[7] = state[7]! + h;
  }
  return new Uint32Array(state.buffer);
}

const encoder = new TextEncoder();

/** A UUID (version 8) of the parts: the same parts, the same id. */
export function stableId(...parts: readonly string[]): string {
  const text = JSON.stringify(parts);
  const words = sumOf(encoder.encodeInto(text, room(text.length * 3)).written);
  let hex = "";
  for (let i = 0; i < 4; i++) hex += words[i]!.toString(16).padStart(8, "0");
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
