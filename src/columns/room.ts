/** Below this many bytes a copy costs less than memory of its own. */
const SHARED_FROM = 1 << 16;

/**
 * Room for a column, zeroed: in memory that another thread reads too, where there is much of it. The threads of a night
 * look at the same rows, and a second copy would be as much memory again.
 */
const room = (bytes: number): ArrayBufferLike =>
  bytes < SHARED_FROM ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);

export const ints = (length: number): Int32Array => new Int32Array(room(length * 4));
export const floats = (length: number): Float64Array => new Float64Array(room(length * 8));
export const singles = (length: number): Float32Array => new Float32Array(room(length * 4));
export const words = (length: number): Int16Array => new Int16Array(room(length * 2));
export const bytes = (length: number): Int8Array => new Int8Array(room(length));
export const octets = (length: number): Uint8Array => new Uint8Array(room(length));

/** Gives back the memory of a column that nobody reads any more, at once; what threads share is given back when they have ended. */
export function free({ buffer }: { readonly buffer: ArrayBufferLike }): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
