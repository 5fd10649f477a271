// What a typed text may mean – a position, an address, a unit – asked together and put in one order.
import { api } from './api';
import type { Candidate, Mark, Reading, Searched, Unit } from './api';
import { find as findUnits, folded } from './directory';

const MOST_UNITS = 8;
const MOST_ADDRESSES = 5;
/** The crossings of a road: the server gives no more. */
const MOST_CROSSINGS = 10;
/** The server reads no more, in characters. */
export const LONGEST = 400;

/** No coordinate is as long as a complaint; the server reads 512 bytes. */
const LONGEST_POSITION = 170;

/** What can be a coordinate at all; a code or a house number is not worth a question. */
const TWO_NUMBERS = /\d{2}.*\D.*\d{2}/;
/** Numbers that count houses, and none with a fraction or a degree beside them. */
const HOUSES = /\d\s*(?:号|#|栋|幢|座|楼|单元|室|层|组|期|户|门|弄|巷)/;
const DEGREES = /\d\s*[.．°º度]/;
/** Whoever writes this means a unit, not a place in it. */
const UNIT = '网格';
/** Behind the name of a road it asks for its crossings. */
export const AND = '与';
/** Beginning of a code: no address is so many digits. */
const CODE = /^\d{6,}$/;

export type Hit =
  | { kind: 'reading'; key: string; reading: Reading }
  | { kind: 'address'; key: string; candidate: Candidate; sure: boolean }
  | { kind: 'unit'; key: string; unit: Unit };

export interface Findings {
  /** The text that was asked about. */
  query: string;
  hits: Hit[];
  marks: Mark[];
  /** The next question to the caller. */
  ask: string | null;
  elsewhere: boolean;
  /** The first hit is what was meant. */
  certain: boolean;
}

const nothing: Searched = { query: '', marks: [], ambiguity: 'none', ask: null, candidates: [], version: 0 };

/** Readings of a coordinate first, then units whose code or whole name this is, then addresses, then units with it in their names. */
export async function meanings(query: string, levels: readonly string[], stamp: string, signal: AbortSignal): Promise<Findings> {
  const isPosition = query.length <= LONGEST_POSITION && TWO_NUMBERS.test(query) && (DEGREES.test(query) || !HOUSES.test(query));
  const isCode = CODE.test(query);
  const [readings, words, units] = await Promise.all([
    isPosition ? api.readings(query, signal) : [],
    isCode ? nothing : api.search(query, query.endsWith(AND) ? MOST_CROSSINGS : MOST_ADDRESSES, signal),
    findUnits(query, MOST_UNITS, levels, stamp),
  ]);
  // A text that is a coordinate is not an address as well.
  const found = readings.length > 0 ? nothing : words;
  const areUnits = units.length > 0 && (isCode || query.includes(UNIT));
  const wanted = folded(query);
  const exact = units.filter((unit) => unit.code === wanted || folded(unit.name) === wanted);
  const named = new Set(exact.map((unit) => unit.code));
  const candidates = found.candidates.filter(({ unit }) => !unit || !named.has(unit.code));
  const regions = new Set(candidates.map(({ unit }) => unit?.code));
  const others = units.filter(({ code }) => !named.has(code) && !regions.has(code));
  const sure = found.ambiguity === 'none' && exact.length === 0 && !areUnits;
  const hits: Hit[] = [
    ...readings.map((reading, index): Hit => ({ kind: 'reading', key: `r${index}`, reading })),
    ...exact.map(unitHit),
    ...(areUnits ? others.map(unitHit) : []),
    ...candidates.map((candidate, index): Hit => ({ kind: 'address', key: `a${index}`, candidate, sure: sure && index === 0 })),
    ...(areUnits ? [] : others.map(unitHit)),
  ];
  // That no place was found is no question to the caller while units are listed.
  const ask = areUnits || (found.ambiguity === 'unknown' && hits.length > 0) ? null : found.ask;
  return {
    query,
    hits,
    marks: found.marks,
    ask,
    elsewhere: found.ambiguity === 'elsewhere',
    certain: (hits.length === 1 && ask === null) || exact.some((unit) => unit.code === wanted) || (sure && candidates.length > 0 && readings.length === 0),
  };
}

const unitHit = (unit: Unit): Hit => ({ kind: 'unit', key: unit.code, unit });

export interface Piece {
  text: string;
  part: Mark['part'] | null;
}

/** The typed text in pieces, the understood ones named. Of a text typed on since, what still stands where it was understood stays marked. */
export function pieces(typed: string, query: string, marks: readonly Mark[]): Piece[] {
  const now = [...typed];
  const then = [...query];
  const lead = now.findIndex((character) => character.trim() !== '');
  const all: Piece[] = [];
  let at = 0;
  for (const { part, start, end } of [...marks].sort((a, b) => a.start - b.start)) {
    const [from, to] = [start + lead, end + lead];
    const text = now.slice(from, to).join('');
    if (lead < 0 || from < at || text === '' || text !== then.slice(start, end).join('')) continue;
    all.push({ text: now.slice(at, from).join(''), part: null }, { text, part });
    at = to;
  }
  all.push({ text: now.slice(at).join(''), part: null });
  return all.filter((piece) => piece.text !== '');
}
