// Two walls are open while a boundary is edited: each fetches the tiles that changed and that it shows, and no other.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { json, launch, open, serve } from './stand.mjs';

const author = { authorization: 'Bearer demo-district-token' };
const reviewer = { authorization: 'Bearer demo-reviewer-token' };
let server;
let browser;

before(async () => {
  server = await serve();
  browser = await launch({ webgl: true });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function post(path, who, body) {
  const answer = await fetch(`${server.origin}/api/v1${path}`, { method: 'POST', headers: who, body: body && JSON.stringify(body) });
  return { status: answer.status, said: await answer.json() };
}

async function done(path, who, body) {
  const { status, said } = await post(path, who, body);
  assert.ok(status < 300, `${path}: ${status} ${JSON.stringify(said)}`);
  return said;
}

/** A draft in which one vertex of a micro-grid's boundary is some metres elsewhere, ready to be published. */
async function oneVertexMoved() {
  const { units } = await json(server.origin, '/api/v1/units?level=micro&limit=10000');
  const { id } = await done('/drafts', author, { title: '挪一个界址点' });
  for (const unit of units.slice(1200)) {
    const { coordinates } = (await json(server.origin, `/api/v1/units/${unit.code}/geometry`)).geometry;
    for (const from of coordinates.flat(2).slice(0, 12)) {
      const to = [from[0] + 0.000_06, from[1] + 0.000_04];
      const { status } = await post(`/drafts/${id}/ops`, author, { ops: [{ op: 'move', from, to }] });
      if (status >= 300) continue;
      await done(`/drafts/${id}/submit`, author, { reason: '界址点复测' });
      await done(`/drafts/${id}/approve`, reviewer);
      return { id, unit, from, to };
    }
  }
  throw new Error('no vertex may move');
}

/** The tiles of zooms up to 16 that a map shows, by its own view: 512 pixels a tile. */
const shown = (page) =>
  page.evaluate(() => {
    const { map } = document.querySelector('#map');
    const z = Math.min(16, Math.floor(map.getZoom()));
    const at = ([lon, lat]) => {
      const sin = Math.sin((lat * Math.PI) / 180);
      return [(lon + 180) / 360, 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)].map((share) => Math.floor(share * 2 ** z));
    };
    const bounds = map.getBounds();
    const [west, north] = at(bounds.getNorthWest().toArray());
    const [east, south] = at(bounds.getSouthEast().toArray());
    const tiles = [];
    for (let y = north; y <= south; y += 1) for (let x = west; x <= east; x += 1) tiles.push(`${z}/${x}/${y}`);
    return tiles;
  });

/** From now on: when the picture with all new tiles has been handed to the screen, and when names have come to rest in it too. */
const watch = (page) =>
  page.evaluate(() => {
    const { map } = document.querySelector('#map');
    globalThis.redrawn = new Promise((resolve) => {
      const arrived = ({ tile }) => {
        if (!tile) return;
        map.off('sourcedata', arrived);
        const rest = new Promise((idle) => map.once('idle', () => idle(Date.now())));
        const painted = () => {
          if (!map.areTilesLoaded()) return;
          map.off('render', painted);
          // The next picture is begun when the screen has taken this one.
          requestAnimationFrame(() => {
            const shown = Date.now();
            void rest.then((still) => resolve({ shown, still }));
          });
        };
        map.on('render', painted);
      };
      map.on('sourcedata', arrived);
    });
  });

/** Corners of a unit as the map has them, to a tenth of a metre. */
const corners = (page, code) =>
  page.evaluate((wanted) => {
    const { map } = document.querySelector('#map');
    const found = map.querySourceFeatures('units', { sourceLayer: 'micro', filter: ['==', ['get', 'code'], wanted] });
    const points = found.flatMap(({ geometry }) => geometry.coordinates.flat(geometry.type === 'Polygon' ? 1 : 2));
    return [...new Set(points.map(([lon, lat]) => `${lon.toFixed(6)},${lat.toFixed(6)}`))].sort();
  }, code);

/** What is told of the next version. */
async function published({ body }) {
  let text = '';
  for await (const bytes of body) {
    text += Buffer.from(bytes).toString();
    const data = text.match(/^event: published\ndata: (.*)\n/m);
    if (data) return JSON.parse(data[1]);
  }
  throw new Error('the stream ended');
}

test('an edit is published: each wall draws it, and fetches nothing but the changed tiles that it shows', { timeout: 300_000 }, async (context) => {
  const { id, unit, from } = await oneVertexMoved();
  // The place itself from near, the same from farther off, and a part of the district where nothing changes.
  const views = [`16.2/${from[1]}/${from[0]}`, `13.4/${from[1] + 0.004}/${from[0] - 0.004}`, `16.5/${from[1] + 0.03}/${from[0] + 0.03}`];
  const walls = await Promise.all(views.map((view) => open(browser, server.origin, { hash: `#map=${view}` })));
  try {
    const was = await Promise.all(walls.map(({ page }) => corners(page, unit.code)));
    assert.ok(was[0].length > 3 && was[1].length > 3, 'the unit is on both walls');
    await Promise.all(walls.map(({ page }) => watch(page)));
    for (const { requests } of walls) requests.length = 0;
    const told = published(await fetch(`${server.origin}/api/v1/events`));
    const begun = Date.now();
    await done(`/drafts/${id}/publish`, author);
    const drawn = await Promise.all(walls.slice(0, 2).map(({ page }) => page.evaluate(() => globalThis.redrawn)));
    const changed = new Set((await told).tiles.units);
    context.diagnostic(`${changed.size} tiles changed; on the screens after ${drawn.map(({ shown }) => shown - begun).join(' and ')} ms, names at rest after ${drawn.map(({ still }) => still - begun).join(' and ')} ms`);
    for (const [at, { page, requests, faults }] of walls.entries()) {
      const fetched = requests.filter((url) => url.includes('/tiles/')).map((url) => new URL(url).pathname);
      const wanted = (await shown(page)).filter((tile) => changed.has(tile)).map((tile) => `/tiles/units/${tile}.mvt`);
      assert.deepEqual(fetched.toSorted(), wanted.toSorted(), `wall ${at + 1} at ${views[at]}`);
      // The map comes first: nothing else is asked until its tiles are there.
      const kinds = requests.map((url) => url.includes('/tiles/'));
      assert.ok(kinds.lastIndexOf(true) < wanted.length, `wall ${at + 1} asked for ${requests.join(' ')}`);
      assert.equal(wanted.length > 0, at < 2, `wall ${at + 1} shows ${wanted.length} changed tiles`);
      assert.deepEqual(faults, []);
    }
    for (const at of [0, 1]) assert.notDeepEqual(await corners(walls[at].page, unit.code), was[at], `wall ${at + 1} has the new line`);
  } finally {
    await Promise.all(walls.map((wall) => wall.close()));
  }
});
