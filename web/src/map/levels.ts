// Which layers of the style belong to which level, and how a style looks when one level is singled out.
//
// Levels are data: their keys come from `/api/v1/district`, and a layer is known by its source layer (`<key>`, `boundaries`, `labels`)
// and by the keys its filter names.
import type { FilterSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';

const UNITS = 'units';

type Role = 'area' | 'boundary' | 'label';

export interface Placed {
  role: Role;
  /** Indices of the levels a layer draws, top first. */
  levels: number[];
}

/** `null` for a layer that has nothing to do with units. */
export function placed(layer: LayerSpecification, keys: readonly string[]): Placed | null {
  if (!('source' in layer) || layer.source !== UNITS) return null;
  const from = layer['source-layer'] ?? '';
  const level = keys.indexOf(from);
  if (level >= 0) return { role: 'area', levels: [level] };
  const words = JSON.stringify(('filter' in layer && layer.filter) || []);
  const levels = keys.flatMap((key, index) => (words.includes(`"${key}"`) ? [index] : []));
  if (from === 'boundaries') return { role: 'boundary', levels };
  if (from === 'labels') return { role: 'label', levels };
  return null;
}

/** The zoom from which each level is named when the style follows the zoom; the lowest level closes the ladder. */
export function ladder(style: StyleSpecification, keys: readonly string[]): number[] {
  const from = keys.map(() => Number.POSITIVE_INFINITY);
  for (const layer of style.layers) {
    const role = placed(layer, keys);
    if (role?.role !== 'label') continue;
    for (const level of role.levels) from[level] = Math.min(from[level] ?? Number.POSITIVE_INFINITY, layer.minzoom ?? 0);
  }
  return from;
}

export function levelAt(zoom: number, from: readonly number[]): number {
  let level = 0;
  from.forEach((start, index) => {
    if (zoom >= start) level = index;
  });
  return level;
}

function only(layer: LayerSpecification, key: string): FilterSpecification {
  const narrow: FilterSpecification = ['==', ['get', 'level'], key];
  const own = 'filter' in layer ? layer.filter : undefined;
  return own ? (['all', own, narrow] as FilterSpecification) : narrow;
}

/** The style with one level singled out: its labels at every zoom, boundaries of it and of all above it, nothing of those below. */
export function atLevel(layers: LayerSpecification[], keys: readonly string[], shown: number | null): LayerSpecification[] {
  if (shown === null) return layers;
  const key = keys[shown] ?? '';
  return layers.flatMap((layer): LayerSpecification[] => {
    const role = placed(layer, keys);
    if (!role) return [layer];
    const { minzoom: _min, maxzoom: _max, ...always } = layer as LayerSpecification & { minzoom?: number; maxzoom?: number };
    switch (role.role) {
      case 'area':
        return role.levels.every((level) => level <= shown) ? [layer] : [];
      case 'boundary':
        return role.levels.length === 0 || role.levels.some((level) => level <= shown) ? [always as LayerSpecification] : [];
      case 'label':
        if (role.levels.length > 0 && !role.levels.includes(shown)) return [];
        return [{ ...always, filter: only(layer, key) } as LayerSpecification];
    }
  });
}
