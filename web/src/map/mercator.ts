// Web Mercator, the square of side 1 with its origin in the north-west, as map tiles number it.
import type { Place } from './scene';

export interface Spot {
  x: number;
  y: number;
}

const LIMIT = 85.0511287798066;

export function spot({ lon, lat }: Place): Spot {
  const phi = (Math.max(-LIMIT, Math.min(LIMIT, lat)) * Math.PI) / 180;
  return { x: lon / 360 + 0.5, y: 0.5 - Math.log(Math.tan(Math.PI / 4 + phi / 2)) / (2 * Math.PI) };
}

export function place({ x, y }: Spot): Place {
  return { lon: (x - 0.5) * 360, lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI };
}
