// Figures as readers of each language write them. Numbers keep their digits; only the words around them change.
import type { Language, Texts } from './texts';

const locale = (language: Language) => (language === 'zh' ? 'zh-CN' : 'en-GB');

export const count = (n: number, language: Language): string => n.toLocaleString(locale(language));

/** One decimal below 100 m, whole metres below 10 km, then kilometres: never more digits than the answer is worth. */
export function distance(m: number, t: Texts): string {
  if (m > 0 && m < 0.1) return t.lessThan('0.1');
  if (m < 100) return t.metres(m.toFixed(1));
  if (m < 10_000) return t.metres(Math.round(m).toString());
  return t.kilometres((m / 1000).toFixed(1));
}

/** Square kilometres to three figures; small units in square metres. */
export function area(m2: number, language: Language, t: Texts): string {
  if (m2 < 100_000) return t.squareMetres(count(Math.round(m2), language));
  return t.squareKilometres((m2 / 1e6).toPrecision(3));
}

/** Days since 1970-01-01 of a date or time written `YYYY-MM-DD…`; the district's own calendar, so no time zone enters. */
export const dayOf = (date: string): number => Math.floor(Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / 86_400_000);

export const dateOf = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

/** The day on this machine's clock of an instant with its zone. */
export function localDay(instant: string): string {
  const at = new Date(instant);
  return dateOf(Math.floor((at.getTime() - at.getTimezoneOffset() * 60_000) / 86_400_000));
}

export function age(recorded: string, now: Date, t: Texts): string {
  const days = Math.floor((now.getTime() - Date.parse(recorded)) / 86_400_000);
  if (days < 0) return t.ageFuture;
  if (days === 0) return t.ageToday;
  return days < 60 ? t.ageDays(days) : t.ageMonths(Math.round(days / 30.44));
}

export type Wind = keyof Texts['compass'];
const winds: Wind[] = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'];

/** The compass bearing from one point to another in degrees, 0 = north, clockwise; good over a few kilometres. */
export function bearing(from: { lon: number; lat: number }, to: { lon: number; lat: number }): number {
  const east = (to.lon - from.lon) * Math.cos((from.lat * Math.PI) / 180);
  return ((Math.atan2(east, to.lat - from.lat) * 180) / Math.PI + 360) % 360;
}

export const wind = (degrees: number): Wind => winds[Math.round(degrees / 45) % 8] ?? 'n';

/** Metres between two places a few kilometres apart, on a sphere. */
export function apart(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const radians = Math.PI / 180;
  const east = (b.lon - a.lon) * radians * Math.cos(((a.lat + b.lat) / 2) * radians);
  return Math.hypot(east, (b.lat - a.lat) * radians) * 6_371_008.8;
}
