// A choropleth in WebGL: the units of one level filled by feature-state, those of too few cases hatched, the rest of the map held back.
import type { ExpressionSpecification, FilterSpecification, LayerSpecification, Map as GlMap } from 'maplibre-gl';
import { atLevel, placed } from './levels';
import type { Choropleth, Theme } from './scene';

export const FILL = 'page-shades';
export const HATCH = 'page-few';

interface Inks {
  /** Between units of the level, and the hatching on bare paper. */
  paper: string;
  hatch: [number, number, number];
  /** Boundaries of the levels above. */
  line: string;
  /** Names, and what parts them from any colour. */
  name: string;
  halo: string;
}

const inks: Record<Theme, Inks> = {
  light: { paper: '#ffffff', hatch: [104, 115, 130], line: '#20293a', name: '#17212f', halo: '#ffffff' },
  dark: { paper: '#0b1220', hatch: [108, 124, 152], line: '#e9eff8', name: '#f4f7ff', halo: '#060b14' },
};

const hatchName = (theme: Theme) => `page-hatch-${theme}`;

/** Pixels a side of the hatching; lines run from corner to corner, so that it tiles. */
const SIDE = 16;
const DENSITY = 2;

/** Diagonal lines on nothing. */
function hatching(ink: readonly [number, number, number]): ImageData {
  const image = new ImageData(SIDE, SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      // Distance from the nearest diagonal, in pixels; a little more than two wide, with a soft edge.
      const off = Math.abs(((x + y + SIDE / 2) % SIDE) - SIDE / 2) / Math.SQRT2;
      const alpha = Math.max(0, Math.min(1, 1.6 - off));
      image.data.set([...ink, Math.round(alpha * 255)], (y * SIDE + x) * 4);
    }
  }
  return image;
}

/** Gives a new style its hatchings; `false` for one that has them. */
export function addHatchings(map: GlMap): boolean {
  const themes = (['light', 'dark'] as const).filter((theme) => !map.hasImage(hatchName(theme)));
  for (const theme of themes) map.addImage(hatchName(theme), hatching(inks[theme].hatch), { pixelRatio: DENSITY });
  return themes.length > 0;
}

function fills({ key, few }: Choropleth, theme: Theme): LayerSpecification[] {
  const of = { type: 'fill', source: 'units', 'source-layer': key } as const;
  const listed: FilterSpecification = few.length > 0 ? ['match', ['get', 'code'], few, true, false] : ['boolean', false];
  return [
    { ...of, id: FILL, paint: { 'fill-antialias': false, 'fill-color': ['to-color', ['feature-state', 'colour'], 'rgba(0,0,0,0)'] } },
    { ...of, id: HATCH, filter: listed, paint: { 'fill-antialias': false, 'fill-pattern': hatchName(theme) } },
  ];
}

const width = (...stops: [number, number][]): ExpressionSpecification => ['interpolate', ['exponential', 1.5], ['zoom'], ...stops.flat()] as ExpressionSpecification;

/** Roads and water as an orientation under the figures: thin, pale, without names. */
function held(layer: LayerSpecification, ink: Inks): LayerSpecification[] {
  if (!('source' in layer) || layer.source !== 'base' || /casing|edge/.test(layer.id)) return [];
  if (layer.type === 'fill') return layer['source-layer'] === 'water' ? [{ ...layer, paint: { ...layer.paint, 'fill-opacity': 0.55 } }] : [];
  if (layer.type !== 'line') return [];
  const road = layer['source-layer'] === 'road';
  return [{ ...layer, paint: { ...layer.paint, ...(road ? { 'line-color': ink.paper, 'line-opacity': 0.3 } : { 'line-opacity': 0.55 }) } }];
}

/** Boundaries that can be told on every colour: paper between the units that are compared, ink around those above them. */
function parted(layer: LayerSpecification, own: boolean, ink: Inks): LayerSpecification[] {
  if (layer.type !== 'line' || layer.id.includes('casing')) return [];
  const paint = own ? { 'line-color': ink.paper, 'line-opacity': 0.85, 'line-width': width([9, 0.5], [12, 1.1], [16, 2.2]) } : { 'line-color': ink.line };
  return [{ ...layer, paint: { ...layer.paint, ...paint } }];
}

/** Names that can be read on every colour. */
const legible = (layer: LayerSpecification, ink: Inks): LayerSpecification =>
  layer.type === 'symbol' ? { ...layer, paint: { ...layer.paint, 'text-color': ink.name, 'text-halo-color': ink.halo, 'text-halo-width': 1.8 } } : layer;

/** The style of a theme as the ground of a choropleth. */
export function shaded(layers: LayerSpecification[], keys: readonly string[], choropleth: Choropleth, theme: Theme): LayerSpecification[] {
  const ink = inks[theme];
  let filled = false;
  const out: LayerSpecification[] = [];
  const names = (layer: LayerSpecification) => /label|short/.test(placed(layer, keys)?.role ?? '');
  for (const layer of [...atLevel(layers.filter((one) => !names(one)), keys, choropleth.level), ...layers.filter(names).map((one) => legible(one, ink))]) {
    const known = placed(layer, keys);
    if (known && known.level > choropleth.level) continue; // names of the others come each from its own zoom on
    if (known?.role === 'area') {
      if (filled) continue; // the tints of the level above would show through nothing
      out.push(layer, ...fills(choropleth, theme));
      filled = true;
    } else if (known?.role === 'boundary') out.push(...parted(layer, known.level === choropleth.level, ink));
    else if (known || layer.type === 'background' || !('source' in layer) || layer.source === 'units') out.push(layer);
    else if (layer.type === 'raster') out.push(layer);
    else if (filled) out.push(...held(layer, ink));
  }
  return out;
}

/** The colours of units as the map holds them, by level. */
export class States {
  private key = '';
  private colours = new Map<number, string>();

  /** Whatever was set is gone: the style was loaded anew. */
  forget() {
    this.key = '';
    this.colours = new Map();
  }

  /** Sets what differs. */
  apply(map: GlMap, choropleth: Choropleth | null) {
    if (!choropleth) return;
    if (this.key !== choropleth.key) {
      if (this.key !== '') map.removeFeatureState({ source: 'units', sourceLayer: this.key });
      this.forget();
      this.key = choropleth.key;
    }
    const target = (id: number) => ({ source: 'units', sourceLayer: choropleth.key, id });
    for (const [id, colour] of choropleth.colours) {
      if (this.colours.get(id) !== colour) map.setFeatureState(target(id), { colour });
    }
    for (const id of this.colours.keys()) {
      if (!choropleth.colours.has(id)) map.setFeatureState(target(id), { colour: null });
    }
    this.colours = new Map(choropleth.colours);
  }
}
