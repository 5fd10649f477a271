// The choropleth as the server answers it: which unit is of which class, what the classes are, and what each figure was made of.
import { ask, period } from './api';
import type { Span } from './api';

export const measures = ['per_1000', 'issues'] as const;
export const methods = ['jenks', 'quantile', 'equal'] as const;
export const CLASSES = [3, 4, 5, 6, 7] as const;

export type Measure = (typeof measures)[number];
export type Method = (typeof methods)[number];

/** How the figures of a level are to be classed. */
export interface Asked {
  measure: Measure;
  method: Method;
  classes: number;
}

/** A class: its bounds, of which the lower belongs to it, and how many units it has. */
export interface Class {
  from: number;
  to: number;
  colour: string;
  units: number;
}

/** A unit: `id` is that of its feature in the tiles. */
export interface Value {
  id: number;
  code: string;
  value: number | null;
  n: number;
  shown: 'class' | 'few' | 'none';
  class: number | null;
  colour: string | null;
}

export interface Shading extends Asked {
  /** Key of the level. */
  level: string;
  span: Span;
  /** The lowest first. */
  rows: Class[];
  few: { below: number; units: number };
  none: { units: number };
  values: Value[];
  /** Issues that belong to no unit. */
  unplaced: number;
  /** Names and inhabitants by code. */
  parts: Map<string, Part>;
  /** The picture tiles of the same, for a map without WebGL. */
  query: string;
}

export interface Part {
  name: string;
  /** What was divided by, `null` for plain counts. */
  people: number | null;
}

interface Answer {
  classes: Class[];
  few: Shading['few'];
  none: Shading['none'];
  values: Value[];
  unplaced: number;
}

/** Asks for the classes and for what the figures are made of, at once. */
export async function shade(asked: Asked, level: string, span: Span, signal: AbortSignal): Promise<Shading> {
  const { measure, method, classes } = asked;
  const of = { level, ...period(span) };
  const [answer, figures] = await Promise.all([
    ask<Answer>(`/api/v1/stats/${measure}/classes`, { ...of, method, classes }, signal),
    ask<{ values: { code: string; name: string; denominator: number | null }[] }>(`/api/v1/stats/${measure}`, of, signal),
  ]);
  const parts = new Map(figures.values.map(({ code, name, denominator }) => [code, { name, people: denominator }]));
  const query = new URLSearchParams(Object.entries({ measure, method, classes: String(classes), ...of }).filter(([, text]) => text !== ''));
  const { classes: rows, few, none, values, unplaced } = answer;
  return { ...asked, level, span, rows, few, none, values, unplaced, parts, query: query.toString() };
}

/** A figure as it is told: counts are whole, rates have one decimal. */
export const figure = (value: number, measure: Measure, locale: string): string =>
  measure === 'issues' ? Math.round(value).toLocaleString(locale) : value.toLocaleString(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A class in words. Of counts, which are whole, both ends are numbers that may occur in it. */
export function range({ from, to }: Class, last: boolean, measure: Measure, locale: string): string {
  const [low, high] = measure === 'issues' ? [Math.ceil(from), last ? to : Math.ceil(to) - 1] : [from, to];
  const [a, b] = [figure(low, measure, locale), figure(high, measure, locale)];
  return low >= high || a === b ? a : `${a} – ${b}`;
}

/** By value, the highest first; units that are not compared have no rank. */
export const ranked = (shading: Shading): Value[] =>
  shading.values.filter((one) => one.shown === 'class').sort((a, b) => (b.value ?? 0) - (a.value ?? 0) || b.n - a.n);
