// The layers the page lays over the district: heat, the unit under the pointer, the owner, the place asked about.
import type { GeoJSONSourceSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import { onBase } from './base';
import { circle } from './circle';
import { heatLayers, heatSources } from './frames';
import type { HeatPicture } from './frames';
import { atLevel, placed } from './levels';
import { shaded } from './shaded';
import type { Place, Scene, Theme } from './scene';

export const PICK = 'page-pick';

interface Inks {
  accent: string;
  casing: string;
  focus: string;
  hover: string;
  ink: string;
}

const inks: Record<Theme, Inks> = {
  light: { accent: '#0b5fb0', casing: '#ffffff', focus: '#c2410c', hover: '#0b5fb0', ink: '#ffffff' },
  dark: { accent: '#7cc0ff', casing: '#0b1220', focus: '#ffb45c', hover: '#ffffff', ink: '#0b1220' },
};

const collection = (features: GeoJSON.Feature[]): GeoJSONSourceSpecification => ({
  type: 'geojson',
  data: { type: 'FeatureCollection', features },
});

const shape = (geometry: GeoJSON.Geometry | null) =>
  collection(geometry ? [{ type: 'Feature', properties: {}, geometry }] : []);

const point = ({ lon, lat }: Place, properties: GeoJSON.GeoJsonProperties): GeoJSON.Feature => ({
  type: 'Feature',
  properties,
  geometry: { type: 'Point', coordinates: [lon, lat] },
});

/** The page's own sources but for heat. */
function sources(scene: Scene): Record<string, SourceSpecification> {
  const pins = scene.pins.map((pin, index) => point(pin, { number: String(index + 1) }));
  const place = scene.place ? [point(scene.place, {})] : [];
  return {
    'page-owner': shape(scene.owner),
    'page-focus': shape(scene.focus),
    'page-accuracy': shape(scene.place && scene.radius !== null ? circle(scene.place, scene.radius) : null),
    'page-place': collection(place),
    'page-pins': collection(pins),
  };
}

/** `bare`: without fills, which would change the colours of a choropleth. */
function outlines(ink: Inks, bare: boolean): LayerSpecification[] {
  const fill = (opacity: number) => (bare ? 0 : opacity);
  const line = { 'line-join': 'round', 'line-cap': 'round' } as const;
  return [
    { id: 'page-owner-fill', type: 'fill', source: 'page-owner', paint: { 'fill-color': ink.accent, 'fill-opacity': fill(0.18) } },
    { id: 'page-owner-casing', type: 'line', source: 'page-owner', layout: line, paint: { 'line-color': ink.casing, 'line-width': 5, 'line-opacity': 0.9 } },
    { id: 'page-owner-line', type: 'line', source: 'page-owner', layout: line, paint: { 'line-color': ink.accent, 'line-width': 2.5 } },
    { id: 'page-focus-fill', type: 'fill', source: 'page-focus', paint: { 'fill-color': ink.focus, 'fill-opacity': fill(0.1) } },
    { id: 'page-focus-casing', type: 'line', source: 'page-focus', layout: line, paint: { 'line-color': ink.casing, 'line-width': 6, 'line-opacity': 0.9 } },
    { id: 'page-focus-line', type: 'line', source: 'page-focus', layout: line, paint: { 'line-color': ink.focus, 'line-width': 3 } },
    { id: 'page-accuracy-fill', type: 'fill', source: 'page-accuracy', paint: { 'fill-color': ink.accent, 'fill-opacity': 0.1 } },
    { id: 'page-accuracy-casing', type: 'line', source: 'page-accuracy', layout: line, paint: { 'line-color': ink.casing, 'line-width': 3.5, 'line-opacity': 0.8 } },
    { id: 'page-accuracy-line', type: 'line', source: 'page-accuracy', paint: { 'line-color': ink.accent, 'line-width': 1.75, 'line-dasharray': [3, 2] } },
  ];
}

function marks(ink: Inks, font: string[]): LayerSpecification[] {
  const dot = (id: string, source: string, radius: number, colour: string): LayerSpecification => ({
    id,
    type: 'circle',
    source,
    paint: { 'circle-radius': radius, 'circle-color': colour, 'circle-stroke-color': ink.casing, 'circle-stroke-width': 2.5 },
  });
  return [
    dot('page-pins-dot', 'page-pins', 11, ink.focus),
    {
      id: 'page-pins-number',
      type: 'symbol',
      source: 'page-pins',
      layout: { 'text-field': ['get', 'number'], 'text-font': font, 'text-size': 13, 'text-allow-overlap': true, 'text-ignore-placement': true },
      paint: { 'text-color': ink.ink },
    },
    dot('page-place-dot', 'page-place', 5.5, ink.accent),
  ];
}

/** The font of the style's own labels, so that the page brings none of its own. */
function labelFont(layers: LayerSpecification[]): string[] {
  for (const layer of layers) {
    const font = layer.type === 'symbol' ? layer.layout?.['text-font'] : undefined;
    if (Array.isArray(font) && font.every((name) => typeof name === 'string')) return font as string[];
  }
  return ['sans-serif'];
}

/** The size that names are designed for, as the page's own text beside them. */
const DESK_PX = 16;

/** Names as large as the page's own text: a video wall is read from afar. */
function magnified(layers: LayerSpecification[]): LayerSpecification[] {
  const factor = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / DESK_PX;
  if (!(factor > 1.05)) return layers;
  const larger = (value: unknown) => (typeof value === 'number' ? value * factor : ['*', factor, value]);
  const sized = (size: unknown) =>
    Array.isArray(size) && size[0] === 'interpolate' ? size.map((part: unknown, index) => (index > 2 && index % 2 === 0 ? larger(part) : part)) : larger(size ?? DESK_PX);
  return layers.map((layer) =>
    layer.type === 'symbol' ? ({ ...layer, layout: { ...layer.layout, 'text-size': sized(layer.layout?.['text-size']) } } as LayerSpecification) : layer,
  );
}

/** Places for the overlays: heat under the boundaries, outlines under the labels, marks on top. */
function interleave(style: LayerSpecification[], keys: readonly string[], heat: LayerSpecification[], lines: LayerSpecification[], top: LayerSpecification[]) {
  const first = (wanted: (layer: LayerSpecification) => boolean, otherwise: number) => {
    const index = style.findIndex(wanted);
    return index < 0 ? otherwise : index;
  };
  const labels = first((layer) => layer.type === 'symbol', style.length);
  const boundaries = Math.min(labels, first((layer) => placed(layer, keys)?.role === 'boundary', style.length));
  return [...style.slice(0, boundaries), ...heat, ...style.slice(boundaries, labels), ...lines, ...style.slice(labels), ...top];
}

/** What of one moment is not in the scene. */
export interface Moment {
  /** Index of the level whose units the pointer finds; `null` where there is no pointer: a wall need not cut all units into triangles for it. */
  pick: number | null;
  heat: readonly HeatPicture[];
  /** How long changes of heat take. */
  fade_ms: number;
}

/** A style without the colours by which neighbours are told apart: under heat they would be read as figures. */
const plain = (layers: LayerSpecification[]) => layers.filter((layer) => layer.type !== 'fill' || !JSON.stringify(layer.paint ?? {}).includes('"colour"'));

/** Units as the pointer finds them: not seen, but for the one under it. By its state: a filter would have each tile read anew whenever a boundary is crossed. */
const pickable = (key: string, ink: Inks): LayerSpecification => ({
  id: PICK,
  type: 'fill',
  source: 'units',
  'source-layer': key,
  paint: { 'fill-color': ink.hover, 'fill-opacity': ['case', ['boolean', ['feature-state', 'hovered'], false], 0.1, 0], 'fill-antialias': false },
});

/** The whole style of one moment: a function of its arguments, so that drawing is always `setStyle` with a difference. */
export function compose(base: StyleSpecification, keys: readonly string[], scene: Scene, { pick, heat, fade_ms }: Moment): StyleSpecification {
  const ink = inks[scene.theme];
  const under = [...(pick === null ? [] : [pickable(keys[pick] ?? '', ink)]), ...outlines(ink, scene.choropleth !== null)];
  const ground = onBase(base.layers, scene.base, scene.theme);
  // Figures stand on plain ground: a map under them would change their colours.
  const layers = scene.choropleth
    ? shaded(base.layers, keys, scene.choropleth, scene.theme)
    : atLevel(heat.length > 0 ? plain(ground) : ground, keys, scene.level);
  return {
    ...base,
    sources: { ...base.sources, ...heatSources(heat), ...sources(scene) },
    layers: interleave(magnified(layers), keys, heatLayers(heat, fade_ms), under, marks(ink, labelFont(base.layers))),
  };
}
