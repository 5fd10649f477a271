// A point inside a shape, to ask about and to walk to.
import type { Bounds } from '../api';
import type { Place } from './scene';

type Ring = GeoJSON.Position[];

const polygons = (shape: GeoJSON.Geometry): Ring[][] =>
  shape.type === 'Polygon' ? [shape.coordinates] : shape.type === 'MultiPolygon' ? shape.coordinates : [];

/** The smallest box that holds all places. */
export function around(places: readonly Place[]): Bounds {
  const bounds: Bounds = [180, 90, -180, -90];
  for (const { lon, lat } of places) {
    bounds[0] = Math.min(bounds[0], lon);
    bounds[1] = Math.min(bounds[1], lat);
    bounds[2] = Math.max(bounds[2], lon);
    bounds[3] = Math.max(bounds[3], lat);
  }
  return bounds;
}

export function boundsOf(shape: GeoJSON.Geometry): Bounds | null {
  const points = polygons(shape).flat(2);
  return points.length > 0 ? around(points.map(([lon = 0, lat = 0]) => ({ lon, lat }))) : null;
}

/** Where a line of latitude enters and leaves the rings, west to east. */
function crossings(rings: Ring[], lat: number): number[] {
  const found: number[] = [];
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i++) {
      const [x1 = 0, y1 = 0] = ring[i - 1] ?? [];
      const [x2 = 0, y2 = 0] = ring[i] ?? [];
      if (y1 > lat !== y2 > lat) found.push(x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1));
    }
  }
  return found.sort((a, b) => a - b);
}

/** The middle of the widest stretch inside, over seven lines of latitude: never outside, never in a hole, far from the edges. */
export function innerPoint(shape: GeoJSON.Geometry): Place | null {
  let best: Place | null = null;
  let widest = 0;
  for (const rings of polygons(shape)) {
    const bounds = boundsOf({ type: 'Polygon', coordinates: rings });
    if (!bounds) continue;
    const [, south, , north] = bounds;
    for (let step = 1; step <= 7; step++) {
      const lat = south + ((north - south) * step) / 8;
      const at = crossings(rings, lat);
      for (let i = 1; i < at.length; i += 2) {
        const [from = 0, to = 0] = [at[i - 1], at[i]];
        // A stretch near the top or the bottom is worth less: its middle is nearer to the edge than it is wide.
        const worth = Math.min(to - from, Math.min(lat - south, north - lat) * 2);
        if (worth <= widest) continue;
        widest = worth;
        best = { lon: (from + to) / 2, lat };
      }
    }
  }
  return best;
}
