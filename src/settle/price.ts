import type { Day, Ore } from "#model";
import type { PriceRow, Terms } from "./terms.ts";

/** What a price is for: one service, in a band, where the client lives, on a day. */
export interface PriceQuestion {
  per: PriceRow["per"];
  service: string | null;
  band: string | null;
  area: string | null;
  day: Day;
}

/** The price in force that names most of services, band and area, the later `from` among equals; null where none fits. */
export function priceOf({ price }: Pick<Terms, "price">, { per, service, band, area, day }: PriceQuestion): Ore | null {
  let best: PriceRow | null = null;
  let bestNamed = -1;
  for (const row of price) {
    if (row.per !== per || row.from > day) continue;
    if (row.services !== null && (service === null || !row.services.includes(service))) continue;
    if ((row.band !== null && row.band !== band) || (row.area !== null && row.area !== area)) continue;
    const named = Number(row.services !== null) + Number(row.band !== null) + Number(row.area !== null);
    if (best === null || named > bestNamed || (named === bestNamed && row.from > best.from)) {
      best = row;
      bestNamed = named;
    }
  }
  return best === null ? null : best.ore;
}
