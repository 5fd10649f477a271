// Heat frame by frame: which frames there are, which one is shown, and the clock that moves on.
//
// The clock waits for the map: a frame's time begins when all of it is seen, so no frame is skipped and none is blank.
import { computed, ref, shallowRef, watch } from 'vue';
import { Refusal } from './api';
import type { Span } from './api';
import { dateOf, dayOf } from './format';
import { scale, series as ask } from './series';
import type { Scale, Step } from './series';
import { frameShown, series, span, state, t } from './state';

export const seriesFailure = ref<Refusal | null>(null);
export const seriesLoading = ref(false);
export const heatScale = shallowRef<Scale | null>(null);

/** How long a frame is looked at. The last one stays longer, so that the beginning is seen as one. */
const LOOK_MS: Record<Step, number> = { month: 1100, week: 700, day: 500 };
const LAST_LOOKS = 2.5;
const calm = matchMedia('(prefers-reduced-motion: reduce)');
/** For readers who asked for little motion. */
const CALM_LOOKS = 3;

// A link may ask to play; whoever wants no motion starts it himself.
if (calm.matches) state.frames.playing = false;

/** First and last day of the frame shown, or of all the period. */
export const shownSpan = computed<Span | null>(() => {
  if (!span.value || !state.heat.on || !frameShown.value) return span.value;
  return { from: frameShown.value.from.slice(0, 10), to: dateOf(dayOf(frameShown.value.to) - 1), category: span.value.category };
});

/** The days shown, in words. */
export const when = computed(() => {
  const shown = shownSpan.value;
  if (!shown) return '';
  return shown.from === shown.to ? shown.from : t.value.heatRange(shown.from, shown.to);
});

const wanted = computed(() => (state.heat.on && state.frames.step && span.value ? { step: state.frames.step, span: span.value } : null));

const REST_MS = 200;
let asking: AbortController | null = null;
let rest = 0;

/** The frame that holds a day, or the first. */
const holding = (day: string) => Math.max(0, series.value?.frames.findIndex((one) => one.from.slice(0, 10) <= day && day < one.to.slice(0, 10)) ?? 0);

async function fetchFrames() {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  if (!wanted.value) {
    series.value = null;
    seriesFailure.value = null;
    return;
  }
  seriesLoading.value = true;
  try {
    const answer = await ask(wanted.value.step, wanted.value.span, mine.signal);
    if (mine.signal.aborted) return;
    const day = frameShown.value?.from.slice(0, 10) ?? state.frames.day;
    series.value = answer;
    state.frames.at = holding(day);
    seriesFailure.value = null;
  } catch (error) {
    if (mine.signal.aborted) return;
    series.value = null;
    seriesFailure.value = error instanceof Refusal ? error : new Refusal(0, null, null);
  } finally {
    if (asking === mine) seriesLoading.value = false;
  }
}

watch(
  () => JSON.stringify(wanted.value),
  (_, before) => {
    clearTimeout(rest);
    if (!wanted.value || before === undefined || before === 'null') void fetchFrames();
    else rest = window.setTimeout(() => void fetchFrames(), REST_MS);
  },
  { immediate: true },
);

// The legend: one for all frames, or that of the one picture.
let reading: AbortController | null = null;
watch(
  () => (state.heat.on && span.value && (!state.frames.step || series.value) ? (series.value ?? span.value) : null),
  async (of) => {
    reading?.abort();
    if (!of) return;
    const mine = new AbortController();
    reading = mine;
    const found = await scale(of, mine.signal).catch(() => null);
    if (!mine.signal.aborted) heatScale.value = found;
  },
  { immediate: true },
);

let clock = 0;
watch(
  () => [state.frames.playing, state.frames.tiles, frameShown.value] as const,
  ([playing, tiles, shown]) => {
    clearTimeout(clock);
    const all = series.value?.frames.length ?? 0;
    if (!playing || !shown || all < 2 || tiles !== location.origin + shown.tiles) return;
    const looks = (state.frames.at === all - 1 ? LAST_LOOKS : 1) * (calm.matches ? CALM_LOOKS : 1);
    clock = window.setTimeout(() => (state.frames.at = (state.frames.at + 1) % all), LOOK_MS[series.value?.step ?? 'week'] * looks);
  },
);

/** One frame on or back, round the ends; whoever steps looks by himself. */
export function stepFrames(by: number) {
  const all = series.value?.frames.length ?? 0;
  state.frames.playing = false;
  if (all > 0) state.frames.at = (state.frames.at + by + all) % all;
}
