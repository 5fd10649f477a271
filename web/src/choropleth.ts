// Keeps the choropleth shown what it is asked to be: another measure, level, period, or boundaries that changed.
import { computed, ref, watch } from 'vue';
import { Refusal } from './api';
import { shade } from './shading';
import { shading, span, state } from './state';

/** Why there is none. */
export const shadingFailure = ref<Refusal | null>(null);

/** The level asked for, or the one that the map names at its zoom: known once the map stands. */
export const shadedLevel = computed(() => state.level ?? (state.drawn ? (state.district?.levels[state.levelNow]?.key ?? null) : null));

const wanted = computed(() => {
  const { on, measure, method, classes } = state.shades;
  return on && span.value && shadedLevel.value ? { asked: { measure, method, classes }, level: shadedLevel.value, span: span.value } : null;
});

/** A handle that is being dragged asks once it rests; news and the first question do not wait. */
const REST_MS = 120;
let asking: AbortController | null = null;
let timer = 0;

async function ask() {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  if (!wanted.value) return;
  const { asked, level, span: period } = wanted.value;
  try {
    const answer = await shade(asked, level, period, mine.signal);
    if (mine.signal.aborted) return;
    shading.value = answer;
    shadingFailure.value = null;
  } catch (error) {
    if (mine.signal.aborted) return;
    shadingFailure.value = error instanceof Refusal ? error : new Refusal(0, null, null);
  }
}

watch(
  () => JSON.stringify(wanted.value),
  (_, before) => {
    clearTimeout(timer);
    if (!wanted.value || before === undefined || before === 'null') void ask();
    else timer = window.setTimeout(() => void ask(), REST_MS);
  },
  { immediate: true },
);
watch(
  () => state.news,
  () => void ask(),
);

// One theme at a time: figures of areas and a density over each other can be read as neither.
watch(
  () => state.shades.on,
  (on) => {
    if (on) state.heat.on = false;
  },
);
watch(
  () => state.heat.on,
  (on) => {
    if (on) state.shades.on = false;
  },
);
