import { z } from "zod";
import { type Place, positionOf, speedOf, type TravelMode } from "#travel";
import type { Batch } from "./batches.ts";

/** How one kind of router is asked, and what its answer means. */
export interface Protocol {
  request(url: string, mode: TravelMode, batch: Batch): { url: URL; body: string | null };
  /** Seconds by source and target; null where there is no way. Throws where the answer is none. */
  seconds(answer: unknown): ReadonlyArray<ReadonlyArray<number | null>>;
}

const seconds = z.number().nonnegative().nullable();

/** Profiles that come with OSRM; a server knows the one that its data were prepared for, whatever the address says. */
const profiles: Partial<Record<TravelMode, string>> = { walking: "foot", bicycle: "bike", car: "car" };
const table = z.object({ code: z.literal("Ok"), durations: z.array(z.array(seconds)) });

/** https://github.com/Project-OSRM/osrm-backend/blob/master/docs/http.md, "Table service", read 2026-11-22. */
const osrm: Protocol = {
  request(url, mode, { sources, targets }) {
    const places = [...sources, ...targets].map((place) => {
      const { latitude, longitude } = positionOf(place);
      return `${longitude.toFixed(4)},${latitude.toFixed(4)}`;
    });
    const profile = profiles[mode] ?? mode;
    const base = url.replaceAll("{mode}", profile).replace(/\/+$/, "");
    const numbers = (from: number, count: number): string =>
      Array.from({ length: count }, (_, position) => from + position).join(";");
    return {
      url: new URL(
        `${base}/table/v1/${profile}/${places.join(";")}` +
          `?sources=${numbers(0, sources.length)}&destinations=${numbers(sources.length, targets.length)}` +
          "&generate_hints=false",
      ),
      body: null,
    };
  },
  seconds: (answer) => table.parse(answer).durations,
};

const costings: Partial<Record<TravelMode, { costing: string; costing_options?: unknown }>> = {
  walking: { costing: "pedestrian" },
  bicycle: { costing: "bicycle" },
  electricBicycle: {
    costing: "bicycle",
    costing_options: { bicycle: { cycling_speed: speedOf("electricBicycle") } },
  },
  car: { costing: "auto" },
};
const matrix = z.object({ sources_to_targets: z.array(z.array(z.object({ time: seconds }))) });

/** https://valhalla.github.io/valhalla/api/matrix/api-reference/, read 2026-11-22. It does not route public transport. */
const valhalla: Protocol = {
  request(url, mode, { sources, targets }) {
    const locations = (places: readonly Place[]): unknown[] =>
      places.map((place) => {
        const { latitude, longitude } = positionOf(place);
        return { lat: latitude, lon: longitude };
      });
    return {
      url: new URL(`${url.replace(/\/+$/, "")}/sources_to_targets`),
      body: JSON.stringify({ sources: locations(sources), targets: locations(targets), ...costings[mode] }),
    };
  },
  seconds: (answer) => matrix.parse(answer).sources_to_targets.map((row) => row.map(({ time }) => time)),
};

export const protocols = { osrm, valhalla } as const;
