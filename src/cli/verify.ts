/** `npm run verify -- FILE`: whether a file that Tabtune made is what it says, check by check. */
import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { claimChecks } from '../lib/attribution/claims/checks';
import { allHold, type VerifyReport } from '../lib/datanets/verify/report';
import { verifyFile } from '../lib/datanets/verify/verify';
import { manyFlag, UsageError, wordsOf, type Flags, type FlagSpec } from './args';
import { runCommand } from './shared';
import { nodesAt } from './verify-nodes';

const flags: readonly FlagSpec[] = [
  {
    name: 'related',
    value: 'FILE',
    many: true,
    help: 'A file that it is compared with: what it answers, what may end it, the bundle that a proof is of. Repeatable.'
  },
  {
    name: 'rpc',
    value: 'URL',
    many: true,
    help: 'A node of a chain (JSON-RPC over HTTP), asked for what only a chain can tell: signatures of contract accounts, revocations. Which chain it is of, it says. Repeatable.'
  },
  { name: 'json', help: 'Prints kind, title, words and checks (name, state, reason) as one line of JSON.' }
];

const marks = { holds: 'holds  ', fails: 'FAILS  ', unknown: 'unknown' } as const;

/** @returns 0 where each check holds, 1 where one does not, 2 where it is no file of Tabtune's */
async function run(flags: Flags): Promise<number> {
  const [path, more] = wordsOf(flags);
  if (path === undefined || more !== undefined)
    throw new UsageError('Give one file to verify: npm run verify -- FILE. --help lists the flags.');
  const blob = await open(path);
  const related = await Promise.all(manyFlag(flags, 'related').map(open));
  const urls = manyFlag(flags, 'rpc');
  const report = await verifyFile(blob, basename(path), {
    ...{ ...claimChecks, now: new Date(), related },
    ...(urls.length > 0 && { chain: await nodesAt(urls) })
  });
  process.stdout.write(flags.has('json') ? `${JSON.stringify(report)}\n` : text(report));
  if (report.kind === 'unreadable') return 2;
  return allHold(report) ? 0 : 1;
}

async function open(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw new UsageError(`There is no readable file at ${path}. Check the path.`, {
      cause,
      details: { file: path }
    });
  }
}

function text({ title, words, checks }: VerifyReport): string {
  const counts = (['holds', 'fails', 'unknown'] as const).map(
    (state) => `${checks.filter((check) => check.state === state).length} ${state}`
  );
  return [
    title,
    '',
    ...words.map((sentence) => `  ${printable(sentence)}`),
    ...(words.length > 0 ? [''] : []),
    ...checks.map(({ name, state, reason }) => `${marks[state]}  ${name}: ${printable(reason)}`),
    '',
    `${counts.join(', ')}.`,
    ''
  ].join('\n');
}

/** A stranger's words must not act on the terminal. */
function printable(words: string): string {
  return words.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}

await runCommand({
  usage: 'npm run verify -- FILE [--related FILE …] [--rpc URL …] [--json]',
  flags,
  takesWords: true,
  notes:
    'A check that could not be made says what is missing. Exit code: 0 where every check holds, 1 where one does not, 2 where the file cannot be read.',
  run
});
