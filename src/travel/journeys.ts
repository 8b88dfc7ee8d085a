import type { TravelMode } from "./modes.ts";

/** A position rounded to four decimals of a degree, some ten metres: no more is needed to find the street. */
export type Place = number;

const WIDTH = 3_600_001;

export function placeOf({ latitude, longitude }: { latitude: number; longitude: number }): Place {
  return (Math.round(latitude * 1e4) + 900_000) * WIDTH + Math.round(longitude * 1e4) + 1_800_000;
}

export function positionOf(place: Place): { latitude: number; longitude: number } {
  return {
    latitude: (Math.floor(place / WIDTH) - 900_000) / 1e4,
    longitude: ((place % WIDTH) - 1_800_000) / 1e4,
  };
}

/** By mode, from and to. */
export type JourneySeconds = Map<TravelMode, Map<Place, Map<Place, number | null>>>;

/** What a router has said of journeys between places: seconds, or null where there is no way. */
export class Journeys {
  readonly #seconds: JourneySeconds;

  /** `seconds`: those of another thread. */
  constructor(seconds: JourneySeconds = new Map()) {
    this.#seconds = seconds;
  }

  get parts(): JourneySeconds {
    return this.#seconds;
  }

  set(mode: TravelMode, from: Place, to: Place, seconds: number | null): void {
    let ofMode = this.#seconds.get(mode);
    if (ofMode === undefined) this.#seconds.set(mode, (ofMode = new Map()));
    let ofPlace = ofMode.get(from);
    if (ofPlace === undefined) ofMode.set(from, (ofPlace = new Map()));
    ofPlace.set(to, seconds);
  }

  /** Undefined where nobody has asked. */
  seconds(mode: TravelMode, from: Place, to: Place): number | null | undefined {
    return this.#seconds.get(mode)?.get(from)?.get(to);
  }

  get empty(): boolean {
    return this.#seconds.size === 0;
  }
}
