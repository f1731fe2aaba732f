/**
 * `node tools/bench/browser.mjs REQUEST`: the benchmark in a headless Chromium, in a dedicated worker of an empty page.
 * REQUEST is the JSON of a BenchRequest (src/cli/bench/measure.ts); prints the JSON of a BenchResult.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { findBrowser, noBrowserMessage, webgpuFlags } from '../browser.mjs';

/** @typedef {import('../../src/cli/bench/measure').BenchRequest} BenchRequest */
/** @typedef {import('../../src/cli/bench/measure').BenchResult} BenchResult */

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The worker as one module. @param {string} folder for what the build writes @returns {Promise<string>} */
async function bundleWorker(folder) {
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'es2023',
      lib: { entry: join(root, 'src/cli/bench/browser-worker.ts'), formats: ['es'], fileName: 'worker' }
    }
  });
  return readFileSync(join(folder, 'worker.js'), 'utf8');
}

/** A page on the loopback interface, which is a secure context. @param {string} worker its source */
async function servePage(worker) {
  const server = createServer((request, response) => {
    const script = request.url === '/worker.js';
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(script ? worker : '<!doctype html><title>bench</title>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The page has no port to be served on.');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}

/**
 * Measures in a fresh browser.
 * @param {BenchRequest} request
 * @returns {Promise<BenchResult>}
 */
export async function measureInBrowser(request) {
  const found = await findBrowser();
  if (!found) throw new Error(noBrowserMessage);
  const folder = mkdtempSync(join(tmpdir(), 'tabtune-bench-'));
  const page = await servePage(await bundleWorker(folder));
  const browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: found.path,
    headless: true,
    args: webgpuFlags(),
    env: /** @type {Record<string, string>} */ ({ ...process.env, ...found.env })
  });
  try {
    const tab = await browser.newPage();
    await tab.goto(page.url);
    /** @type {{ result?: BenchResult, error?: string }} */
    const answer = await tab.evaluate(
      (sent) =>
        new Promise((resolve) => {
          const worker = new Worker('/worker.js', { type: 'module' });
          worker.onmessage = (event) => resolve(event.data);
          worker.onerror = (event) => resolve({ error: event.message });
          worker.postMessage(sent);
        }),
      request
    );
    if (answer.result) return answer.result;
    throw new Error(answer.error ?? 'The worker gave no answer.');
  } finally {
    await browser.close();
    page.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.stdout.write(`${JSON.stringify(await measureInBrowser(JSON.parse(process.argv[2] ?? '')))}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
