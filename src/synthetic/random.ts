/** A stream of random numbers that is the same for the same seed and name, on every machine. */
export interface Random {
  /** 0 included, 1 not. */
  next: () => number;
  /** Both ends included. */
  int: (from: number, through: number) => number;
  chance: (probability: number) => boolean;
  pick: <T>(list: readonly T[]) => T;
  /** Standard normal. */
  normal: () => number;
  /** A new list. */
  shuffled: <T>(list: readonly T[]) => T[];
  /** Index into `weights`, in proportion to them. */
  weighted: (weights: readonly number[]) => number;
}

/** FNV-1a over the text's UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** The generator is sfc32 (Doty-Humphrey, PractRand), which passes the usual tests and needs no big integers. */
export function random(seed: number, stream: string): Random {
  let a = seed >>> 0;
  let b = hash(stream);
  let c = hash(`${stream}/${seed}`);
  let counter = 1;
  const bits = () => {
    const sum = (((a + b) >>> 0) + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = ((c << 21) | (c >>> 11)) >>> 0;
    c = (c + sum) >>> 0;
    return sum;
  };
  for (let round = 0; round < 16; round++) bits();

  const next = () => bits() / 4_294_967_296;
  const int = (from: number, through: number) => from + Math.floor(next() * (through - from + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (list) => {
      const chosen = list[int(0, list.length - 1)];
      if (chosen === undefined) throw new RangeError("Nothing to pick from: the list is empty.");
      return chosen;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffled: (list) => {
      const copy = [...list];
      for (let index = copy.length - 1; index > 0; index--) {
        const other = int(0, index);
        [copy[index], copy[other]] = [copy[other]!, copy[index]!];
      }
      return copy;
    },
    weighted: (weights) => {
      let left = next() * weights.reduce((sum, weight) => sum + weight, 0);
      for (const [index, weight] of weights.entries()) if ((left -= weight) < 0) return index;
      return weights.length - 1;
    },
  };
}
