// The two themes that leaders look at – units coloured by a figure, heat frame by frame – against what the server says of them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { json, launch, open, serve } from './stand.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PERIOD = { from: '2025-01-01', to: '2025-01-31' };
const QUERY = 'from=2025-01-01&to=2025-02-01';
let server;
let browser;
let district;

before(async () => {
  server = await serve();
  district = await json(server.origin, '/api/v1/district');
  browser = await launch({ webgl: true });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const classes = (measure, level, method, n = 5, query = QUERY) =>
  json(server.origin, `/api/v1/stats/${measure}/classes?level=${level}&method=${method}&classes=${n}&${query}`);

async function noAxeViolations(page, state) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.map((node) => node.html).join('\n  ')}`);
  assert.deepEqual(found, [], `accessibility of the page, ${state}`);
}

/** The feature-state of units of a level, by the ids of the answer, once every one of them is what was answered. */
const coloured = (page, level, values) =>
  page.waitForFunction(
    ([sourceLayer, wanted]) => {
      const { map } = document.querySelector('#map');
      return wanted.every(([id, colour]) => (map.getFeatureState({ source: 'units', sourceLayer, id }).colour ?? null) === colour);
    },
    [level, values.map(({ id, colour, shown }) => [id, shown === 'class' ? colour : null])],
  );

/** What is on the screen inside a unit: its colours, the most frequent first, with their share of a lattice of points inside it. */
async function inside(page, code) {
  const { geometry } = await json(server.origin, `/api/v1/units/${code}/geometry`);
  const { bounds } = await json(server.origin, `/api/v1/units/${code}`);
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  return page.evaluate(
    async ([[w, s, e, n], rings]) => {
      const { map } = document.querySelector('#map');
      map.fitBounds([w, s, e, n], { animate: false, padding: 250 });
      await new Promise((settled) => map.once('idle', () => settled()));
      const holds = ([x, y]) =>
        rings.reduce((odd, ring) => {
          for (let i = 1; i < ring.length; i += 1) {
            const [[x1, y1], [x2, y2]] = [ring[i - 1], ring[i]];
            if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) odd = !odd;
          }
          return odd;
        }, false);
      const points = [];
      for (let i = 1; i < 40; i += 1) for (let j = 1; j < 40; j += 1) points.push([w + ((e - w) * i) / 40, s + ((n - s) * j) / 40]);
      const places = points.filter(holds).map((point) => map.project(point));
      const canvas = map.getCanvas();
      const ratio = canvas.width / canvas.clientWidth;
      const pixels = await new Promise((read) => {
        map.once('render', () => {
          const gl = canvas.getContext('webgl2');
          const all = new Uint8Array(canvas.width * canvas.height * 4);
          gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, all);
          read(all);
        });
        map.triggerRepaint();
      });
      const tally = new Map();
      for (const { x, y } of places) {
        const at = ((canvas.height - 1 - Math.floor(y * ratio)) * canvas.width + Math.floor(x * ratio)) * 4;
        const colour = `#${[...pixels.slice(at, at + 3)].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
        tally.set(colour, (tally.get(colour) ?? 0) + 1);
      }
      return [...tally].sort((a, b) => b[1] - a[1]).map(([colour, times]) => ({ colour, share: times / places.length }));
    },
    [bounds, polygons.flat()],
  );
}

describe('units coloured by a figure', () => {
  test('whatever the classing, a unit has on the screen the colour of its class, and one of few cases is hatched', { timeout: 300_000 }, async () => {
    const { page, faults, close } = await open(browser, server.origin, { hash: `#level=grid&shades=per_1000/jenks/5/${PERIOD.from}/${PERIOD.to}` });
    for (const method of ['jenks', 'quantile', 'equal']) {
      await page.locator('#shades-method').selectOption(method);
      const said = await classes('per_1000', 'grid', method);
      await coloured(page, 'grid', said.values);
      // One of the lowest class, one of the highest that has any, and one between.
      const used = said.classes.flatMap((one, index) => (one.units > 0 ? [index] : []));
      for (const index of [used[0], used[Math.floor(used.length / 2)], used.at(-1)]) {
        const unit = said.values.find((one) => one.class === index);
        const [most] = await inside(page, unit.code);
        assert.equal(most.colour, said.classes[index].colour, `${method}: ${unit.code} of class ${index}`);
        assert.equal(unit.colour, most.colour);
        assert.ok(most.share > 0.5, `${method}: ${unit.code} is ${most.share} in its colour`);
      }
      const few = said.values.filter((one) => one.shown === 'few');
      assert.ok(few.length > 0 && few.length === said.few.units, 'a month is too short for some');
      const seen = await inside(page, few[0].code);
      const [paper] = seen;
      assert.ok(!said.classes.some((one) => seen[0].colour === one.colour), 'no colour of a class');
      const dark = seen.filter(({ colour }) => Number.parseInt(colour.slice(1, 3), 16) < Number.parseInt(paper.colour.slice(1, 3), 16) - 40);
      const ink = dark.reduce((sum, { share }) => sum + share, 0);
      assert.ok(ink > 0.05 && ink < 0.6 && paper.share > 0.2, `lines on paper: ${JSON.stringify(seen.slice(0, 6))}`);
      const listed = await page.evaluate(() => {
        const { map } = document.querySelector('#map');
        return [...new Set(map.queryRenderedFeatures({ layers: ['page-few'] }).map((feature) => feature.properties.code))];
      });
      assert.ok(listed.includes(few[0].code));
      assert.deepEqual(listed.filter((code) => !few.some((one) => one.code === code)), [], 'only units of few cases are hatched');
    }
    assert.deepEqual(faults, []);
    await close();
  });

  test('the legend says what the server says, and every figure of it opens its units', async () => {
    const { page, faults, close } = await open(browser, server.origin, { viewport: { width: 1920, height: 1080 }, hash: `#level=grid&shades=per_1000/quantile/4/${PERIOD.from}/${PERIOD.to}` });
    const said = await classes('per_1000', 'grid', 'quantile', 4);
    await coloured(page, 'grid', said.values);
    const rows = await page.locator('[data-class]').evaluateAll((all) =>
      all.map((row) => [row.dataset.class, Number(row.dataset.units), row.querySelector('.swatch rect').getAttribute('fill'), row.querySelector('.word').textContent.trim()]),
    );
    const bound = (value) => value.toFixed(1);
    const wanted = said.classes.map((one, index) => [`class-${index}`, one.units, one.colour, `${bound(one.from)} – ${bound(one.to)}`]).reverse();
    assert.deepEqual(rows.slice(0, -2), wanted);
    assert.deepEqual(rows.slice(-2).map((row) => row.slice(0, 2)), [['few', said.few.units], ['none', said.none.units]]);
    await noAxeViolations(page, 'with a choropleth');

    // By keyboard: the highest class opens its units, the highest first, and a unit opens.
    const top = said.values.filter((one) => one.class === said.classes.length - 1).sort((a, b) => b.value - a.value);
    await page.locator(`[data-class=class-${said.classes.length - 1}] button`).focus();
    await page.keyboard.press('Enter');
    const codes = await page.locator('[data-row]').evaluateAll((all) => all.map((row) => row.dataset.row));
    assert.deepEqual(codes.toSorted(), top.map((one) => one.code).sort());
    assert.equal(codes[0], top[0].code);
    await noAxeViolations(page, 'with the units of a class');
    await page.locator('[data-row]').first().click();
    await page.waitForFunction((code) => new URLSearchParams(location.hash.slice(1)).get('unit') === code, top[0].code);
    const card = await page.locator('[data-card] [data-unit-figure]').innerText();
    assert.ok(card.includes(bound(top[0].value)) && card.includes(`${top[0].n.toLocaleString('zh-CN')} 件`), card);
    assert.match(card, new RegExp(`第 1 位，共 ${said.values.filter((one) => one.shown === 'class').length} 个`));
    await page.locator('[data-class=few] button').first().click();
    assert.equal(await page.locator('[data-row]').count(), said.few.units);

    // Under the pointer: the figure of that very unit.
    await page.keyboard.press('Escape');
    const { width, height } = page.viewportSize();
    await page.mouse.move(width / 2, height / 2);
    await page.mouse.move(width / 2 + 2, height / 2);
    const tip = page.locator('[data-tip]');
    await tip.waitFor();
    const name = await tip.locator('strong').first().innerText();
    const { values } = await json(server.origin, `/api/v1/stats/per_1000?level=grid&${QUERY}`);
    const under = said.values.find((one) => values.some((other) => other.code === one.code && other.name === name));
    assert.ok(under, `${name} is a grid`);
    const tipped = await tip.innerText();
    assert.ok(tipped.includes(under.shown === 'class' ? bound(under.value) : '不足'), tipped);
    assert.deepEqual(faults, []);
    await close();
  });

  test('counts by another level in the dark: the most is the lightest, and the link brings it all back', async () => {
    const { page, faults, close } = await open(browser, server.origin, { hash: '#theme=dark' });
    await page.getByRole('switch', { name: '显示分级设色' }).check();
    await page.locator('input[name=measure][value=issues]').check({ force: true });
    await page.locator('#shades-level').selectOption('community');
    await page.locator('#shades-method').selectOption('equal');
    await page.locator('#shades-classes').selectOption('6');
    await page.locator('label:has-text("近一年")').click();
    await page.locator('[data-heat-total] ~ *').first().waitFor();
    const link = await page.evaluate(async () => {
      await new Promise((settled) => requestAnimationFrame(() => settled()));
      return location.hash;
    });
    const [, , , from, to] = new URLSearchParams(link.slice(1)).get('shades').split('/');
    const next = new Date(Date.parse(to) + 86_400_000).toISOString().slice(0, 10);
    const said = await classes('issues', 'community', 'equal', 6, `from=${from}&to=${next}`);
    const colours = said.classes.map((one) => one.colour).reverse();
    const mirrored = said.values.map((one) => ({ ...one, colour: one.class === null ? null : colours[one.class] }));
    await coloured(page, 'community', mirrored);
    assert.equal(await page.locator('[data-class=few]').count(), 0, 'counts are always compared');
    await noAxeViolations(page, 'with a choropleth in the dark');

    const again = await open(browser, server.origin, { hash: link });
    await coloured(again.page, 'community', mirrored);
    assert.equal(await again.page.locator('input[name=measure]:checked').inputValue(), 'issues');
    assert.equal(await again.page.locator('#shades-level').inputValue(), 'community');
    assert.equal(await again.page.locator('#shades-method').inputValue(), 'equal');
    assert.equal(await again.page.locator('#shades-classes').inputValue(), '6');
    assert.equal(await again.page.evaluate(() => location.hash), link);
    // The other theme takes its place.
    await again.page.getByRole('switch', { name: '显示诉求热力' }).check();
    await again.page.waitForFunction(() => !document.querySelector('#map').map.getLayer('page-shades'));
    assert.equal(await again.page.getByRole('switch', { name: '显示分级设色' }).isChecked(), false);
    for (const one of [faults, again.faults]) assert.deepEqual(one, []);
    await Promise.all([close(), again.close()]);
  });

  test('on a telephone it fits, without WebGL it is made of pictures', async () => {
    const narrow = await open(browser, server.origin, { viewport: { width: 390, height: 844 }, hash: `#level=community&shades=per_1000/jenks/5/${PERIOD.from}/${PERIOD.to}` });
    await narrow.page.locator('[data-class]').first().waitFor();
    await noAxeViolations(narrow.page, 'with a choropleth on a telephone');
    assert.ok((await narrow.page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
    const [panel, dock] = await Promise.all(['[data-shades]', '.dock'].map((part) => narrow.page.locator(part).boundingBox()));
    assert.ok(dock.y - (panel.y + panel.height) > 844 / 3, 'a third of the screen is map');
    assert.deepEqual(narrow.faults, []);
    await narrow.close();

    const without = await launch({ webgl: false });
    const { page, faults, requests, close } = await open(without, server.origin, { hash: `#level=community&shades=per_1000/jenks/5/${PERIOD.from}/${PERIOD.to}` });
    await page.waitForFunction(() => [...document.querySelectorAll('.picture-tiles img')].some((image) => image.src.includes('/tiles/choropleth/') && image.complete && image.naturalWidth > 0));
    const asked = new URL(requests.find((url) => url.includes('/tiles/choropleth/'))).searchParams;
    assert.deepEqual(Object.fromEntries(asked), { measure: 'per_1000', method: 'jenks', classes: '5', level: 'community', from: '2025-01-01', to: '2025-02-01' });
    const said = await classes('per_1000', 'community', 'jenks');
    const swatches = await page.locator('[data-class^=class-] .swatch rect').evaluateAll((all) => all.map((rect) => rect.getAttribute('fill')));
    assert.deepEqual(swatches, said.classes.map((one) => one.colour).reverse());
    assert.deepEqual(faults, []);
    await close();
    await without.close();
  });
});

describe('heat frame by frame', () => {
  const hash = '#heat=2025-01-01/2025-12-31&frame=month/2025-03-01';
  const series = () => json(server.origin, '/api/v1/stats/issues/frames?step=month&from=2025-01-01&to=2026-01-01');

  /** From now on: each frame as it is first seen, and whether all of it was there. */
  const watch = (page) =>
    page.evaluate(() => {
      const { map } = document.querySelector('#map');
      globalThis.seen = [];
      map.on('render', () => {
        const layers = map.getStyle().layers.filter((layer) => layer.id.startsWith('page-heat:'));
        const shown = layers.filter((layer) => layer.paint['raster-opacity'] !== 0);
        const [one] = shown;
        if (!one || globalThis.seen.at(-1)?.tiles === one.id.slice(10)) return;
        globalThis.seen.push({ tiles: one.id.slice(10), whole: map.isSourceLoaded(one.id), alone: shown.length === 1 });
      });
      map.triggerRepaint();
    });

  test('frames play in order, each whole when it is seen, all on one scale; the link names the frame', { timeout: 120_000 }, async () => {
    const { page, faults, requests, close } = await open(browser, server.origin, { hash: `${hash}&play=1` });
    const { frames, peak_per_km2: peak } = await series();
    await page.waitForSelector('[data-frame="2025-03-01"]');
    assert.equal(await page.locator('[data-playing]').count(), 0, 'whoever wants no motion starts it himself');
    const scale = page.locator('[data-peak]');
    await scale.waitFor();
    assert.equal(Number(await scale.getAttribute('data-peak')), peak);
    await noAxeViolations(page, 'with a frame of heat');
    await page.waitForFunction(() => document.querySelector('#map').map.loaded());
    await watch(page);
    await page.waitForFunction(() => globalThis.seen.length === 1);
    await page.locator('[data-play]').focus();
    await page.keyboard.press('Space');
    await page.waitForFunction(() => new Set(globalThis.seen.map((one) => one.tiles)).size >= 4, null, { timeout: 90_000 });
    await page.keyboard.press('Space');
    assert.equal(await page.locator('[data-playing]').count(), 0);
    const seen = await page.evaluate(() => globalThis.seen);
    const order = seen.map(({ tiles }) => frames.findIndex((one) => tiles.endsWith(one.tiles)));
    assert.deepEqual(order, order.map((_, index) => (2 + index) % frames.length), 'one after the other from March on');
    assert.ok(seen.every(({ whole, alone }) => whole && alone), JSON.stringify(seen));
    const peaks = requests.filter((url) => url.includes('/tiles/heat/')).map((url) => new URL(url).searchParams.get('peak'));
    assert.deepEqual([...new Set(peaks)], [String(peak)], 'one scale');
    assert.equal(Number(await scale.getAttribute('data-peak')), peak);

    // The slider and the buttons lead to any frame, and the link to the same.
    await page.getByLabel('播放到').fill('7');
    const eighth = frames[7].from.slice(0, 10);
    await page.waitForSelector(`[data-frame="${eighth}"]`);
    await page.waitForFunction((tiles) => globalThis.seen.at(-1).tiles.endsWith(tiles), frames[7].tiles);
    assert.ok((await page.locator('.dock .when').innerText()).includes(`${frames[7].n.toLocaleString('zh-CN')} 件`));
    await page.getByRole('button', { name: '上一期' }).click();
    await page.waitForSelector(`[data-frame="${frames[6].from.slice(0, 10)}"]`);
    await page.getByRole('button', { name: '下一期' }).click();
    await page.waitForFunction((day) => new URLSearchParams(location.hash.slice(1)).get('frame') === `month/${day}`, eighth);
    const link = await page.evaluate(() => location.hash);
    const again = await open(browser, server.origin, { hash: link });
    await again.page.waitForSelector(`[data-frame="${eighth}"]`);
    assert.equal(await again.page.evaluate(() => location.hash), link);
    for (const one of [faults, again.faults]) assert.deepEqual(one, []);
    await Promise.all([close(), again.close()]);
  });

  test('a step that would make too many frames cannot be chosen; a shorter period allows it', async () => {
    const { page, faults, close } = await open(browser, server.origin, { hash: '#heat=2025-01-01/2025-12-31', viewport: { width: 390, height: 844 } });
    const day = page.locator('input[name=step][value=day]');
    assert.ok(await day.isDisabled());
    await page.locator('label:has-text("近30天")').click();
    await page.waitForFunction(() => !document.querySelector('input[name=step][value=day]').disabled);
    await day.check({ force: true });
    await page.locator('[data-frame]').waitFor();
    const all = await page.getByLabel('播放到').getAttribute('max');
    assert.equal(Number(all), 29);
    await noAxeViolations(page, 'with days of heat on a telephone');
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
    assert.deepEqual(faults, []);
    await close();
  });

  test('pictures play as well, and a frame gives way only to a whole one', { timeout: 120_000 }, async () => {
    const without = await launch({ webgl: false });
    const { page, faults, close } = await open(without, server.origin, { hash });
    const { frames } = await series();
    await page.waitForSelector('[data-frame="2025-03-01"]');
    await page.evaluate(() => {
      globalThis.blank = 0;
      const holder = document.querySelector('.picture-heat');
      const whole = () => [...holder.children].some((image) => image.complete && image.naturalWidth > 0);
      let once = false;
      const look = () => {
        once ||= whole();
        if (once && !whole()) globalThis.blank += 1;
      };
      new MutationObserver(look).observe(holder, { childList: true });
    });
    await page.locator('[data-play]').click();
    await page.waitForSelector(`[data-frame="${frames[5].from.slice(0, 10)}"]`, { timeout: 90_000 });
    assert.equal(await page.evaluate(() => globalThis.blank), 0);
    assert.deepEqual(faults, []);
    await close();
    await without.close();
  });
});

test('a version that changes figures recolours the units at once, though no tile changed', { timeout: 120_000 }, async () => {
  const author = { authorization: 'Bearer demo-district-token' };
  const reviewer = { authorization: 'Bearer demo-reviewer-token' };
  const post = async (path, who, body) => {
    const answer = await fetch(`${server.origin}/api/v1${path}`, { method: 'POST', headers: who, body: body && JSON.stringify(body) });
    const said = await answer.json();
    assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(said)}`);
    return said;
  };
  const before = await classes('per_1000', 'micro', 'equal');
  const unit = before.values.find((one) => one.class !== null && one.class < before.classes.length - 1 && one.n >= 5);
  const { page, faults, close } = await open(browser, server.origin, { hash: `#level=micro&shades=per_1000/equal/5/${PERIOD.from}/${PERIOD.to}` });
  await coloured(page, 'micro', before.values);
  const { id } = await post('/drafts', author, { title: '更正人口' });
  await post(`/drafts/${id}/ops`, author, { ops: [{ op: 'describe', unit: unit.code, population: 1 }] });
  await post(`/drafts/${id}/submit`, author, { reason: '人口更正' });
  await post(`/drafts/${id}/approve`, reviewer);
  await post(`/drafts/${id}/publish`, author);
  const now = await classes('per_1000', 'micro', 'equal');
  const changed = now.values.find((one) => one.code === unit.code);
  assert.ok(changed.class > 0 && changed.colour !== unit.colour, 'the figure is of another class');
  await coloured(page, 'micro', now.values);
  assert.equal(await page.locator(`[data-class=class-${changed.class}]`).getAttribute('data-units'), String(now.classes[changed.class].units));
  assert.deepEqual(faults, []);
  await close();
});
