import { HOUR } from "#model";

/** Ways to travel, in the order of their bits. */
export const travelModes = ["walking", "bicycle", "electricBicycle", "car", "publicTransport"] as const;
export type TravelMode = (typeof travelModes)[number];

/**
 * Speeds in km/h for a journey of which only the straight line is known. They are meant to be too fast rather than too
 * slow, because a lower bound that is too high accuses somebody.
 *
 * - walking: Valhalla counts with 5.1 (its costing options, pedestrian, read 2026-11); here briskly.
 * - bicycle: Valhalla's Cross type, 20, where its city bicycle does 18 (costing options, bicycle, read 2026-11).
 * - electricBicycle: the motor must stop helping at 25 (regulation (EU) No 168/2013, article 2.2 h).
 * - car: the speed limit outside built-up areas where no sign says otherwise, door to door (trafikförordningen
 *   1998:1276, 3 kap. 17 §); inside them it is 50.
 * - publicTransport: the limit inside built-up areas, without a stop or a wait (the same section).
 */
const speeds: Readonly<Record<TravelMode, number>> = {
  walking: 6,
  bicycle: 20,
  electricBicycle: 25,
  car: 70,
  publicTransport: 50,
};

/** km/h. */
export function speedOf(mode: TravelMode): number {
  return speeds[mode];
}

/** Roads and paths are longer than the straight line: by this much, where nobody has asked a router. */
const DETOUR = 1.3;

/** Milliseconds that a straight line in metres takes at least. */
export function straightMs(metres: number, mode: TravelMode): number {
  return ((metres * DETOUR) / 1000 / speeds[mode]) * HOUR;
}

export const bitOf = (mode: TravelMode): number => 1 << travelModes.indexOf(mode);
export const modesOf = (bits: number): TravelMode[] => travelModes.filter((mode) => (bits & bitOf(mode)) !== 0);

/** For each set of modes by its bits, milliseconds for a metre of straight line by the fastest. */
export const fastestMsPerMetre: readonly number[] = Array.from({ length: 1 << travelModes.length }, (_, bits) =>
  Math.min(...modesOf(bits).map((mode) => straightMs(1, mode))),
);

/** Where nobody says how a unit travels, it may have any of these; the bus is never faster than all of them. */
export const ANY_MODE = travelModes
  .filter((mode) => mode !== "publicTransport")
  .reduce((bits, mode) => bits | bitOf(mode), 0);
