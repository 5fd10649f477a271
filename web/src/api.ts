// What the page asks of the server, and the shapes of the answers (`/api/openapi.json` is the authority).
import { dateOf, dayOf } from './format';

export interface Level {
  key: string;
  name: string;
  name_en: string;
  units: number;
  /** The zoom from which the names of typical units fit. */
  name_zoom: number;
}

export interface District {
  code: string;
  name: string;
  name_en: string;
  synthetic: boolean;
  mark: string;
  levels: Level[];
  bounds: Bounds;
  version: number;
  /** When the content was recorded, with its zone. */
  as_of: string;
  /** Changes with the content. */
  stamp: string;
  /** Local times of the first and the last issue. */
  /** The map under the grids, if the service has one. */
  base_map: { kind: 'raster' | 'vector'; name: string; attribution: string; min_zoom: number; max_zoom: number; bounds: Bounds } | null;
  issues: { total: number; from: string | null; to: string | null; categories: { name: string; n: number }[] };
}

/** West, south, east, north in degrees. */
export type Bounds = [number, number, number, number];

export interface Link {
  level: string;
  code: string;
  name: string;
}

export interface Near {
  code: string;
  name: string;
  distance_m: number;
}

export interface Specialist {
  kind: string;
  name: string;
  phone: string;
}

/** A position written in one system: `wgs84`, `gcj02`, `epsg:4548` …, ready to be copied. */
export interface Coordinate {
  crs: string;
  text: string;
}

export interface Located {
  point: { lon: number; lat: number };
  outcome: 'inside' | 'boundary' | 'outside';
  owner: { code: string; name: string; level: string } | null;
  chain: Link[];
  people: {
    officer: { name: string; phone: string } | null;
    specialists: Specialist[];
    branch: { name: string; kind: string } | null;
  } | null;
  boundary: { distance_m: number; ambiguous: boolean; neighbours: Near[] };
  nearest: Near | null;
  version: number;
  coordinates?: Coordinate[];
}

export interface Reading {
  crs: string;
  how: 'degrees' | 'metres' | 'sexagesimal' | 'packed';
  /** Latitude or northing stood first. */
  swapped: boolean;
  /** The text itself named the system. */
  named: boolean;
  point: { lon: number; lat: number };
  owner: { code: string; name: string } | null;
}

/** A part of the text that was understood, by characters (code points) of it. */
export interface Mark {
  part: 'region' | 'name' | 'number' | 'relation' | 'elsewhere';
  start: number;
  end: number;
}

/** A place that words may mean. Without a point it is a unit or a road: a point would say more than is known. */
export interface Candidate {
  place: string | null;
  name: string;
  address: string;
  match_level: 'region' | 'road' | 'village' | 'compound' | 'crossing' | 'spot' | 'house' | 'building' | 'entrance';
  match_level_name: string;
  score: number;
  /** Sentences in Chinese, the strongest first. */
  why: string[];
  lon: number | null;
  lat: number | null;
  accuracy_m: number | null;
  floor: number | null;
  room: number | null;
  /** The unit that was named, when nothing in it was. */
  unit: { code: string; name: string; level: string } | null;
  owner: Located | null;
}

export interface Searched {
  query: string;
  marks: Mark[];
  ambiguity: 'none' | 'boundary' | 'name' | 'level' | 'unknown' | 'elsewhere';
  /** The next question to the caller, in Chinese. */
  ask: string | null;
  candidates: Candidate[];
  version: number;
}

export interface Unit {
  code: string;
  name: string;
  level: string;
  parent: string | null;
  households: number;
  population: number;
}

export interface UnitDetail extends Unit {
  /** Units directly below. */
  children: number;
  chain: Link[];
  bounds: Bounds | null;
  area_m2: number;
}

export interface Count {
  code: string;
  name: string;
  n: number;
}

export interface Counts {
  values: Count[];
  /** Issues without a position or outside: part of the sum, of no unit. */
  unplaced: number;
}

export interface Bin {
  from: string;
  n: number;
}

/** An answer that is not the one asked for. `status` 0: no answer at all. `title` is the server's own words, in Chinese. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly title: string | null,
    readonly detail: string | null,
  ) {
    super(title ?? detail ?? `HTTP ${status}`);
  }
}

type Query = Record<string, string | number | undefined>;

export async function ask<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== '') search.set(key, String(value));
  const url = search.size > 0 ? `${path}?${search}` : path;
  let answer: Response;
  try {
    answer = await fetch(url, { headers: { accept: 'application/json' }, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(0, null, null);
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => null);
    throw new Refusal(answer.status, problem?.title ?? null, problem?.detail ?? null);
  }
  return (await answer.json()) as T;
}

const unit = (code: string) => `/api/v1/units/${encodeURIComponent(code)}`;

/** The server gives no more than this many units at a time. */
const PAGE = 10_000;

/** All units of a level, page by page. */
async function units(level: string): Promise<Unit[]> {
  const all: Unit[] = [];
  for (;;) {
    const page = await ask<{ matched: number; units: Unit[] }>('/api/v1/units', { level, limit: PAGE, offset: all.length });
    all.push(...page.units);
    if (page.units.length === 0 || all.length >= page.matched) return all;
  }
}

/** Every reading of a text as a position inside the district; none when it is no coordinate at all. */
async function readings(text: string, signal: AbortSignal): Promise<Reading[]> {
  try {
    return (await ask<{ readings: Reading[] }>('/api/v1/readings', { text }, signal)).readings;
  } catch (error) {
    if (error instanceof Refusal && error.status === 400) return [];
    throw error;
  }
}

export const api = {
  district: () => ask<District>('/api/v1/district'),
  style: (name: string) => ask<object>(`/styles/${name}.json`),
  /** Neighbours are named within `near_m` metres. */
  locate: (lon: number, lat: number, near_m: number, signal: AbortSignal) =>
    ask<Located>('/api/v1/locate', { lon, lat, accuracy_m: near_m, coordinates: 'true' }, signal),
  readings,
  search: (q: string, limit: number, signal: AbortSignal) => ask<Searched>('/api/v1/search', { q, limit }, signal),
  units,
  unit: (code: string) => ask<UnitDetail>(unit(code)),
  adjacent: (code: string) => ask<{ neighbours: { code: string; name: string }[] }>(`${unit(code)}/neighbours`).then((answer) => answer.neighbours),
  geometry: (code: string) => ask<GeoJSON.Feature>(`${unit(code)}/geometry`).then((answer) => answer.geometry),
  counts: (level: string, span: Span, signal: AbortSignal) => ask<Counts>('/api/v1/stats/issues', { level, ...period(span) }, signal),
  timeline: (category: string, signal: AbortSignal) =>
    ask<{ values: Bin[] }>('/api/v1/stats/issues/timeline', { step: 'week', category }, signal).then((answer) => answer.values),
};

/** Whole days, both ends included; an empty category means all. */
export interface Span {
  from: string;
  to: string;
  category: string;
}

/** The span as the server reads it: `to` is the first day no longer meant. */
export const period = ({ from, to, category }: Span) => ({ from, to: dateOf(dayOf(to) + 1), category });

export const heatTiles = (span: Span): string => {
  const search = new URLSearchParams(Object.entries(period(span)).filter(([, text]) => text !== ''));
  return `${location.origin}/tiles/heat/{z}/{x}/{y}.png?${search}`;
};
