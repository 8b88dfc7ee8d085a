import type { Tables } from "#columns";
import { type Day, monthOf } from "#model";
import { Journeys, placeOf } from "./journeys.ts";
import { ANY_MODE, fastestMsPerMetre, modesOf, speedOf, straightMs, type TravelMode } from "./modes.ts";
import { unitModes } from "./pairs.ts";

/** A route is rarely driven as a router thinks: what it says counts to this part. */
const ROUTED_PART = 0.8;

/** The least time that a journey between two clients' homes takes. Pure: what a router says was fetched before. */
export class Travel {
  readonly #tables: Pick<Tables, "clients" | "plans" | "units"> & Partial<Pick<Tables, "beyond">>;
  readonly journeys: Journeys;
  #modes: ReadonlyMap<string, Uint8Array> | null;
  #day: Day = NaN;
  #month: Uint8Array | undefined;

  constructor(
    tables: Pick<Tables, "clients" | "plans" | "units"> & Partial<Pick<Tables, "beyond">>,
    journeys = new Journeys(),
    modes: ReadonlyMap<string, Uint8Array> | null = null,
  ) {
    this.#tables = tables;
    this.journeys = journeys;
    this.#modes = modes;
  }

  /** How the unit may travel on the day, by its plans of the month; any way where they do not say. */
  modes(unit: number, day: Day): TravelMode[] {
    return modesOf(this.#bits(unit, day));
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
   * exact; a protected identity has none. `metres`: the straight line, where the caller knows it.
   */
  lowerBoundMs(
    clientA: number,
    clientB: number,
    day: Day,
    unit: number,
    metres = this.#tables.clients.metresBetween(clientA, clientB, day),
  ): number {
    const { clients } = this.#tables;
    if (Number.isNaN(metres) || clients.protectedIdentity(clientA) || clients.protectedIdentity(clientB)) return NaN;
    const bits = this.#bits(unit, day);
    if (this.journeys.empty) return metres * fastestMsPerMetre[bits]!;
    const start = placeOf(clients.homePosition(clientA, day)!);
    const end = placeOf(clients.homePosition(clientB, day)!);
    let least = Infinity;
    for (const mode of modesOf(bits)) {
      const seconds = this.journeys.seconds(mode, start, end);
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
