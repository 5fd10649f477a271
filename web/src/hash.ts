// The part of the state that a link carries: `#map=12.5/35.41/116.65&at=116.652,35.407&level=grid&heat=2025-01-01/2025-06-30&…`.
// Heat frame by frame adds `frame=week/2025-03-03` and, while it plays, `play=1`; a choropleth is `shades=per_1000/jenks/5/2025-01-01/2025-06-30`.
//
// Whatever cannot be read is left out; a link never breaks the page.
import type { Camera, Place, Theme } from './map/scene';
import { CLASSES, measures, methods } from './shading';
import type { Asked } from './shading';
import { steps } from './series';
import type { Step } from './series';
import type { Language } from './texts';

export interface Link {
  camera: Camera | null;
  place: Place | null;
  unit: string | null;
  level: string | null;
  heat: { from: string; to: string } | null;
  category: string | null;
  /** The step of the frames, the first day of the one shown, and whether they play. */
  frame: { step: Step; day: string; playing: boolean } | null;
  shades: (Asked & { from: string; to: string }) | null;
  /** How plain the base map is, in hundredths; `null` where it is off. */
  base: number | null;
  theme: Theme | null;
  language: Language | null;
}

const numbers = (text: string | null, separator: string, n: number): number[] | null => {
  const parts = (text ?? '').split(separator).map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  return parts.length === n && parts.every(Number.isFinite) ? parts : null;
};

const onEarth = (lon: number, lat: number) => Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
const isDate = (text: string | undefined): text is string => /^\d{4}-\d{2}-\d{2}$/.test(text ?? '') && !Number.isNaN(Date.parse(text ?? ''));
const oneOf = <T extends string>(text: string | null, known: readonly T[]): T | null => known.find((word) => word === text) ?? null;

function frame(text: string | null, playing: boolean): Link['frame'] {
  const [step, day = ''] = (text ?? '').split('/');
  const known = oneOf(step ?? null, steps);
  return known ? { step: known, day: isDate(day) ? day : '', playing } : null;
}

function shades(text: string | null): Link['shades'] {
  const [measure, method, n, from, to] = (text ?? '').split('/');
  const known = { measure: oneOf(measure ?? null, measures), method: oneOf(method ?? null, methods), classes: CLASSES.find((one) => String(one) === n) };
  if (!known.measure || !known.method || !known.classes || !isDate(from) || !isDate(to) || from > to) return null;
  return { measure: known.measure, method: known.method, classes: known.classes, from, to };
}

export function read(hash: string): Link {
  const query = new URLSearchParams(hash.replace(/^#/, ''));
  const [zoom = 0, lat = 0, lon = 0] = numbers(query.get('map'), '/', 3) ?? [Number.NaN];
  const at = numbers(query.get('at'), ',', 2);
  const [from, to] = (query.get('heat') ?? '').split('/');
  return {
    camera: zoom >= 0 && zoom <= 24 && onEarth(lon, lat) ? { lon, lat, zoom } : null,
    place: at && onEarth(at[0] ?? 0, at[1] ?? 0) ? { lon: at[0] ?? 0, lat: at[1] ?? 0 } : null,
    unit: query.get('unit'),
    level: query.get('level'),
    heat: isDate(from) && isDate(to) && from <= to ? { from, to } : null,
    category: query.get('category'),
    frame: frame(query.get('frame'), query.get('play') === '1'),
    shades: shades(query.get('shades')),
    base: /^(100|[1-9]\d?)$/.test(query.get('base') ?? '') ? Number(query.get('base')) : null,
    theme: oneOf(query.get('theme'), ['light', 'dark']),
    language: oneOf(query.get('lang'), ['zh', 'en']),
  };
}

export function write(link: Link): string {
  const parts: string[] = [];
  const add = (key: string, text: string | null) => {
    if (text) parts.push(`${key}=${encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%2C', ',')}`);
  };
  const { camera, place, heat, frame, shades } = link;
  add('map', camera && `${camera.zoom.toFixed(2)}/${camera.lat.toFixed(5)}/${camera.lon.toFixed(5)}`);
  add('at', place && `${place.lon.toFixed(7)},${place.lat.toFixed(7)}`);
  add('unit', link.unit);
  add('level', link.level);
  add('heat', heat && `${heat.from}/${heat.to}`);
  add('frame', frame && `${frame.step}/${frame.day}`);
  add('play', frame?.playing ? '1' : null);
  add('shades', shades && [shades.measure, shades.method, shades.classes, shades.from, shades.to].join('/'));
  add('category', link.category);
  add('base', link.base === null ? null : String(link.base));
  add('theme', link.theme);
  add('lang', link.language);
  return `#${parts.join('&')}`;
}
