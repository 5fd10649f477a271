// What the page asks of the server, and the shapes of the answers (`/api/openapi.json` is the authority).

export interface Level {
  key: string;
  name: string;
  name_en: string;
  count: number;
}

export interface Category {
  key?: string;
  name: string;
  count?: number;
}

export interface District {
  code: string;
  name: string;
  name_en: string;
  synthetic: boolean;
  mark: string;
  levels: Level[];
  bounds: Bounds;
  version: number | string;
  recorded: string | null;
  issues: { from: string | null; to: string | null; count: number; categories: (Category | string)[] };
  households: number | null;
  population: number | null;
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
  lon?: number;
  lat?: number;
}

export interface Specialist {
  kind: string;
  name: string;
  phone: string;
}

export interface Coordinate {
  crs: string;
  name: string;
  name_en?: string;
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
    branch: string | { name: string } | null;
  } | null;
  boundary: { distance_m: number | null; ambiguous: boolean; neighbours: Near[] };
  nearest: Near | null;
  version: number | string;
  as_of: string | null;
  coordinates?: Coordinate[];
}

export interface Reading {
  crs: string;
  name: string;
  name_en?: string;
  how?: string;
  lon: number;
  lat: number;
  inside: boolean;
  owner: { code: string; name: string } | null;
  apart_m: number | null;
}

export interface Unit {
  code: string;
  name: string;
  level: string;
  parent: string | null;
  lon?: number;
  lat?: number;
  bounds?: Bounds;
  households?: number | null;
  population?: number | null;
}

export interface Count {
  code: string;
  name: string;
  value: number;
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

async function ask<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
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

export const api = {
  district: (signal?: AbortSignal) => ask<District>('/api/v1/district', {}, signal),
  style: (name: string) => ask<object>(`/styles/${name}.json`),
  locate: (lon: number, lat: number, signal?: AbortSignal) => ask<Located>('/api/v1/locate', { lon, lat }, signal),
  readings: (text: string, signal?: AbortSignal) =>
    ask<{ readings: Reading[] }>('/api/v1/readings', { text }, signal).then((answer) => answer.readings),
  units: (q: string, limit: number, signal?: AbortSignal) =>
    ask<{ units: Unit[] }>('/api/v1/units', { q, limit }, signal).then((answer) => answer.units),
  unit: (code: string, signal?: AbortSignal) => ask<Unit>(unit(code), {}, signal),
  geometry: (code: string, signal?: AbortSignal) => ask<GeoJSON.Feature | GeoJSON.Geometry>(`${unit(code)}/geometry`, {}, signal),
  counts: (level: string, span: Span, signal?: AbortSignal) =>
    ask<{ values: Count[] }>('/api/v1/stats/issues', { level, ...span }, signal).then((answer) => answer.values),
  timeline: (step: 'day' | 'week' | 'month', category: string | undefined, signal?: AbortSignal) =>
    ask<{ values: Bin[] }>('/api/v1/stats/issues/timeline', { step, category }, signal).then((answer) => answer.values),
};

/** Whole days, both ends included; an absent category means all. */
export interface Span extends Query {
  from: string;
  to: string;
  category?: string;
}

export const heatTiles = (span: Span): string => {
  const search = new URLSearchParams({ from: span.from, to: span.to });
  if (span.category) search.set('category', span.category);
  return `${location.origin}/tiles/heat/{z}/{x}/{y}.png?${search}`;
};
