// The map under the grids in a real browser: out of sight until it is asked for, then under everything, with its owner's name, and in the address.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { json, launch, open, root, serve } from './stand.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const OWNER = '示例影像 GS(2026)0000号';

/** A store, and an archive made of it to lie under it. */
const based = (format, ...what) => ({ binary, folder }) => {
  const store = join(folder, 'demo.gpkg');
  const file = join(folder, `base.${format}`);
  const run = (...args) => execFileSync(binary, args, { cwd: root, stdio: 'pipe' });
  run('import', '--store', store, '--district', 'data/sample/district.toml');
  run('export', '--store', store, '--format', format, '--out', file, '--max-zoom', '13', ...what);
  return ['--base-map', file, '--base-map-attribution', OWNER];
};

const asksForBase = (requests) => requests.filter((url) => /\/tiles\/basemap\/\d/.test(url));
const idle = (page) => page.evaluate(() => new Promise((settled) => document.querySelector('#map').map.once('idle', () => settled())));
const layers = (page) => page.evaluate(() => document.querySelector('#map').map.getStyle().layers.map(({ id, source, type, layout, paint }) => ({ id, source, type, layout, paint })));

for (const [kind, arrange] of [
  ['pictures', based('mbtiles', '--style', 'print')],
  ['vector tiles', based('pmtiles', '--set', 'base')],
]) {
  describe(`of ${kind}`, () => {
    let server;
    let browser;
    before(async () => {
      server = await serve(arrange);
      browser = await launch({ webgl: true });
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    test('nothing is fetched until it is switched on, and then it lies under the grids', async () => {
      const { page, faults, requests, close } = await open(browser, server.origin);
      assert.equal(asksForBase(requests).length, 0);
      assert.equal(await page.locator('[data-credit]').count(), 0);
      const own = (all) => all.filter((layer) => layer.source === 'base' && layer.type !== 'symbol').length;
      assert.ok(own(await layers(page)) > 0);
      await page.getByRole('switch', { name: '显示底图' }).click();
      await idle(page);
      assert.ok(asksForBase(requests).length > 0);
      assert.ok((await page.locator('[data-credit]').innerText()).includes(OWNER));
      assert.match(await page.evaluate(() => location.hash), /base=80/);
      const drawn = await layers(page);
      const under = drawn.filter((layer) => layer.source === 'basemap');
      assert.ok(under.length > 0 && under.every((layer) => layer.layout.visibility === 'visible' && layer.paint[`${layer.type}-opacity`] === 0.8));
      assert.equal(own(drawn), 0, 'its own streets give way');
      const last = drawn.findLastIndex((layer) => layer.source === 'basemap');
      assert.ok(last < drawn.findIndex((layer) => layer.id === 'tint'), 'the grids lie above');
      await page.locator('[data-base] input[type=range]').fill('40');
      await page.waitForFunction(() => location.hash.includes('base=40'));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html)}`), []);
      assert.deepEqual(faults, []);
      await close();
    });

    test('the address brings it back, in the dark too', async () => {
      const { page, faults, requests, close } = await open(browser, server.origin, { hash: '#base=55&theme=dark&lang=en' });
      assert.ok(asksForBase(requests).length > 0);
      assert.equal(await page.locator('[data-base] input[type=range]').inputValue(), '55');
      assert.ok((await page.locator('[data-credit]').innerText()).startsWith('Base map: '));
      await page.getByRole('switch', { name: 'Show the base map' }).click();
      await page.waitForFunction(() => !location.hash.includes('base='));
      assert.ok((await layers(page)).filter((layer) => layer.source === 'basemap').every((layer) => layer.layout.visibility === 'none'));
      assert.deepEqual(faults, []);
      await close();
    });

    test('without WebGL pictures lie under pictures', async (context) => {
      const plain = await launch({ webgl: false });
      context.after(() => plain.close());
      const { page, faults, requests, close } = await open(plain, server.origin, { hash: '#base=70&map=12/35.42/116.65' });
      const { base_map: offered } = await json(server.origin, '/api/v1/district');
      const raster = offered.kind === 'raster';
      assert.equal(asksForBase(requests).length > 0, raster);
      assert.equal(await page.locator('[data-base]').count(), raster ? 1 : 0);
      assert.deepEqual(faults, []);
      await close();
    });
  });
}
