import { rowsOf, type Tables } from "#columns";
import type { Day } from "#model";

/** Which manual visits of a provider's month are more than a contract allows: the latest, by start. */
export class ManualShares {
  readonly #tables: Tables;
  readonly #exceeding = new Map<string, ReadonlySet<number>>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  exceeds(visit: number, maxSharePercent: number, first: Day, last: Day): boolean {
    const { visits } = this.#tables;
    const provider = visits.provider(visit);
    if (provider < 0) return false;
    const key = `${provider} ${first} ${maxSharePercent}`;
    let exceeding = this.#exceeding.get(key);
    if (exceeding === undefined) {
      const usable = [...rowsOf(visits.byProvider, provider)].filter(
        (row) => visits.usable(row) && visits.day(row) >= first && visits.day(row) <= last,
      );
      const manual = usable.filter((row) => visits.grade(row) === 0).sort((a, b) => visits.start(a) - visits.start(b));
      const allowed = Math.floor((maxSharePercent / 100) * usable.length + 1e-9);
      exceeding = new Set(manual.slice(allowed));
      this.#exceeding.set(key, exceeding);
    }
    return exceeding.has(visit);
  }
}
