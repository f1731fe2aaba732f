/**
 * `node tools/bench/peers.mjs FOLDER REQUEST`: our training step beside the same step in other frameworks, in the same
 * browser, one after another on the same machine. FOLDER holds their benchmark: a package whose `node run.mjs
 * --fw jax --config NAME [--best]` prints a line of JSON with `median_ms`, `min_ms`, `first_ms` and `gpu_peak_mb`.
 * It is copied, so FOLDER may be read-only. Prints the JSON of {@link Comparison}.
 */
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { findBrowser, noBrowserMessage } from '../browser.mjs';
import { measureInBrowser } from './browser.mjs';

/** @typedef {import('../../src/cli/bench/measure').BenchRequest} BenchRequest */
/** @typedef {import('../../src/cli/bench/measure').BenchResult} BenchResult */

/**
 * @typedef {object} Figures
 * @property {string} name
 * @property {number} stepMilliseconds median of steady steps
 * @property {number} fastestStepMilliseconds
 * @property {number} firstStepMilliseconds
 * @property {number} peakBytes of GPU buffers
 * @property {number} dispatchesPerStep
 * @property {number[]} losses
 *
 * @typedef {object} Ratios ours over theirs: less is better for us
 * @property {string} name
 * @property {number} step
 * @property {number} fastestStep
 * @property {number} firstStep
 * @property {number} bytes
 *
 * @typedef {object} Comparison
 * @property {{ preset: string, ours: Figures, theirs: Figures[], ratios: Ratios[] }[]} presets
 * @property {string} text the same as a table
 */

const execute = promisify(execFile);

/** The other side's models exist at these sizes. */
const comparable = ['tiny', 'small'];

/** @param {string} folder read or not, it is not written to @returns {string} a copy that can be */
function copyWritable(folder) {
  if (!existsSync(join(folder, 'run.mjs'))) throw new Error(`--peers ${folder}: the folder has no run.mjs.`);
  const copy = mkdtempSync(join(tmpdir(), 'tabtune-peers-'));
  cpSync(folder, copy, { recursive: true });
  chmodSync(copy, 0o755);
  for (const entry of readdirSync(copy, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink())
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
  return copy;
}

/**
 * @param {string} folder
 * @param {string} preset
 * @param {string} browser executable
 * @param {string[]} flags
 * @returns {Promise<Figures>}
 */
async function measurePeer(folder, preset, browser, flags) {
  const name = ['jax-js', ...flags].join(' ');
  const args = ['run.mjs', '--fw', 'jax', '--config', preset, '--opt', 'parts=0', ...flags];
  const { stdout } = await execute(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, CHROMIUM: browser }
  });
  const line = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  if (line.error || !line.median_ms) throw new Error(`${name} on ${preset}: ${line.error ?? 'no figures'}`);
  return {
    name,
    stepMilliseconds: line.median_ms,
    fastestStepMilliseconds: line.min_ms,
    firstStepMilliseconds: line.first_ms,
    peakBytes: line.gpu_peak_mb * 2 ** 20,
    dispatchesPerStep: line.per_step.dispatches,
    losses: line.losses
  };
}

/** @param {BenchResult} result @returns {Figures} */
function figuresOf(result) {
  return {
    name: 'Tabtune',
    stepMilliseconds: result.millisecondsPerStep.median,
    fastestStepMilliseconds: result.millisecondsPerStep.min,
    firstStepMilliseconds: result.firstStepMilliseconds,
    peakBytes: result.peakBytes,
    dispatchesPerStep: result.dispatchesPerStep,
    losses: [...result.losses]
  };
}

/** @param {Figures} ours @param {Figures} theirs @returns {Ratios} */
function compare(ours, theirs) {
  return {
    name: theirs.name,
    step: ours.stepMilliseconds / theirs.stepMilliseconds,
    fastestStep: ours.fastestStepMilliseconds / theirs.fastestStepMilliseconds,
    firstStep: ours.firstStepMilliseconds / theirs.firstStepMilliseconds,
    bytes: ours.peakBytes / theirs.peakBytes
  };
}

/** @param {Comparison['presets']} presets @returns {string} */
function table(presets) {
  /** @param {(string | number)[]} cells */
  const line = (cells) =>
    cells.map((cell, n) => (n ? String(cell).padStart(12) : String(cell).padEnd(24))).join('');
  /** @param {Figures} f */
  const figures = (f) =>
    line([
      f.name,
      f.stepMilliseconds.toFixed(0),
      f.fastestStepMilliseconds.toFixed(0),
      f.firstStepMilliseconds.toFixed(0),
      (f.peakBytes / 2 ** 20).toFixed(1),
      f.dispatchesPerStep,
      f.losses[0]?.toFixed(4) ?? ''
    ]);
  return presets
    .flatMap(({ preset, ours, theirs, ratios }) => [
      line([preset, 'step ms', 'fastest ms', 'first ms', 'MiB', 'dispatches', 'first loss']),
      figures(ours),
      ...theirs.map(figures),
      ...ratios.map((r) =>
        line([
          `ours / ${r.name}`,
          r.step.toFixed(2),
          r.fastestStep.toFixed(2),
          r.firstStep.toFixed(2),
          r.bytes.toFixed(3)
        ])
      ),
      ''
    ])
    .join('\n');
}

/**
 * @param {string} folder
 * @param {BenchRequest} request its preset is left aside: all comparable ones are measured
 * @returns {Promise<Comparison>}
 */
export async function compareWithPeers(folder, request) {
  const browser = await findBrowser();
  if (!browser) throw new Error(noBrowserMessage);
  const copy = copyWritable(folder);
  try {
    await execute('npm', ['ci', '--no-audit', '--no-fund'], { cwd: copy });
    /** @type {Comparison['presets']} */
    const presets = [];
    for (const preset of comparable) {
      const ours = figuresOf(await measureInBrowser({ ...request, preset, kernels: false }));
      const theirs = [];
      for (const flags of [['--best'], []]) theirs.push(await measurePeer(copy, preset, browser.path, flags));
      presets.push({ preset, ours, theirs, ratios: theirs.map((t) => compare(ours, t)) });
    }
    return { presets, text: table(presets) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const [folder = '', request = ''] = process.argv.slice(2);
    process.stdout.write(`${JSON.stringify(await compareWithPeers(folder, JSON.parse(request)))}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
