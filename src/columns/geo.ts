const EARTH_METRES = 6_371_000;

/** Straight line in metres between two WGS 84 positions in degrees; exact enough within a municipality. */
export function metresBetween(latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number {
  const radians = Math.PI / 180;
  const x = (longitudeB - longitudeA) * radians * Math.cos(((latitudeA + latitudeB) / 2) * radians);
  const y = (latitudeB - latitudeA) * radians;
  return EARTH_METRES * Math.sqrt(x * x + y * y);
}
