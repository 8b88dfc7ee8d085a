import { day, type Month, monthOf } from "#model";

/**
 * A number that a rule remembers of one of its slices, so that later months can be held against it: nightly runs read two
 * months, and "three months running" needs more.
 */
export interface Measure {
  rule: string;
  /** Key of a monthly slice. */
  slice: string;
  name: string;
  value: number;
}

/** What rules said with `report.measure` of earlier months, in this run or in one before it. */
export interface Measures {
  /**
   * What the rule at hand measured of the same client, staff member, unit or provider so many months before the slice's
   * own; NaN where it did not, or that month was never looked at.
   */
  of: (name: string, monthsBack: number) => number;
}

type Values = Map<string, number>;
const nameOf = (rule: string, name: string): string => `${rule}\n${name}`;

/** Measures of the run and those that are stored: of a slice that the run looked at, only its own count. */
export class MeasureBook {
  readonly #stored = new Map<string, Values>();
  readonly #made = new Map<string, Values>();

  constructor(stored: readonly Measure[]) {
    for (const { slice, rule, name, value } of stored) valuesOf(this.#stored, slice).set(nameOf(rule, name), value);
  }

  /** True where what is looked at next can replace something. */
  begin(slice: () => string): void {
    if (this.#stored.size > 0 && this.#stored.has(slice())) valuesOf(this.#made, slice());
  }

  set({ slice, rule, name, value }: Measure): void {
    valuesOf(this.#made, slice).set(nameOf(rule, name), value);
  }

  of(rule: string, slice: string, name: string, monthsBack: number): number {
    const own = slice.slice(-7);
    if (!/^\d{4}-\d{2}$/.test(own)) throw new RangeError(`Rule ${rule} has no months to compare: ${slice}.`);
    let month: Month = own;
    for (let back = 0; back < monthsBack; back++) month = monthOf(day(`${month}-01`) - 1);
    const earlier = slice.slice(0, -7) + month;
    return (this.#made.get(earlier) ?? this.#stored.get(earlier))?.get(nameOf(rule, name)) ?? NaN;
  }

  /** Slices of a month of which the run measured something else than is stored: what later months say may differ. */
  *changed(firstDay: number): Generator<string> {
    const month = monthOf(firstDay);
    for (const [slice, made] of this.#made) {
      if (!slice.endsWith(`:${month}`)) continue;
      const stored: Values = this.#stored.get(slice) ?? new Map();
      if (stored.size !== made.size || [...made].some(([name, value]) => stored.get(name) !== value)) yield slice;
    }
  }

  /** What the run measured, in order of slice, rule and name. */
  made(): Measure[] {
    return [...this.#made]
      .flatMap(([slice, values]) =>
        [...values].map(([key, value]): Measure => {
          const [rule = "", name = ""] = key.split("\n");
          return { rule, slice, name, value };
        }),
      )
      .sort((a, b) => compare(a.slice, b.slice) || compare(a.rule, b.rule) || compare(a.name, b.name));
  }
}

function valuesOf(slices: Map<string, Values>, slice: string): Values {
  let values = slices.get(slice);
  if (values === undefined) slices.set(slice, (values = new Map()));
  return values;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
