// Which layers of the style belong to which level, and how a style looks when one level is singled out.
//
// Levels are data. A polygon layer is known by its source layer, which is the level's key; a layer of boundaries or labels by the key that
// its filter names. Of labels, those that write `short` stand in where the name does not fit.
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from 'maplibre-gl';

const UNITS = 'units';

export interface Placed {
  role: 'area' | 'boundary' | 'label' | 'short';
  level: number;
}

const mentions = (json: unknown, word: string) => (JSON.stringify(json) ?? '').includes(`"${word}"`);

/** `null` for a layer that is the same whatever level is shown. */
export function placed(layer: LayerSpecification, keys: readonly string[]): Placed | null {
  if (!('source' in layer) || layer.source !== UNITS) return null;
  const from = layer['source-layer'] ?? '';
  const area = keys.indexOf(from);
  if (area >= 0) return { role: 'area', level: area };
  const level = keys.findIndex((key) => mentions(layer.filter, key));
  if (level < 0) return null;
  if (from === 'boundaries') return { role: 'boundary', level };
  if (from !== 'labels' || layer.type !== 'symbol') return null;
  return { role: mentions(layer.layout?.['text-field'], 'short') ? 'short' : 'label', level };
}

/** The level that names are read at: the last of those whose names fit from a zoom on, `from` top first. */
export function levelAt(zoom: number, from: readonly number[]): number {
  let level = 0;
  from.forEach((start, index) => {
    if (zoom >= start) level = index;
  });
  return level;
}

/** Boundaries of the level asked for, fine but plain to see from afar too, where the style lets them fade. */
function plain(layer: LayerSpecification): LayerSpecification {
  if (layer.type !== 'line' || layer.id.includes('casing')) return layer;
  const width: ExpressionSpecification = ['interpolate', ['exponential', 1.5], ['zoom'], 9, 0.5, 12, 1, 16, 2.4];
  return { ...layer, paint: { ...layer.paint, 'line-opacity': 0.9, 'line-width': width } };
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
        return known.level < shown ? [always as LayerSpecification] : known.level === shown ? [plain(always as LayerSpecification)] : [];
      case 'label':
        return known.level === shown ? [{ ...always, filter } as LayerSpecification] : [];
      case 'short':
        return [];
    }
  });
}
