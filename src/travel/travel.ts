import type { Tables } from "#columns";
import { type Day, monthOf } from "#model";
import { Journeys, placeOf } from "./journeys.ts";
import { ANY_MODE, bitOf, speedOf, straightMs, type TravelMode, travelModes } from "./modes.ts";
import { unitModes } from "./pairs.ts";

/** A route is rarely driven as a router thinks: what it says counts to this part. */
const ROUTED_PART = 0.8;

/** The least time that a journey between two clients' homes takes. Pure: what a router says was fetched before. */
export class Travel {
  readonly #tables: Pick<Tables, "clients" | "plans" | "units">;
  readonly #journeys: Journeys;
  #modes: Map<string, Uint8Array> | null = null;
  #day: Day = NaN;
  #month: Uint8Array | undefined;

  constructor(tables: Pick<Tables, "clients" | "plans" | "units">, journeys = new Journeys()) {
    this.#tables = tables;
    this.#journeys = journeys;
  }

  /** How the unit may travel on the day, by its plans of the month; any way where they do not say. */
  modes(unit: number, day: Day): TravelMode[] {
    const bits = this.#bits(unit, day);
    return travelModes.filter((mode) => (bits & bitOf(mode)) !== 0);
  }

  /** Bits of modes by unit, by month; nothing where no plan says. */
  get unitModes(): ReadonlyMap<string, Uint8Array> {
    return (this.#modes ??= unitModes(this.#tables));
  }

  #bits(unit: number, day: Day): number {
    if (unit < 0) return ANY_MODE;
    if (day !== this.#day) [this.#day, this.#month] = [day, this.unitModes.get(monthOf(day))];
    return this.#month?.[unit] || ANY_MODE;
  }

  /**
   * Milliseconds from home to home at least, by the fastest mode that the unit may use. NaN unless both positions are
   * exact; a protected identity has none.
   */
  lowerBoundMs(clientA: number, clientB: number, day: Day, unit: number): number {
    const { clients } = this.#tables;
    if (clients.protectedIdentity(clientA) || clients.protectedIdentity(clientB)) return NaN;
    const metres = clients.metresBetween(clientA, clientB, day);
    if (Number.isNaN(metres)) return NaN;
    const bits = this.#bits(unit, day);
    let least = Infinity;
    for (const mode of travelModes) {
      if ((bits & bitOf(mode)) !== 0) least = Math.min(least, straightMs(metres, mode));
    }
    if (this.#journeys.empty) return least;
    least = Infinity;
    const [from, to] = [clients.homePosition(clientA, day), clients.homePosition(clientB, day)];
    const [start, end] = [from === null ? NaN : placeOf(from), to === null ? NaN : placeOf(to)];
    for (const mode of travelModes) {
      if ((bits & bitOf(mode)) === 0) continue;
      const seconds = this.#journeys.seconds(mode, start, end);
      least = Math.min(least, typeof seconds === "number" ? seconds * 1000 * ROUTED_PART : straightMs(metres, mode));
    }
    return least;
  }

  /** The fastest of them in Swedish, for evidence. */
  wordsFor(unit: number, day: Day): string {
    const fastest = this.modes(unit, day).reduce((a, b) => (speedOf(b) > speedOf(a) ? b : a));
    return words[fastest];
  }
}

const words: Readonly<Record<TravelMode, string>> = {
  walking: "till fots",
  bicycle: "cykel",
  electricBicycle: "elcykel",
  car: "bil",
  publicTransport: "kollektivtrafik",
};
