// The first page in a real browser: what it shows is compared with what the server answers.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { json, launch, open, serve } from './stand.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let server;
let district;

before(async () => {
  server = await serve();
  district = await json(server.origin, '/api/v1/district');
});
after(() => server?.stop());

/** The place asked about, as the page's own address carries it. */
const asked = (page) => page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('at'));

async function answered(page, code) {
  const same = code ? `[data-owner-code]:text-is("${code}")` : '[data-owner-code]';
  await page.waitForSelector(`[data-card][data-state=answered] ${same}`);
  return page.locator('[data-owner-code]').innerText();
}

/** What the card says about the place in the address must be what the server says. */
async function cardAgrees(page) {
  const [lon, lat] = (await asked(page)).split(',');
  const truth = await json(server.origin, `/api/v1/locate?lon=${lon}&lat=${lat}`);
  assert.equal(truth.outcome, 'inside');
  assert.equal(await page.locator('[data-owner-code]').innerText(), truth.owner.code);
  assert.equal(await page.locator('[data-owner-name]').innerText(), truth.owner.name);
  const chain = await page.locator('[data-chain]').evaluateAll((links) => links.map((link) => [link.dataset.chain, link.querySelector('.name').dataset.name]));
  assert.deepEqual(chain, truth.chain.map((link) => [link.code, link.name]));
  assert.equal(chain.length, district.levels.length);
  const metres = Number.parseFloat(await page.locator('[data-distance]').innerText());
  assert.ok(Math.abs(metres - truth.boundary.distance_m) <= 0.5, `${metres} m shown, ${truth.boundary.distance_m} m true`);
  const officer = await page.locator('[data-officer]').innerText();
  assert.ok(officer.includes(truth.people.officer.name) && officer.includes(truth.people.officer.phone), officer);
  assert.match(truth.people.officer.name, /\*/, 'strangers see no whole name');
  assert.equal(await page.locator('[data-card] .coordinates li').count(), 5, 'the position in five systems, ready to be copied');
  await page.locator('[data-card] summary').click();
  assert.equal(await page.locator('[data-card] tbody tr').count(), truth.people.specialists.length);
  return truth;
}

const meant = (text) => json(server.origin, `/api/v1/search?q=${encodeURIComponent(text)}`);

/** Types into the box and waits for the answer to that very text. */
async function type(page, text) {
  await page.locator('#search').fill(text);
  await page.waitForFunction((wanted) => document.querySelector('#found')?.dataset.query === wanted, text.trim());
}

/** The parts that were understood, as the page shows them. */
const understood = (page) =>
  page.locator('[data-part]').evaluateAll((parts) => parts.map((part) => [part.dataset.part, part.querySelector('b').textContent]));

async function noAxeViolations(page, state) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.map((node) => node.html).join('\n  ')}`);
  assert.deepEqual(found, [], `accessibility of the page, ${state}`);
}

/** A unit in the middle of the list, and its neighbourhood, found through the interface alone. */
async function someUnit() {
  const lowest = district.levels.at(-1).key;
  const { units } = await json(server.origin, `/api/v1/units?level=${lowest}&limit=10000`);
  return units[Math.floor(units.length / 2)];
}

describe('with WebGL', () => {
  let browser;
  before(async () => {
    browser = await launch({ webgl: true });
  });
  after(() => browser?.close());

  test('the page shows the district: its figures, its mark, Chinese names, and asks nobody else', async () => {
    const { page, faults, requests, close } = await open(browser, server.origin);
    assert.equal(await page.locator('#map').getAttribute('data-engine'), 'vector');
    assert.equal(await page.locator('h1').innerText(), district.name);
    assert.equal(await page.locator('[data-mark]').innerText(), district.mark);
    for (const level of district.levels) {
      assert.equal(await page.locator(`[data-count=${level.key}]`).innerText(), level.units.toLocaleString('zh-CN'));
    }
    const names = await page.evaluate(() => {
      const { map } = document.querySelector('#map');
      const layers = map.getStyle().layers.filter((layer) => layer.type === 'symbol').map((layer) => layer.id);
      return map.queryRenderedFeatures({ layers }).map((feature) => feature.properties.name);
    });
    const { units: top } = await json(server.origin, `/api/v1/units?level=${district.levels[0].key}`);
    assert.ok(top.every((unit) => names.includes(unit.name)), `labels drawn: ${[...new Set(names)]}`);
    assert.ok(!requests.some((url) => /glyph|\.pbf|fonts?\//.test(url)), 'labels are drawn without fetching a glyph');
    await noAxeViolations(page, 'as it opens');
    assert.deepEqual(faults, []);
    await close();
  });

  test('every unit of the lowest level is in the tiles', async () => {
    const { page, faults, close } = await open(browser, server.origin, { viewport: { width: 1600, height: 1200 } });
    const lowest = district.levels.at(-1);
    const drawn = await page.evaluate(async ({ bounds: [w, s, e, n], level }) => {
      const { map } = document.querySelector('#map');
      const seen = new Set();
      const steps = 4;
      for (let i = 0; i < steps; i++) {
        for (let j = 0; j < steps; j++) {
          const [dx, dy] = [(e - w) / steps, (n - s) / steps];
          map.fitBounds([w + i * dx, s + j * dy, w + (i + 1) * dx, s + (j + 1) * dy], { animate: false });
          await new Promise((settled) => map.once('idle', () => settled()));
          for (const { properties } of map.querySourceFeatures('units', { sourceLayer: level })) seen.add(properties.code);
        }
      }
      return [...seen].sort();
    }, { bounds: district.bounds, level: lowest.key });
    const { units } = await json(server.origin, `/api/v1/units?level=${lowest.key}&limit=10000`);
    assert.equal(units.length, lowest.units);
    assert.deepEqual(drawn, units.map((unit) => unit.code).sort());
    assert.deepEqual(faults, []);
    await close();
  });

  test('a click on the map opens the card that locate answers', async () => {
    const { page, faults, close } = await open(browser, server.origin);
    const unit = await someUnit();
    const detail = await json(server.origin, `/api/v1/units/${unit.code}`);
    const at = await page.evaluate(async (bounds) => {
      const { map } = document.querySelector('#map');
      map.fitBounds(bounds, { animate: false, padding: 200 });
      await new Promise((settled) => map.once('idle', () => settled()));
      const { left, top, width, height } = map.getCanvas().getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    }, detail.bounds);
    await page.mouse.click(at.x, at.y);
    await answered(page);
    const truth = await cardAgrees(page);
    await noAxeViolations(page, 'with the card open');

    // The address carries it all: opened anew, the same card.
    const again = await open(browser, server.origin, { hash: await page.evaluate(() => location.hash) });
    await answered(again.page, truth.owner.code);
    assert.deepEqual(again.faults, []);
    await again.close();

    // A link of the chain shows that unit.
    const top = truth.chain[0];
    await page.locator(`[data-chain="${top.code}"]`).click();
    await page.waitForFunction((code) => new URLSearchParams(location.hash.slice(1)).get('unit') === code, top.code);
    assert.equal(await page.locator(`[data-chain="${top.code}"]`).getAttribute('aria-pressed'), 'true');

    // Arrow keys walk to a neighbour, Esc closes.
    const { neighbours } = await json(server.origin, `/api/v1/units/${truth.owner.code}/neighbours`);
    await page.locator('#map canvas').focus();
    for (const key of ['ArrowRight', 'ArrowUp', 'ArrowLeft', 'ArrowDown']) {
      await page.keyboard.press(key);
      const moved = await page
        .waitForFunction((code) => (document.querySelector('[data-card][data-state=answered] [data-owner-code]')?.textContent ?? code) !== code, truth.owner.code, { timeout: 5000 })
        .catch(() => null);
      if (moved) break;
    }
    const next = await page.locator('[data-owner-code]').innerText();
    assert.ok(neighbours.some((one) => one.code === next), `${next} is no neighbour of ${truth.owner.code}`);
    await page.keyboard.press('Escape');
    await page.waitForSelector('[data-card]', { state: 'detached' });
    assert.deepEqual(faults, []);
    await close();
  });

  test('the unit under the pointer is marked, and no tile is read anew for it', async () => {
    const { page, faults, close } = await open(browser, server.origin);
    const { bounds } = await json(server.origin, `/api/v1/units/${(await someUnit()).code}`);
    const canvas = await page.evaluate(async (framed) => {
      const { map } = document.querySelector('#map');
      map.fitBounds(framed, { animate: false, padding: 350 });
      await new Promise((settled) => map.once('idle', () => settled()));
      const { left, top, width, height } = map.getCanvas().getBoundingClientRect();
      return { left, top, width, height };
    }, bounds);
    const met = new Set();
    for (let step = 0; step <= 8; step += 1) {
      const [x, y] = [Math.round(canvas.left + canvas.width * (0.35 + step * 0.05)), Math.round(canvas.top + canvas.height * (0.45 + step * 0.01))];
      await page.mouse.move(x, y);
      if (step === 0) {
        // That there is a pointer has the tiles read for it, once.
        await page.evaluate(async () => {
          const { map } = document.querySelector('#map');
          await new Promise((settled) => map.once('idle', () => settled()).triggerRepaint());
          globalThis.read = 0;
          map.on('sourcedata', ({ tile }) => {
            if (tile) globalThis.read += 1;
          });
        });
        await page.mouse.move(x + 1, y);
      }
      const { at, marked } = await page.evaluate(async ({ x: left, y: top, level }) => {
        const { map } = document.querySelector('#map');
        await new Promise((painted) => map.once('render', painted).triggerRepaint());
        const box = map.getCanvas().getBoundingClientRect();
        const features = map.querySourceFeatures('units', { sourceLayer: level });
        const hovered = features.filter(({ id }) => map.getFeatureState({ source: 'units', sourceLayer: level, id }).hovered);
        return { at: map.unproject([left - box.left, top - box.top]).toArray(), marked: [...new Set(hovered.map(({ properties }) => properties.code))] };
      }, { x, y, level: district.levels.at(-1).key });
      const { owner } = await json(server.origin, `/api/v1/locate?lon=${at[0]}&lat=${at[1]}`);
      assert.deepEqual(marked, [owner.code], `at ${at}`);
      met.add(owner.code);
    }
    assert.ok(met.size > 2, `the pointer crossed ${met.size} units`);
    assert.equal(await page.evaluate(() => globalThis.read), 0, 'tiles read anew');
    assert.deepEqual(faults, []);
    await close();
  });

  test('the box finds coordinates in every reading, and units by code', async () => {
    const { page, faults, close } = await open(browser, server.origin);
    const [w, s, e, n] = district.bounds;
    const text = `${((w + e) / 2).toFixed(5)}, ${((s + n) / 2).toFixed(5)}`;
    const { readings } = await json(server.origin, `/api/v1/readings?text=${encodeURIComponent(text)}`);
    assert.ok(readings.length >= 2, 'a pair of degrees without a system has several readings');
    await page.locator('#search').fill(text);
    await page.waitForSelector(`#found-${readings.length - 1}`);
    await page.keyboard.press('ArrowDown');
    await noAxeViolations(page, 'with results listed');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-card][data-state=answered]');
    assert.equal(await page.locator('[data-owner-code]').innerText(), readings[0].owner.code);
    assert.equal(await page.locator('[data-found]').count(), 0, 'a coordinate is no address');

    const unit = await someUnit();
    await page.locator('#search').fill(unit.code);
    await page.waitForSelector('#found-0');
    await page.keyboard.press('Enter');
    await answered(page, unit.code);
    assert.deepEqual(faults, []);
    await close();
  });

  test('the box finds an address: what was understood, whose it is, and the card of that very place', async () => {
    const { page, faults, close } = await open(browser, server.origin);
    const before = await page.locator('#search').boundingBox();
    const truth = await meant('隆鑫苑5号楼3单元');
    assert.equal(truth.ambiguity, 'none');
    const [best] = truth.candidates;
    await type(page, '隆鑫苑5号楼3单元');
    assert.deepEqual(await understood(page), [['name', '隆鑫苑'], ['number', '5号楼3单元']]);
    assert.equal(await page.locator('[data-ask]').count(), 0, 'nothing is left to ask');
    const first = page.locator('#found-0');
    assert.equal(await first.locator('[data-name]').innerText(), best.name);
    for (const shown of ['归属明确', best.match_level_name, best.owner.owner.name, best.owner.people.officer.name]) {
      assert.ok((await first.innerText()).includes(shown), `${shown} in ${await first.innerText()}`);
    }
    assert.match(await page.locator('.search [role=status]').innerText(), new RegExp(`归属明确.*${truth.candidates.length} 条结果`));
    assert.deepEqual(await page.locator('#search').boundingBox(), before, 'nothing moved');
    await noAxeViolations(page, 'with an address found');

    await page.keyboard.press('Enter');
    await answered(page, best.owner.owner.code);
    await cardAgrees(page);
    const [lon, lat] = (await asked(page)).split(',').map(Number);
    assert.ok(Math.hypot(lon - best.lon, lat - best.lat) < 1e-6);
    const card = await page.locator('[data-found]').innerText();
    for (const shown of [best.address, best.match_level_name, `${best.accuracy_m} 米`]) assert.ok(card.includes(shown), `${shown} in ${card}`);
    const drawn = await page.evaluate(() => {
      const { map } = document.querySelector('#map');
      const [ring] = map.getStyle().sources['page-accuracy'].data.features[0].geometry.coordinates;
      const { lng, lat: middle } = map.getCenter();
      return { ring, inside: map.getBounds().contains(ring[0]), zoom: map.getZoom(), lng, middle };
    });
    const north = (drawn.ring[0][1] - best.lat) * 111_195;
    assert.ok(Math.abs(north - best.accuracy_m) < 0.1, `a circle of ${north} m for ${best.accuracy_m} m`);
    assert.ok(drawn.inside && drawn.zoom > 16, 'the map is there');
    await noAxeViolations(page, 'with the card of an address');

    // Letters lead to a building too.
    await page.keyboard.press('Escape');
    await page.waitForSelector('[data-card]', { state: 'detached' });
    await type(page, 'lxy5');
    assert.equal(await page.locator('#found-0 [data-name]').innerText(), '隆鑫苑5号楼');
    // Marks count characters, not the two units of 𠮷.
    await type(page, '  𠮷𠮷隆鑫苑5号楼');
    assert.ok((await understood(page)).some(([part, text]) => part === 'number' && text === '5号楼'), String(await understood(page)));
    assert.deepEqual(faults, []);
    await close();
  });

  test('what is not certain is asked, what is elsewhere is said, and a road is no place', async () => {
    const { page, faults, close } = await open(browser, server.origin);
    const name = await meant('崇文');
    assert.equal(name.ambiguity, 'name');
    await type(page, '崇文');
    assert.ok((await page.locator('[data-ask]').innerText()).includes(name.ask));
    assert.deepEqual(await page.locator('[data-hit=address] [data-name]').allInnerTexts(), name.candidates.map((one) => one.name));
    const edges = await page.locator('[data-hit=address]').evaluateAll((rows) => rows.map((row) => row.textContent.includes('贴边')));
    // A road among them has no point, so no owner.
    assert.deepEqual(edges, name.candidates.map((one) => one.owner?.boundary.ambiguous ?? false));
    assert.equal(await page.locator('#found .sure').count(), 0);
    await noAxeViolations(page, 'with a question');
    // Enter takes nothing by itself; it goes to the list.
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#search').getAttribute('aria-activedescendant'), 'found-0');
    assert.equal(await page.locator('[data-card]').count(), 0);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await answered(page, name.candidates[1].owner.owner.code);

    const elsewhere = await meant('嘉祥县王庄村');
    assert.equal(elsewhere.ambiguity, 'elsewhere');
    await type(page, '嘉祥县王庄村');
    assert.deepEqual((await understood(page))[0], ['elsewhere', '嘉祥县']);
    assert.ok((await page.locator('[data-ask].warning').innerText()).includes(elsewhere.ask));
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#found').isVisible(), true, 'what is elsewhere is not opened unasked');
    await noAxeViolations(page, 'with a place elsewhere');

    await type(page, '崇文大道');
    assert.equal(await page.locator('#found-0 [data-level]').innerText(), '道路');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('#search').value === '崇文大道与' && document.querySelector('#found-0 [data-level]')?.textContent === '路口');
    assert.equal(await page.locator('[data-card]').count(), 0, 'a road has no card');

    // A unit that was named opens as a unit, not as a point.
    const unit = name.candidates[0].owner.chain[1];
    await type(page, unit.code);
    await page.keyboard.press('Enter');
    await page.waitForFunction((code) => new URLSearchParams(location.hash.slice(1)).get('unit') === code, unit.code);
    assert.equal(await asked(page), null);
    assert.deepEqual(faults, []);
    await close();
  });

  test('heat is fetched when it is switched on, for the period and category chosen, and only then', async () => {
    const { page, faults, requests, close } = await open(browser, server.origin);
    const heat = () => requests.filter((url) => url.includes('/tiles/heat/'));
    const has = () => page.evaluate(() => document.querySelector('#map').map.getLayersOrder().some((id) => id.startsWith('page-heat:')));
    assert.deepEqual(heat(), []);
    const tile = page.waitForResponse((response) => response.url().includes('/tiles/heat/'));
    await page.getByRole('switch', { name: '显示诉求热力' }).check();
    const answer = await tile;
    assert.equal(answer.status(), 200);
    assert.equal(answer.headers()['content-type'], 'image/png');
    assert.ok(await has());
    const all = await json(server.origin, `/api/v1/stats/issues?level=${district.levels[0].key}`);
    const sum = all.values.reduce((total, one) => total + one.n, all.unplaced);
    await page.waitForFunction((n) => document.querySelector('[data-heat-total]')?.textContent.includes(n), sum.toLocaleString('zh-CN'));
    await page.waitForSelector('.histogram rect');
    await noAxeViolations(page, 'with heat');

    const narrowed = page.waitForResponse((response) => /\/tiles\/heat\/.*from=/.test(response.url()) && response.url().includes('category='));
    await page.locator('label:has-text("近30天")').click();
    await page.locator('select').selectOption(district.issues.categories[0].name);
    const query = new URL((await narrowed).url()).searchParams;
    assert.equal(query.get('category'), district.issues.categories[0].name);
    assert.equal((Date.parse(query.get('to')) - Date.parse(query.get('from'))) / 86_400_000, 30);

    await page.getByRole('switch', { name: '显示诉求热力' }).uncheck();
    await page.waitForFunction(() => !document.querySelector('#map').map.getLayersOrder().some((id) => id.startsWith('page-heat:')));
    assert.deepEqual(faults, []);
    await close();
  });

  test('one level can be singled out, in the dark and in English', async () => {
    const { page, faults, close } = await open(browser, server.origin);
    const level = district.levels[1];
    await page.locator(`input[name=level][value=${level.key}]`).check({ force: true });
    await page.locator('[data-theme-switch]').click();
    await page.getByRole('button', { name: 'Switch to English' }).click();
    await page.waitForFunction(() => document.documentElement.lang === 'en' && document.documentElement.dataset.theme === 'dark');
    await page.evaluate(() => new Promise((settled) => {
      const { map } = document.querySelector('#map');
      if (map.loaded() && !map.isMoving()) settled();
      else map.once('idle', () => settled());
    }));
    const { units } = await json(server.origin, `/api/v1/units?level=${level.key}&limit=10000`);
    const labels = await page.evaluate(() => {
      const { map } = document.querySelector('#map');
      const layers = map.getStyle().layers.filter((layer) => layer.type === 'symbol' && layer['source-layer'] === 'labels').map((layer) => layer.id);
      return map.queryRenderedFeatures({ layers }).map((feature) => feature.properties.code);
    });
    assert.ok(labels.length > 0, 'names of the level are drawn');
    const codes = new Set(units.map((unit) => unit.code));
    assert.deepEqual(labels.filter((code) => !codes.has(code)), [], 'and of no other level');
    await noAxeViolations(page, 'dark and in English');
    assert.deepEqual(faults, []);
    await close();
  });

  test('a narrow screen has everything too', async () => {
    const { page, faults, close } = await open(browser, server.origin, { viewport: { width: 390, height: 844 } });
    const box = await page.locator('#map').boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height * 0.6);
    await page.waitForSelector('[data-card][data-state=answered]');
    await type(page, '崇文');
    await noAxeViolations(page, 'on a telephone, with a question');
    const list = await page.locator('.search .list').boundingBox();
    assert.ok(list.x >= 0 && list.x + list.width <= 390, 'the list fits');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('[data-card]').count(), 1, 'Esc closes the list first');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `the page is ${wide} px wide`);
    await noAxeViolations(page, 'on a telephone');
    assert.deepEqual(faults, []);
    await close();
  });
});

test('a service that cannot be reached, and one without units, are told in words', async () => {
  const browser = await launch({ webgl: true });
  const context = await browser.newContext({ locale: 'zh-CN', reducedMotion: 'reduce', colorScheme: 'light' });
  const page = await context.newPage();
  let answer = (route) => route.abort();
  await page.route('**/api/v1/district', (route) => answer(route));
  await page.goto(server.origin);
  await page.getByText('地图没有载入').waitFor();
  await noAxeViolations(page, 'without a service');
  answer = (route) => route.fulfill({ json: { ...district, levels: district.levels.map((level) => ({ ...level, units: 0 })) } });
  await page.getByRole('button', { name: '重试' }).click();
  await page.getByText('库中还没有网格').waitFor();
  await noAxeViolations(page, 'without units');
  await browser.close();
});

test('without WebGL the map is made of pictures and the card is the same', async () => {
  const browser = await launch({ webgl: false });
  const { page, faults, close } = await open(browser, server.origin);
  assert.equal(await page.locator('#map').getAttribute('data-engine'), 'picture');
  const tiles = await page.locator('.picture-tiles img').evaluateAll((images) => images.map((image) => [image.complete, image.naturalWidth]));
  assert.ok(tiles.length >= 4);
  assert.ok(tiles.every(([complete, width]) => complete && width === 256), `tiles: ${tiles.join(' ')}`);
  const unit = await someUnit();
  await page.locator('#search').fill(unit.code);
  await page.waitForSelector('#found-0');
  await page.keyboard.press('Enter');
  await answered(page, unit.code);
  await page.waitForSelector('.ink-owner');
  await type(page, '隆鑫苑5号楼');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-found]');
  await page.waitForSelector('.ink-accuracy');
  await page.keyboard.press('Escape');
  await page.waitForSelector('[data-card]', { state: 'detached' });
  const box = await page.locator('#map').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await answered(page);
  await cardAgrees(page);
  await noAxeViolations(page, 'without WebGL');
  assert.deepEqual(faults, []);
  await close();
  await browser.close();
});

test('what is not there is a 404, never another page', async () => {
  for (const path of ['/assets/missing.js', '/favicon.ico.bak', '/some/page']) {
    const answer = await fetch(server.origin + path);
    assert.equal(answer.status, 404, path);
  }
});
