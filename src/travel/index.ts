import { HOUR } from "#model";

export { type JourneySeconds, Journeys, type Place, placeOf, positionOf } from "./journeys.ts";
export { journeyPairs, type JourneyPair } from "./pairs.ts";
export { speedOf, straightMs, type TravelMode, travelModes } from "./modes.ts";
export { Travel } from "./travel.ts";

/** Speed in km/h that a straight line in metres needs in so many milliseconds; Infinity where there is no time. */
export function speedKmPerHour(metres: number, ms: number): number {
  return ms <= 0 ? Infinity : metres / 1000 / (ms / HOUR);
}
