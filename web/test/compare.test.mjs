// Our picture tiles against MapLibre's own drawing of the same style in Chromium, with the same font: ten views at both scales, and some in the dark.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { json, launch, root, serve } from './stand.mjs';
import { ssim } from './ssim.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const library = dirname(createRequire(import.meta.url).resolve('maplibre-gl/dist/maplibre-gl.mjs'));
/** Pictures to look at: MapLibre's, ours, the difference. */
const shelf = join(root, 'target/compare');
const [WIDTH, HEIGHT] = [800, 600];
/** What must hold is 0.97; the least that was seen is 0.982. */
const LEAST = 0.975;

/** What is compared: MapLibre's whole zooms, of tiles 512 pixels wide. */
const VIEWS = [
  { name: '09-from-afar', zoom: 9, centre: [116.706, 35.424] },
  { name: '10-whole-district', zoom: 10, centre: [116.706, 35.424] },
  { name: '11-whole-district', zoom: 11, centre: [116.706, 35.424] },
  { name: '12-town', zoom: 12, centre: [116.68, 35.42] },
  { name: '13-edge', zoom: 13, centre: [116.62, 35.44] },
  { name: '13-town', zoom: 13, centre: [116.68, 35.42] },
  { name: '14-water', zoom: 14, centre: [116.7, 35.4] },
  { name: '14-centre', zoom: 14, centre: [116.67, 35.42] },
  { name: '15-centre', zoom: 15, centre: [116.67, 35.42] },
  { name: '16-streets', zoom: 16, centre: [116.67, 35.42] },
];

let server;
let browser;
let page;

/** A page of our own under the server's address: MapLibre, the measuring, and the server's own font under the name that the styles ask for. */
async function stage() {
  const context = await browser.newContext({ viewport: { width: WIDTH, height: HEIGHT }, deviceScaleFactor: 1, locale: 'zh-CN', reducedMotion: 'reduce' });
  const html = `<!doctype html><link rel="icon" href="data:,"><style>body { margin: 0 }
    @font-face { font-family: "Noto Sans CJK SC"; src: url("/__compare/font.otf") }</style>`;
  const files = new Map([
    ['index.html', ['text/html', html]],
    ['font.otf', ['font/otf', await readFile(join(root, 'data/fonts/NotoSansSC-subset.otf'))]],
  ]);
  for (const name of ['ssim.mjs', 'compare.page.mjs']) files.set(name, ['text/javascript', await readFile(join(here, name))]);
  await context.route('**/*', async (route) => {
    const url = new URL(route.request().url());
    if (!url.pathname.startsWith('/__compare/')) {
      const ours = url.origin === server.origin || ['data:', 'blob:'].includes(url.protocol);
      return ours ? route.continue() : route.abort();
    }
    const name = url.pathname.slice('/__compare/'.length);
    const [contentType, body] = files.get(name) ?? ['text/javascript', await readFile(join(library, name))];
    return route.fulfill({ contentType, body });
  });
  page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
  page.on('pageerror', (error) => console.error(error));
  await page.goto(`${server.origin}/__compare/index.html`);
  await page.evaluate(async () => {
    await document.fonts.load('48px "Noto Sans CJK SC"', '洸河');
    globalThis.compare = (await import('/__compare/compare.page.mjs')).compare;
  });
}

async function alike(name, view) {
  const { similarity, picture } = await page.evaluate(([asked, width, height]) => globalThis.compare(asked, width, height), [view, WIDTH, HEIGHT]);
  await mkdir(shelf, { recursive: true });
  await writeFile(join(shelf, `${name}.png`), Buffer.from(picture.split(',')[1], 'base64'));
  console.log(`${similarity.toFixed(4)}  ${name}`);
  assert.ok(similarity >= LEAST, `structural similarity ${similarity.toFixed(4)}: see target/compare/${name}.png`);
}

before(async () => {
  server = await serve();
  browser = await launch({ webgl: true });
  await stage();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

describe('our picture tiles look like MapLibre', () => {
  const cases = [
    ...VIEWS.map((view) => ({ ...view, style: 'district' })),
    ...VIEWS.filter(({ name }) => ['12-town', '14-centre'].includes(name)).map((view) => ({ ...view, style: 'dark' })),
    ...VIEWS.filter(({ name }) => ['13-edge'].includes(name)).map((view) => ({ ...view, style: 'print' })),
  ];
  for (const { name, zoom, centre, style } of cases) {
    for (const scale of [1, 2]) {
      test(`${style}, ${name} at @${scale}x`, async () => {
        const tiles = `${server.origin}/tiles/${style}/{z}/{x}/{y}{at}.png`;
        await alike(`${style}-${name}@${scale}x`, { style: `${server.origin}/styles/${style}.json`, tiles, zoom, centre, scale });
      });
    }
  }
});

describe('a choropleth is the same in a browser, told by feature-state, and in our picture tiles', () => {
  const cases = [
    { name: 'town', zoom: 12, centre: [116.68, 35.42], level: 2, asked: 'measure=per_1000&method=jenks&classes=5' },
    { name: 'whole-district', zoom: 10, centre: [116.706, 35.424], level: 1, asked: 'measure=issues&method=quantile&classes=7&shades=cividis' },
    { name: 'rates-of-few', zoom: 13, centre: [116.68, 35.42], level: 3, asked: 'measure=per_1000&method=equal&classes=3', few: 400 },
    { name: 'month-of-few', zoom: 14, centre: [116.67, 35.42], level: 2, asked: 'measure=per_1000&method=jenks&classes=5&from=2025-03-01&to=2025-04-01', few: 200 },
  ];
  for (const { name, zoom, centre, level, asked, few = 0 } of cases) {
    for (const scale of [1, 2]) {
      test(`${name} at @${scale}x`, async () => {
        const { levels } = await json(server.origin, '/api/v1/district');
        const layer = levels[level].key;
        const query = `${asked}&level=${layer}`;
        const measure = new URLSearchParams(asked).get('measure');
        const { values } = await json(server.origin, `/api/v1/stats/${measure}/classes?${query.replace(/measure=\w+&/, '')}`);
        const hatched = values.filter(({ shown }) => shown === 'few').map(({ id }) => ({ id, layer, state: { few: true } }));
        assert.ok(hatched.length >= few, `${hatched.length} of few`);
        const states = [...values.filter(({ colour }) => colour).map(({ id, colour }) => ({ id, layer, state: { colour } })), ...hatched];
        assert.ok(states.length > levels[level].units / 2);
        const tiles = `${server.origin}/tiles/choropleth/{z}/{x}/{y}{at}.png?${query}`;
        await alike(`choropleth-${name}@${scale}x`, { style: `${server.origin}/styles/choropleth.json`, tiles, zoom, centre, scale, states });
      });
    }
  }
});

describe('the measure itself', () => {
  const [width, height] = [40, 30];
  const picture = (shade) => Float64Array.from({ length: width * height }, (_, i) => shade(i % width, Math.floor(i / width)));

  test('a picture is like itself, and less and less like itself with more noise', () => {
    const chess = picture((x, y) => ((x >> 2) + (y >> 2)) % 2 ? 200 : 60);
    assert.equal(ssim(chess, chess, width, height), 1);
    const noisy = (by) => chess.map((value, i) => value + (((i * 7919) % 13) - 6) * by);
    const [little, much] = [noisy(1), noisy(8)].map((other) => ssim(chess, other, width, height));
    assert.ok(little < 1 && much < little && much > 0, `${little}, ${much}`);
    assert.ok(ssim(chess, chess.map((value) => 260 - value), width, height) < -0.8, 'the negative is the opposite');
  });

  test('for even pictures it is the comparison of their two shades', () => {
    // Without variance and with means 100 and 120: (2 · 100 · 120 + C₁) / (100² + 120² + C₁), C₁ = 2.55².
    const even = ssim(picture(() => 100), picture(() => 120), width, height);
    assert.ok(Math.abs(even - 24006.5025 / 24406.5025) < 1e-9, `${even}`);
  });
});
