import type { Tables } from "#columns";
import { type Day, formatDay, type Ore } from "#model";

/** What an hour of a service costs on a day, or why that is not known. */
export type Price =
  | { orePerHour: Ore; contract: number; why: null }
  | { orePerHour: null; contract: number; why: "no contract" | "no price" };

interface PriceRow {
  from?: string;
  services?: readonly string[];
  band?: string;
  area?: string;
  orePerHour?: number;
}

/** Prices by provider, unit, service and day, each looked up once. */
export class Prices {
  readonly #tables: Tables;
  readonly #known = new Map<number, Price>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  of(provider: number, unit: number, service: number, day: Day): Price {
    const { units, services } = this.#tables;
    const place = (provider + 1) * (units.count + 1) + unit + 1;
    const key = (place * (services.code.length + 1) + service + 1) * 65_536 + (day & 0xffff);
    let price = this.#known.get(key);
    if (price === undefined) this.#known.set(key, (price = priceOf(this.#tables, provider, unit, service, day)));
    return price;
  }
}

/**
 * The price of a service per hour: the row of the contract in force that names the service, else one for all services;
 * the later `from` first among equals. Rows for a band or an area do not answer, since neither is known here.
 */
function priceOf({ contracts, services }: Tables, provider: number, unit: number, service: number, day: Day): Price {
  const contract = contracts.inForce(provider, unit, service, day);
  if (contract < 0) return { orePerHour: null, contract, why: "no contract" };
  const date = formatDay(day);
  const code = service < 0 ? null : services.code[service]!;
  const given = contracts.terms(contract)["price"];
  // Terms are checked when a contract is stored; unknown keys are kept, so the rows are looked at field by field.
  const rows = (Array.isArray(given) ? (given as PriceRow[]) : [])
    .filter((row) => typeof row.orePerHour === "number" && row.band === undefined && row.area === undefined)
    .filter((row) => (row.from ?? "") <= date)
    .filter((row) => row.services === undefined || (code !== null && row.services.includes(code)))
    .sort(
      (a, b) =>
        Number(b.services !== undefined) - Number(a.services !== undefined) || compare(b.from ?? "", a.from ?? ""),
    );
  const row = rows[0];
  if (row === undefined) return { orePerHour: null, contract, why: "no price" };
  return { orePerHour: row.orePerHour!, contract, why: null };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
