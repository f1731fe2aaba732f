/**
 * Reads what `npm test -- --reporter=json` wrote: `node tools/count-tests.mjs REPORT STATUS` prints how many tests passed,
 * failed and were skipped, where a file that failed without a failing test in it (a crash, a failed import) is one, too;
 * `--slowest N REPORT...` lists what took longest.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * @typedef {{ fullName: string, status: string, duration?: number | null }} Test
 * @typedef {{ name: string, status: string, message: string, assertionResults: Test[] }} File
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: File[] }} Report
 */

/** @param {string} path @returns {Report | undefined} */
function read(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** @param {string} path @param {string} status of the command that should have written it */
function count(path, status) {
  const report = read(path);
  // Nothing was reported: the runner itself failed.
  if (!report) return '0 1 0';
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')
  );
  for (const file of broken) console.error(`${file.name}: ${file.message}`);
  let failed = report.numFailedTests + broken.length;
  if (status !== '0' && failed === 0) failed = 1;
  return `${report.numPassedTests} ${failed} ${report.numPendingTests + report.numTodoTests}`;
}

/** @param {number} many @param {string[]} paths */
function slowest(many, paths) {
  const tests = paths.flatMap((path) =>
    (read(path)?.testResults ?? []).flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ fullName, duration }) => ({
        seconds: (duration ?? 0) / 1000,
        what: `${relative(process.cwd(), name)}: ${fullName}`
      }))
    )
  );
  return tests
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, many)
    .map(({ seconds, what }) => `${seconds.toFixed(1).padStart(7)} s  ${what}`)
    .join('\n');
}

const [first = '', second = '', ...rest] = process.argv.slice(2);
console.log(first === '--slowest' ? slowest(Number(second), rest) : count(first, second));
