// The circle in which a place lies, as a shape: true on the ground at any zoom.
import type { Place } from './scene';

const METRES_PER_DEGREE = 111_195;
const SIDES = 72;

export function circle({ lon, lat }: Place, radius_m: number): GeoJSON.Polygon {
  const north = radius_m / METRES_PER_DEGREE;
  const east = north / Math.cos((lat * Math.PI) / 180);
  const ring = Array.from({ length: SIDES + 1 }, (_, side) => {
    const turn = (2 * Math.PI * (side % SIDES)) / SIDES;
    return [lon + east * Math.sin(turn), lat + north * Math.cos(turn)];
  });
  return { type: 'Polygon', coordinates: [ring] };
}
