// The map under the grids. The server puts it into its styles, on the land and out of sight; here it is brought to light, and what lies over it is made to
// let it through: the district's own streets and buildings give way to those of the base map, and every boundary gets a casing, because nobody knows
// what it will lie on.
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl';
import type { Theme, UnderGrids } from './scene';

/** Its source in the server's styles. */
export const BASE = 'basemap';
/** The district's own background. */
const OWN = 'base';

const tint: ExpressionSpecification = ['interpolate', ['linear'], ['zoom'], 9, 0.3, 13, 0.2, 16, 0.1];
const casings: Record<Theme, string> = { light: '#ffffff', dark: '#0b1220' };

function shown(layer: LayerSpecification, strength: number): LayerSpecification {
  const layout = { ...layer.layout, visibility: 'visible' };
  return { ...layer, layout, paint: { ...layer.paint, [`${layer.type}-opacity`]: strength } } as LayerSpecification;
}

/** A number of a style put through `['+' or '*', …, by]`; where it goes by zoom, at each of its stops. */
function each(value: unknown, operator: '+' | '*', by: number): unknown {
  if (!Array.isArray(value) || value[0] !== 'interpolate') return [operator, value ?? 1, by];
  return value.map((part, at) => (at >= 4 && at % 2 === 0 ? [operator, part, by] : part));
}

/** A boundary with its casing, which fades as it does. */
function cased(layer: LayerSpecification & { type: 'line' }, theme: Theme): LayerSpecification[] {
  const { 'line-opacity': opacity, 'line-width': width } = layer.paint ?? {};
  const paint = { 'line-color': casings[theme], 'line-opacity': each(opacity, '*', 0.6), 'line-width': each(width, '+', 2.4) };
  return [{ ...layer, id: `${layer.id}-casing`, paint } as LayerSpecification, layer];
}

export function onBase(layers: LayerSpecification[], base: UnderGrids | null, theme: Theme): LayerSpecification[] {
  if (base === null) return layers;
  return layers.flatMap((layer): LayerSpecification[] => {
    if (!('source' in layer)) return [layer];
    if (layer.source === BASE) return [shown(layer, base.strength)];
    if (layer.source === OWN) return layer.type === 'symbol' ? [layer] : [];
    const from = layer['source-layer'];
    // It ends where tiles of the district do, which shows as soon as there is something behind it.
    if (from === 'outside') return [];
    if (from === 'boundaries' && layer.type === 'line') return layer.id.includes('casing') ? [] : cased(layer, theme);
    if (layer.type === 'fill' && layer.id === 'tint') return [{ ...layer, paint: { ...layer.paint, 'fill-opacity': tint } }];
    return [layer];
  });
}
