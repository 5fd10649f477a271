// What the browser tests stand on: the built binary serving the sample from a store of its own, and a real Chromium that may talk to nobody else.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Long enough for a debug build on a busy machine to import the sample; nothing waits this long when all is well. */
const START_MS = 300_000;

/** Starts `wangge demo` on a free port; the address is read from what it prints. `prepare` may fill its folder first, and gives more arguments. */
export async function serve(prepare = () => []) {
  const binary = process.env.WANGGE_BIN ?? join(root, 'target/release/wangge');
  if (!existsSync(binary)) throw new Error(`${binary} is not there: cargo build --release, or set WANGGE_BIN`);
  const folder = await mkdtemp(join(tmpdir(), 'wangge-web-'));
  const more = prepare({ binary, folder });
  const child = spawn(binary, ['demo', '--listen', '127.0.0.1:0', '--store', join(folder, 'demo.gpkg'), ...more], {
    cwd: root,
    env: { ...process.env, WANGGE_LOG: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const origin = await new Promise((found, failed) => {
    const late = setTimeout(() => failed(new Error(`no address within ${START_MS} ms:\n${said}`)), START_MS);
    const hear = (bytes) => {
      said += bytes;
      const address = said.match(/http:\/\/127\.0\.0\.1:\d+/);
      if (!address) return;
      clearTimeout(late);
      found(address[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => failed(new Error(`wangge demo ended with ${code}:\n${said}`)));
  });
  const stop = async () => {
    const gone = new Promise((ended) => child.once('exit', () => ended()));
    child.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  return { origin, stop };
}

const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
  '--font-render-hinting=none',
  '--hide-scrollbars',
  // Nothing is reached but this machine.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];
const software = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

/** A Chromium with WebGL in software, or with none at all. */
export function launch({ webgl }) {
  const known = ['/usr/lib/chromium/chromium', '/usr/bin/chromium'];
  const executablePath = process.env.CHROMIUM_BIN ?? known.find((path) => existsSync(path));
  return chromium.launch({ executablePath, args: [...flags, ...(webgl ? software : ['--disable-3d-apis'])] });
}

/**
 * A page that notes every fault: complaints on the console, requests that leave the origin (and lead nowhere), answers of 400 and more. Requests are watched
 * and not held up: who has each of them pass through here waits for this process too, and has no cache.
 */
export async function open(browser, origin, { viewport = { width: 1280, height: 800 }, hash = '' } = {}) {
  const context = await browser.newContext({ viewport, deviceScaleFactor: 1, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce', colorScheme: 'light' });
  const faults = [];
  const requests = [];
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.stack ?? error}`));
  page.on('request', (request) => {
    const url = request.url();
    requests.push(url);
    if (![`${origin}/`, 'data:', 'blob:'].some((known) => url.startsWith(known))) faults.push(`left the origin: ${url}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  await page.goto(`${origin}/${hash}`);
  await page.waitForSelector('main[data-ready]', { timeout: 120_000 });
  return { page, faults, requests, close: () => context.close() };
}

export async function json(origin, path) {
  const answer = await fetch(origin + path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
