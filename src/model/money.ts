/** Money is integer öre; never floating point. */
export type Ore = number;

/** `minutes` at `orePerHour`, rounded half up to whole öre. */
export function oreOf(minutes: number, orePerHour: Ore): Ore {
  return roundHalfUp((minutes * orePerHour) / 60);
}

/** Half away from zero upwards for positive numbers, the way invoices are rounded. */
export function roundHalfUp(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5 + 1e-9);
}

const sek = new Intl.NumberFormat("sv-SE", { style: "currency", currency: "SEK" });

/** "1 234,50 kr" */
export function formatOre(ore: Ore): string {
  return sek.format(ore / 100);
}
