import type { ProviderMonthSlice } from "./define.ts";
import type { ProviderMonths } from "./slices.ts";

export class PeerBook {
  readonly #months: ProviderMonths;
  readonly #known = new Map<string, ReadonlyMap<number, unknown>>();

  constructor(months: ProviderMonths) {
    this.#months = months;
  }

  of<T>(
    rule: string,
    name: string,
    { firstDay, lastDay }: ProviderMonthSlice,
    measure: (slice: ProviderMonthSlice) => T,
  ): ReadonlyMap<number, T> {
    const key = `${rule}\n${name}\n${firstDay}`;
    let values = this.#known.get(key) as ReadonlyMap<number, T> | undefined;
    if (values === undefined) {
      const slices = this.#months.of(firstDay, lastDay).filter((slice) => slice !== null);
      values = new Map(slices.map((slice) => [slice.provider, measure(slice)]));
      this.#known.set(key, values);
    }
    return values;
  }
}
