// Every unit by code and name, fetched once when the search is first used: names are short, and answers must come between keystrokes.
import { api } from './api';
import type { Unit } from './api';

let loading: Promise<Unit[]> | null = null;
let loadedFor = '';

/** All units, top level first. `stamp` names the content: after it changes they are fetched again. */
function all(levels: readonly string[], stamp: string): Promise<Unit[]> {
  if (loading && loadedFor === stamp) return loading;
  loadedFor = stamp;
  loading = Promise.all(levels.map((level) => api.units(level))).then((lists) => lists.flat());
  loading.catch(() => {
    loading = null;
  });
  return loading;
}

/** Spaces, brackets and full-width forms make no difference. */
export const folded = (text: string) => text.normalize('NFKC').replace(/[\s()（）]/g, '').toLowerCase();

/** 0 is the best: the whole code or name, then a beginning, then any part. */
function rank(unit: Unit, wanted: string): number {
  const name = folded(unit.name);
  if (unit.code === wanted || name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (wanted.length >= 3 && unit.code.startsWith(wanted)) return 2;
  return name.includes(wanted) ? 3 : Number.POSITIVE_INFINITY;
}

export async function find(text: string, most: number, levels: readonly string[], stamp: string): Promise<Unit[]> {
  const wanted = folded(text);
  if (!wanted) return [];
  const ranked = (await all(levels, stamp)).map((unit, order) => ({ unit, order, rank: rank(unit, wanted) }));
  return ranked
    .filter((one) => one.rank < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.rank - b.rank || a.order - b.order)
    .slice(0, most)
    .map((one) => one.unit);
}
