import { HOUR } from "#model";

/** Speed in km/h that a straight line in metres needs in so many milliseconds; Infinity where there is no time. */
export function speedKmPerHour(metres: number, ms: number): number {
  return ms <= 0 ? Infinity : metres / 1000 / (ms / HOUR);
}
