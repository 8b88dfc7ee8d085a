import type { Random } from "./random.ts";

/** A position in metres east and north of the town's centre, with the address it belongs to. */
export interface Place {
  x: number;
  y: number;
  buildingId: string;
  area: string;
}

export interface Area {
  name: string;
  x: number;
  y: number;
  /** Most of its houses lie within this distance. */
  radius: number;
  village: boolean;
}

export interface Town {
  areas: Area[];
  /** A home in the area: in a house that stands there, or in a new one. */
  home: (area: Area) => Place;
}

// Nothing lives at the centre: it was put in a forest.
const centre = { latitude: 60.4127, longitude: 14.2318 };
const metresPerDegree = 111_320;
const metresPerDegreeEast = metresPerDegree * Math.cos((centre.latitude * Math.PI) / 180);

export const degreesOf = ({ x, y }: { x: number; y: number }) => ({
  latitude: Math.round((centre.latitude + y / metresPerDegree) * 1e6) / 1e6,
  longitude: Math.round((centre.longitude + x / metresPerDegreeEast) * 1e6) / 1e6,
});

export const metresBetween = (a: { x: number; y: number }, b: { x: number; y: number }) =>
  Math.hypot(a.x - b.x, a.y - b.y);

const areaNames =
  "Centrum Norrmalm Söderänga Västerby Österhöjden Hamnen Kvarnbacken Lillsjön Storgården Ängsvik Bruket Talludden Kyrkbyn Rosendal Solhem Ekbacken Hagaberg Strandnäs Åsen Myrtorp".split(
    " ",
  );

/** A town with districts of flats and houses, and two villages a good half hour's ride away. */
export function makeTown(random: Random, clients: number): Town {
  const districts = Math.max(8, Math.round(clients / 60));
  const reach = 3200 * Math.sqrt(districts / 8);
  const areas: Area[] = [];
  for (let index = 0; index < districts; index++) {
    // A sunflower's pattern: even spread, no two districts on each other.
    const distance = reach * Math.sqrt(index / districts);
    const angle = index * 2.39996 + random.next() * 0.3;
    areas.push({
      name:
        (areaNames[index % areaNames.length] ?? "") +
        (index < areaNames.length ? "" : ` ${Math.floor(index / areaNames.length) + 1}`),
      x: distance * Math.cos(angle),
      y: distance * Math.sin(angle),
      radius: 450,
      village: false,
    });
  }
  for (const [name, angle] of [
    ["Gammelboda", 0.6],
    ["Ytterfors", 3.4],
  ] as const) {
    const distance = reach + 22_000 + random.next() * 2000;
    areas.push({ name, x: distance * Math.cos(angle), y: distance * Math.sin(angle), radius: 700, village: true });
  }

  const houses = new Map<Area, Array<{ place: Place; homes: number }>>(areas.map((area) => [area, []]));
  let built = 0;
  return {
    areas,
    home: (area) => {
      const standing = houses.get(area) ?? [];
      const withRoom = standing.filter(({ homes }) => homes < 10);
      const share = area.village ? 0.2 : 0.55;
      if (withRoom.length > 0 && random.chance(share)) {
        const house = random.pick(withRoom.slice(-6));
        house.homes++;
        return house.place;
      }
      const far = Math.abs(random.normal()) * area.radius * 0.7 + 20;
      const angle = random.next() * 2 * Math.PI;
      built++;
      const place: Place = {
        x: Math.round(area.x + far * Math.cos(angle)),
        y: Math.round(area.y + far * Math.sin(angle)),
        buildingId: `H${built}`,
        area: area.name,
      };
      standing.push({ place, homes: 1 });
      return place;
    },
  };
}

export type Transport = "walking" | "bicycle" | "car";

/** Minutes a planner allows from door to door. Whoever has far to go takes the unit's car. */
export function travelMinutes(a: Place, b: Place, transport: Transport): number {
  if (a.buildingId === b.buildingId) return 1;
  const road = metresBetween(a, b) * 1.3;
  const mode = road > 3500 ? "car" : transport;
  if (mode === "walking") return Math.ceil(road / 80) + 1;
  if (mode === "bicycle") return Math.ceil(road / 230) + 2;
  // 40 km/h in town, 65 km/h between villages, and somewhere to park.
  return Math.ceil(Math.min(road, 6000) / 667 + Math.max(0, road - 6000) / 1083) + 3;
}
