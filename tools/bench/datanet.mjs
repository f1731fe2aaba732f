/**
 * `node tools/bench/datanet.mjs ROWS`: import, duplicates, search, version and export of a large Datanet, in the data
 * worker of a headless Chromium. Prints the JSON of a DatanetBenchResult (src/cli/bench/datanet-report.ts).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { findBrowser, noBrowserMessage } from '../browser.mjs';
import { writeRows } from './datanet-rows.mjs';

/** @typedef {import('../../src/cli/bench/datanet-report').DatanetBenchResult} DatanetBenchResult */

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The page and its worker, built as the site is. @param {string} folder */
async function buildPage(folder) {
  const worker = { format: /** @type {const} */ ('es') };
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    worker,
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'es2023',
      lib: { entry: join(root, 'tools/bench/datanet-page.ts'), formats: ['es'], fileName: 'page' }
    }
  });
  const script =
    'import { measureDatanet } from "/page.js"; globalThis.measureDatanet = measureDatanet; document.title = "ready";';
  writeFileSync(join(folder, 'start.js'), script);
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>loading</title><input type="file"><script type="module" src="/start.js"></script>'
  );
}

/** Serves a folder on the loopback interface, which is a secure context. @param {string} folder */
async function serve(folder) {
  const types = /** @type {Record<string, string>} */ ({ '.js': 'text/javascript', '.html': 'text/html' });
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    try {
      const body = readFileSync(join(folder, path === '/' ? 'index.html' : path));
      response.setHeader('content-type', types[extname(path)] ?? 'text/html');
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The page has no port to be served on.');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}

/** The most that any renderer held so far (VmHWM), where Linux tells. @param {number[]} processes */
function peakOf(processes) {
  const peaks = processes.flatMap((id) => {
    try {
      const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1];
      return kib ? [Number(kib) * 1024] : [];
    } catch {
      return [];
    }
  });
  return peaks.length > 0 ? Math.max(...peaks) : undefined;
}

/** @param {number} rows @returns {Promise<DatanetBenchResult>} */
export async function measureDatanet(rows) {
  const found = await findBrowser();
  if (!found) throw new Error(noBrowserMessage);
  const folder = mkdtempSync(join(tmpdir(), 'tabtune-datanet-'));
  const path = join(folder, 'rows.jsonl');
  const { query } = await writeRows(path, rows);
  await buildPage(join(folder, 'site'));
  const site = await serve(join(folder, 'site'));
  const browser = await chromium.launch({
    executablePath: found.path,
    headless: true,
    args: ['--no-sandbox'],
    env: /** @type {Record<string, string>} */ ({ ...process.env, ...found.env })
  });
  try {
    const page = await browser.newPage();
    await page.goto(site.url);
    await page.waitForFunction(() => document.title === 'ready');
    await page.locator('input').setInputFiles(path);
    const system = await browser.newBrowserCDPSession();
    const result = await page.evaluate(async (text) => {
      const file = document.querySelector('input')?.files?.[0];
      const scope =
        /** @type {{ measureDatanet: (file: File, query: string) => Promise<DatanetBenchResult> }} */ (
          /** @type {unknown} */ (globalThis)
        );
      if (!file) throw new Error('The page did not get its file.');
      return scope.measureDatanet(file, text);
    }, query);
    const { processInfo } = await system.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    const peakBytes = peakOf(renderers);
    return peakBytes === undefined ? result : { ...result, peakBytes };
  } finally {
    await browser.close();
    site.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${JSON.stringify(await measureDatanet(Number(process.argv[2] ?? 100_000)))}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
