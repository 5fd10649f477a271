// Which layers of the style belong to which level, and how a style looks when one level is singled out.
//
// Levels are data. A polygon layer is known by its source layer, which is the level's key; boundaries and labels by their metadata:
// `role` is `boundary`, `label` (the whole name) or `short` (a number where the name does not fit), `level` its index, top first.
import type { FilterSpecification, LayerSpecification } from 'maplibre-gl';

const UNITS = 'units';

export interface Placed {
  role: 'area' | 'boundary' | 'label' | 'short';
  level: number;
}

/** `null` for a layer that is the same whatever level is shown. */
export function placed(layer: LayerSpecification, keys: readonly string[]): Placed | null {
  if (!('source' in layer) || layer.source !== UNITS) return null;
  const area = keys.indexOf(layer['source-layer'] ?? '');
  if (area >= 0) return { role: 'area', level: area };
  const { role, level } = (layer.metadata ?? {}) as { role?: string; level?: unknown };
  if (typeof level !== 'number' || (role !== 'boundary' && role !== 'label' && role !== 'short')) return null;
  return { role, level };
}

/** The level that names are read at: the last of those whose names fit from a zoom on, `from` top first. */
export function levelAt(zoom: number, from: readonly number[]): number {
  let level = 0;
  from.forEach((start, index) => {
    if (zoom >= start) level = index;
  });
  return level;
}

/** The style with one level singled out: its names at every zoom, the boundaries of it and of all above it, nothing of those below. */
export function atLevel(layers: LayerSpecification[], keys: readonly string[], shown: number | null): LayerSpecification[] {
  if (shown === null) return layers;
  const filter: FilterSpecification = ['==', ['get', 'level'], shown];
  return layers.flatMap((layer): LayerSpecification[] => {
    const known = placed(layer, keys);
    if (!known) return [layer];
    const { minzoom: _from, maxzoom: _to, ...always } = layer as LayerSpecification & { minzoom?: number; maxzoom?: number };
    switch (known.role) {
      case 'area':
        return known.level <= shown ? [layer] : [];
      case 'boundary':
        return known.level <= shown ? [always as LayerSpecification] : [];
      case 'label':
        return known.level === shown ? [{ ...always, filter } as LayerSpecification] : [];
      case 'short':
        return [];
    }
  });
}
