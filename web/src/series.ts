// Heat frame by frame as the server answers it: pictures of one period after the other, and the one scale of all of them.
import { ask, period } from './api';
import type { Span } from './api';

export const steps = ['month', 'week', 'day'] as const;
export type Step = (typeof steps)[number];

/** The server makes no more frames than that. */
export const MOST_FRAMES = 120;

/** Local times; `to` is not included. `tiles` is the address of its tiles. */
export interface Frame {
  from: string;
  to: string;
  n: number;
  tiles: string;
}

export interface Series {
  step: Step;
  span: Span;
  frames: Frame[];
  legend: string;
}

/** The colours of densities: between two stops they are mixed evenly along the root of density. */
export interface Scale {
  peak_per_km2: number;
  stops: { density_per_km2: number; colour: string; opacity: number }[];
}

export async function series(step: Step, span: Span, signal: AbortSignal): Promise<Series> {
  const { frames, legend } = await ask<{ frames: Frame[]; legend: string }>('/api/v1/stats/issues/frames', { step, ...period(span) }, signal);
  return { step, span, frames, legend: legend.replace('.png', '.json') };
}

/** The scale of a series, or that of one picture of the whole span. */
export function scale(of: Series | Span, signal: AbortSignal): Promise<Scale> {
  return 'legend' in of ? ask<Scale>(of.legend, {}, signal) : ask<Scale>('/api/v1/legends/heat.json', period(of), signal);
}

/** About how many frames a number of days has; the server counts calendar weeks and months. */
export const framesOf = (step: Step, days: number): number => Math.ceil(days / { day: 1, week: 7, month: 30.4 }[step]) + (step === 'day' ? 0 : 1);
