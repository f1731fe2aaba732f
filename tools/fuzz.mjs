/**
 * Tries the properties of the unit tests on inputs that nobody chose: `npm run fuzz -- [--minutes 5] [--runs 1000]
 * [--seed N] [FILE...]`. Draws a seed, runs every property that often, and draws the next, until the time is over or a
 * property fails: then it says how to repeat that. What it finds belongs into a test.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Tests with properties in them. @param {string} folder @returns {string[]} */
function propertyTests(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.gpu.test.ts'))
    .filter((name) => readFileSync(join(root, name), 'utf8').includes("from 'fast-check'"));
}

/** @param {string} name @param {string | undefined} text @param {number} otherwise */
function numberOf(name, text, otherwise) {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  process.stderr.write(`--${name} is "${text}", which is no number.\n`);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string' }, runs: { type: 'string' }, seed: { type: 'string' } }
});
const minutes = numberOf('minutes', values.minutes, 5);
const runs = numberOf('runs', values.runs, 1000);
const files = positionals.length > 0 ? positionals : [...propertyTests('src'), ...propertyTests('tests')];
const end = Date.now() + minutes * 60_000;

for (let round = 1; round === 1 || Date.now() < end; round += 1) {
  const seed =
    values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : numberOf('seed', values.seed, 0);
  process.stdout.write(`Round ${round}: seed ${seed}, ${runs} inputs a property, ${files.length} files\n`);
  const { status, signal } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--project',
      'unit',
      '--reporter=dot',
      '--testTimeout=600000',
      ...files
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, TABTUNE_FUZZ_SEED: String(seed), TABTUNE_FUZZ_RUNS: String(runs) }
    }
  );
  if (signal) process.exit(1);
  if (status !== 0) {
    const which =
      files.length > 3 ? '' : ` ${files.map((file) => relative(root, join(root, file))).join(' ')}`;
    process.stderr.write(
      `Found something. Again: npm run fuzz -- --seed ${seed} --runs ${runs} --minutes 0${which}\n`
    );
    process.exit(1);
  }
  // A given seed finds the same every time.
  if (values.seed !== undefined) break;
}
