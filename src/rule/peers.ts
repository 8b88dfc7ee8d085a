import type { Tables } from "#columns";
import type { ProviderMonthSlice } from "./define.ts";
import { providerMonth } from "./slices.ts";

export class PeerBook {
  readonly #tables: Tables;
  readonly #known = new Map<string, ReadonlyMap<number, unknown>>();

  constructor(tables: Tables) {
    this.#tables = tables;
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
      const made = new Map<number, T>();
      for (let provider = 0; provider < this.#tables.providers.count; provider++) {
        const slice = providerMonth(this.#tables, provider, firstDay, lastDay);
        if (slice !== null) made.set(provider, measure(slice));
      }
      this.#known.set(key, (values = made));
    }
    return values;
  }
}
