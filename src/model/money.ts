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

/** "1 234,50 kr", as `Intl` writes it, which takes ten times as long: a night says it a hundred thousand times. */
export function formatOre(ore: Ore): string {
  const digits = String(Math.abs(Math.round(ore))).padStart(3, "0");
  const kronor = digits.slice(0, -2).replace(/\B(?=(?:\d{3})+$)/g, "\u00A0");
  return `${ore < 0 ? "\u2212" : ""}${kronor},${digits.slice(-2)}\u00A0kr`;
}
