// The page's one state, and what may be done to it. Components read it and call these; none keeps a copy.
import { computed, nextTick, reactive, shallowRef } from 'vue';
import { api, heatTiles, Refusal } from './api';
import type { Candidate, District, Located, Reading, Span, Unit, UnitDetail } from './api';
import { bearing, dateOf, dayOf } from './format';
import * as hash from './hash';
import { around, boundsOf, innerPoint } from './map/inner';
import { circle } from './map/circle';
import type { Camera, Changed, Choropleth, Heat, Hovered, MapView, Padding, Place, Scene, Theme, UnderGrids } from './map/scene';
import type { Series, Step } from './series';
import type { Shading } from './shading';
import { texts } from './texts';
import type { Language } from './texts';

const link = hash.read(location.hash);
const prefersDark = matchMedia('(prefers-color-scheme: dark)').matches;

export const state = reactive({
  district: null as District | null,
  failure: null as Refusal | null,
  households: null as number | null,
  population: null as number | null,
  drawn: false,
  reachable: true,
  language: (link.language ?? 'zh') as Language,
  theme: (link.theme ?? (prefersDark ? 'dark' : 'light')) as Theme,
  /** Key of the one level shown, `null` to follow the zoom. */
  level: link.level,
  /** Index of the level the map names now. */
  levelNow: 0,
  camera: link.camera as Camera | null,
  hover: { place: null as Place | null, unit: null as Hovered | null },
  /** The place asked about and its answer. */
  place: link.place as Place | null,
  /** The address by which the place was found. */
  named: null as Candidate | null,
  located: null as Located | null,
  locating: false,
  locateFailure: null as Refusal | null,
  /** The unit picked in the chain, or found by search. */
  unit: null as UnitDetail | null,
  readings: [] as Reading[],
  base: { on: link.base !== null, strength: link.base ?? 80 },
  /** The period and category are those of a choropleth too. */
  heat: {
    on: link.heat !== null,
    from: link.heat?.from ?? link.shades?.from ?? '',
    to: link.heat?.to ?? link.shades?.to ?? '',
    category: link.category ?? '',
  },
  /** Heat frame by frame: with no step all of the period is one picture. `tiles` is what the map shows. */
  frames: { step: (link.frame?.step ?? null) as Step | null, day: link.frame?.day ?? '', at: 0, playing: link.frame?.playing ?? false, tiles: '' },
  shades: {
    on: link.shades !== null && link.heat === null,
    measure: link.shades?.measure ?? 'per_1000',
    method: link.shades?.method ?? 'jenks',
    classes: (link.shades?.classes ?? 5) as number,
  },
  /** Counts the news: what depends on boundaries is asked again when it moves. */
  news: 0,
});

/** The last answers; none is taken apart by reactivity. */
export const series = shallowRef<Series | null>(null);
export const shading = shallowRef<Shading | null>(null);

export const t = computed(() => texts[state.language]);

/** The map itself; not reactive, and none before the first answer of the server. */
export const view = shallowRef<MapView | null>(null);

const shapes = reactive({ owner: null as GeoJSON.Geometry | null, focus: null as GeoJSON.Geometry | null });

export const levelIndex = computed(() => {
  const index = state.district?.levels.findIndex((level) => level.key === state.level) ?? -1;
  return index < 0 ? null : index;
});

export const levelName = (key: string): string => {
  const level = state.district?.levels.find((one) => one.key === key);
  return level ? (state.language === 'zh' ? level.name : level.name_en || level.name) : key;
};

/** First and last day of the issues, and the span now chosen; `null` where there are none. */
export const issueDays = computed(() => {
  const issues = state.district?.issues;
  return issues?.from && issues.to ? { first: dayOf(issues.from), last: dayOf(issues.to) } : null;
});

/** What was, unless something differs in it: whoever watches it is not woken by an answer that says the same again. */
const same = <T extends object>(was: T | null | undefined, is: T): T =>
  was && (Object.keys(is) as (keyof T)[]).every((key) => was[key] === is[key]) ? was : is;

export const span = computed<Span | null>((was) => {
  const days = issueDays.value;
  if (!days) return null;
  const inside = (date: string, otherwise: number) => dateOf(date ? Math.max(days.first, Math.min(days.last, dayOf(date))) : otherwise);
  return same(was, { from: inside(state.heat.from, days.first), to: inside(state.heat.to, days.last), category: state.heat.category });
});

/** The map under the grids, where there is one that this page can show: without WebGL there are pictures only. */
export const baseMap = computed(() => {
  const offered = state.district?.base_map ?? null;
  return view.value?.kind === 'picture' && offered?.kind === 'vector' ? null : offered;
});

const under = computed<UnderGrids | null>(() =>
  baseMap.value && state.base.on ? { kind: baseMap.value.kind, strength: state.base.strength / 100, zooms: [baseMap.value.min_zoom, baseMap.value.max_zoom], bounds: baseMap.value.bounds } : null,
);

/** The frame shown, if heat is shown frame by frame. */
export const frameShown = computed(() => (state.frames.step && series.value?.frames[state.frames.at]) || null);

const heat = computed<Heat | null>((was) => {
  if (!state.heat.on || !span.value) return null;
  if (!state.frames.step) return same(was, { tiles: heatTiles(span.value), next: null });
  const all = series.value?.frames ?? [];
  const absolute = (at: number) => (all[at] ? location.origin + all[at].tiles : null);
  const tiles = absolute(state.frames.at);
  return tiles ? same(was, { tiles, next: all.length > 1 ? absolute((state.frames.at + 1) % all.length) : null }) : null;
});

/** Colours of the classes, the lowest first: on dark ground the most is the lightest. Picture tiles are light whatever the theme. */
export const classColours = computed(() => {
  const colours = (shading.value?.rows ?? []).map((row) => row.colour);
  return state.theme === 'dark' && view.value?.kind !== 'picture' ? colours.reverse() : colours;
});

const shadedIndex = computed(() => state.district?.levels.findIndex((one) => one.key === shading.value?.level) ?? -1);

const choropleth = computed<Choropleth | null>(() => {
  const [shown, level] = [shading.value, shadedIndex.value];
  if (!state.shades.on || !shown || level < 0) return null;
  const colours = new Map<number, string>();
  for (const { id, class: rank } of shown.values) if (rank !== null) colours.set(id, classColours.value[rank] ?? '');
  const few = shown.values.filter((one) => one.shown === 'few').map((one) => one.code);
  return { level, key: shown.level, colours, few, query: shown.query };
});

const pins = computed<Place[]>(() => (state.readings.length > 1 ? state.readings.map(({ point }) => point) : []));

export const scene = computed<Scene>((was) => same(was, {
  theme: state.theme,
  level: levelIndex.value,
  heat: heat.value,
  choropleth: choropleth.value,
  base: under.value,
  place: state.place,
  radius: state.place ? (state.named?.accuracy_m ?? null) : null,
  pins: pins.value,
  owner: shapes.owner,
  focus: shapes.focus,
}));

export const address = computed(() =>
  hash.write({
    camera: state.camera,
    place: state.place,
    unit: state.unit?.code ?? null,
    level: state.level,
    heat: state.heat.on && span.value ? { from: span.value.from, to: span.value.to } : null,
    category: state.heat.on || state.shades.on ? state.heat.category : null,
    base: state.base.on ? state.base.strength : null,
    frame: state.heat.on && state.frames.step ? { step: state.frames.step, day: frameShown.value?.from.slice(0, 10) ?? state.frames.day, playing: state.frames.playing } : null,
    shades: state.shades.on && span.value ? { ...state.shades, from: span.value.from, to: span.value.to } : null,
    theme: state.theme === (prefersDark ? 'dark' : 'light') ? null : state.theme,
    language: state.language === 'zh' ? null : state.language,
  }),
);

/** How much of the map panels cover on each side, measured where they stand: narrow screens and wide walls arrange them differently. */
export function padding(): Padding {
  const free: Padding = { top: 24, right: 24, bottom: 24, left: 24 };
  const map = document.querySelector('#map')?.getBoundingClientRect();
  if (!map) return free;
  const { width, height } = map;
  for (const panel of document.querySelectorAll('[data-covers]')) {
    const box = panel.getBoundingClientRect();
    if (box.width === 0) continue;
    if (box.right < width * 0.45) free.left = Math.max(free.left, box.right + 16);
    else if (box.left > width * 0.55) free.right = Math.max(free.right, width - box.left + 16);
    else if (box.top < height / 2) free.top = Math.max(free.top, box.bottom + 16);
    else free.bottom = Math.max(free.bottom, height - box.top + 16);
  }
  if (free.left + free.right > width * 0.85) free.left = free.right = 24;
  if (free.top + free.bottom > height * 0.85) free.top = free.bottom = 24;
  return free;
}

const asRefusal = (error: unknown) => (error instanceof Refusal ? error : new Refusal(0, null, null));

/** What went wrong, in the reader's language: the server's own words in Chinese (`title`) or English (`detail`) where it gave any. */
export const explain = (refusal: Refusal): string => {
  if (refusal.status === 0) return t.value.unreachable;
  const own = state.language === 'zh' ? refusal.title : (refusal.detail ?? refusal.title);
  return own ?? t.value.unexpected(refusal.status);
};

export async function loadDistrict() {
  state.failure = null;
  try {
    state.district = await api.district();
    void loadSums();
  } catch (error) {
    state.failure = asRefusal(error);
  }
}

/** Households and people of the district: the sums of its top units. */
async function loadSums() {
  const top = state.district?.levels[0];
  const units = top ? await api.units(top.key).catch(() => null) : null;
  if (!units) return;
  state.households = units.reduce((sum, unit) => sum + unit.households, 0);
  state.population = units.reduce((sum, unit) => sum + unit.population, 0);
}

/** Asks again, so that the age shown is true and a new version is drawn. Cheap: one small answer a minute. */
export async function recheck() {
  const before = state.district?.stamp;
  try {
    state.district = await api.district();
    state.reachable = true;
  } catch {
    state.reachable = false;
    return;
  }
  listen();
  if (before !== undefined && before !== state.district.stamp) void renew(null);
}

/** A new version: what it changed is drawn, then what it may have changed is asked again. The map comes first: whatever else is fetched would stand in its way. */
async function renew(changed: Changed) {
  geometries.clear();
  const drawn = view.value?.refresh(changed);
  state.news += 1;
  await drawn;
  void loadSums();
  if (state.place) await locate(state.place, state.named);
}

/** The service was heard: a version came into force, or nobody knows what was missed. */
async function heard(changed: Changed) {
  await renew(changed);
  // With its stamp known, the next look at it finds nothing new.
  state.district = await api.district().catch(() => state.district);
}

let line: EventSource | null = null;

/** Listens to what happens, unless it does. A line that breaks is taken up again where it broke; one that was refused, at the next look at the district. */
export function listen() {
  if (line && line.readyState !== EventSource.CLOSED) return;
  line = new EventSource('/api/v1/events');
  line.addEventListener('published', ({ data }: MessageEvent<string>) => void heard((JSON.parse(data) as { tiles: Changed }).tiles));
  line.addEventListener('places', () => void heard({ places: null }));
  line.addEventListener('reset', () => void heard(null));
}

export function hangUp() {
  line?.close();
  line = null;
}

const geometries = new Map<string, Promise<GeoJSON.Geometry>>();

function geometry(code: string): Promise<GeoJSON.Geometry> {
  const known = geometries.get(code);
  if (known) return known;
  const asked = api.geometry(code);
  geometries.set(code, asked);
  asked.catch(() => geometries.delete(code));
  if (geometries.size > 200) geometries.delete(geometries.keys().next().value ?? '');
  return asked;
}

async function drawShape(which: 'owner' | 'focus', code: string | null, current: () => boolean) {
  if (!code) {
    shapes[which] = null;
    return;
  }
  const found = await geometry(code).catch(() => null);
  if (current()) shapes[which] = found;
}

/** How far the answer looks for neighbours. */
const NEAR_M = 300;

/** Nearer to the boundary than a hand-held receiver can tell in a street: the answer is marked and the neighbours are to be asked. An address says itself how exact it is. */
const EDGE_M = 10;

export const atEdge = computed(() => {
  const answer = state.located;
  return answer !== null && answer.outcome !== 'outside' && (answer.outcome === 'boundary' || answer.boundary.distance_m <= (state.named?.accuracy_m ?? EDGE_M));
});

let asking: AbortController | null = null;

/** Brings the place into sight, moving as little as possible: the card may lie over it. */
const uncover = (place: Place) => view.value?.reveal(place, padding());

/** Asks whose place this is and shows the answer; a later question silences an earlier one. */
export async function locate(place: Place, named: Candidate | null = null, arrive = uncover) {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  state.place = place;
  state.named = named;
  state.locating = true;
  state.locateFailure = null;
  clearUnit();
  try {
    const answer = await api.locate(place.lon, place.lat, NEAR_M, mine.signal);
    state.located = answer;
    void nextTick(() => arrive(place)); // the card stands by then
    await Promise.all([drawShape('owner', answer.owner?.code ?? null, () => asking === mine), focusShown(answer, mine)]);
  } catch (error) {
    if (mine.signal.aborted) return;
    state.located = null;
    shapes.owner = null;
    state.locateFailure = asRefusal(error);
  } finally {
    if (asking === mine) state.locating = false;
  }
}

/** With one upper level singled out, a click means the unit of that level as well. */
async function focusShown(answer: Located, mine: AbortController) {
  const shown = levelIndex.value;
  const levels = state.district?.levels ?? [];
  if (shown === null || shown === levels.length - 1) return;
  const unit = answer.chain.find((one) => one.level === levels[shown]?.key);
  if (unit) await drawShape('focus', unit.code, () => asking === mine && state.unit === null);
}

function clearUnit() {
  state.unit = null;
  shapes.focus = null;
}

/** Shows one unit of any level on the map: highlighted, and the camera on it. */
export async function showUnit(code: string) {
  const unit = await api.unit(code);
  state.unit = unit;
  const current = () => state.unit?.code === code;
  await drawShape('focus', code, current);
  const bounds = unit.bounds ?? (shapes.focus && boundsOf(shapes.focus));
  if (current() && bounds) view.value?.fit(bounds, padding(), true);
}

export function hideUnit() {
  clearUnit();
}

/** A unit of any level as the thing asked about, as the search finds it. */
export async function openUnit(found: Pick<Unit, 'code' | 'level'>) {
  closeCard();
  try {
    const lowest = state.district?.levels.at(-1)?.key;
    await showUnit(found.code);
    if (found.level === lowest) await locateUnit(found.code);
  } catch (error) {
    state.locateFailure = asRefusal(error);
  }
}

/** How much is shown around an address, however exact it is. */
const AROUND_M = 70;

/** A found address as the thing asked about: its owner, and the map on the circle in which it lies. */
export async function openAddress(found: Candidate) {
  if (found.unit) return openUnit(found.unit);
  const { lon, lat, accuracy_m } = found;
  if (lon === null || lat === null) return;
  state.readings = [];
  const bounds = boundsOf(circle({ lon, lat }, Math.max(AROUND_M, accuracy_m ?? 0)));
  await locate({ lon, lat }, found, () => (bounds ? view.value?.fit(bounds, padding(), true) : undefined));
}

/** Frames several places, as those along a road. */
export function frame(places: readonly Place[]) {
  if (places.length > 0) view.value?.fit(around(places), padding(), true);
}

/** Asks about a point well inside a unit. */
export async function locateUnit(code: string) {
  const place = await insideOf(code);
  if (place) await locate(place);
}

async function insideOf(code: string): Promise<Place | null> {
  const shape = await geometry(code).catch(() => null);
  return shape && innerPoint(shape);
}

export function closeCard() {
  asking?.abort();
  asking = null;
  state.place = null;
  state.named = null;
  state.located = null;
  state.locating = false;
  state.locateFailure = null;
  state.readings = [];
  shapes.owner = null;
  clearUnit();
}

/** Walks to the neighbour that lies most nearly in a direction (degrees from north, clockwise); `false` when none does. */
export async function walk(direction: number): Promise<boolean> {
  const home = state.located?.owner;
  if (!home) return false;
  const adjacent = await api.adjacent(home.code).catch(() => []);
  const [from, ...places] = await Promise.all([home.code, ...adjacent.map((one) => one.code)].map(insideOf));
  if (!from || state.located?.owner?.code !== home.code) return false;
  let best: { place: Place; off: number } | null = null;
  for (const place of places) {
    if (!place) continue;
    const off = Math.abs(((bearing(from, place) - direction + 540) % 360) - 180);
    if (off <= 67.5 && (!best || off < best.off)) best = { place, off };
  }
  if (!best) return false;
  await locate(best.place);
  return true;
}

/** Bearings from the place asked about to its neighbours, as they become known. */
export async function bearings(codes: string[]): Promise<Map<string, number>> {
  const here = state.place;
  const found = new Map<string, number>();
  if (!here) return found;
  const places = await Promise.all(codes.map(insideOf));
  places.forEach((place, index) => {
    if (place) found.set(codes[index] ?? '', bearing(here, place));
  });
  return found;
}

/** What the link asked for beyond the camera; called once the map stands. */
export async function followLink() {
  if (link.unit) await showUnit(link.unit).catch(() => undefined);
  else if (link.place) await locate(link.place);
}
