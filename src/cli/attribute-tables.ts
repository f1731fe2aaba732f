/** Tables of what `attribute` measured: for a terminal, and the same between two markers of a Markdown file. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Estimate } from '../lib/attribution/quality/estimate';
import { UsageError } from './args';
import type { AttackReport } from './attribute-gaming';
import type { AttributionReport } from './attribute-report';

/** A table as cells; columns named in `left` begin at the left. */
export interface Table {
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

const left = new Set(['estimator', 'contributor', 'attack']);

const figure = (x: number | undefined) => (x === undefined || Number.isNaN(x) ? '-' : x.toFixed(3));

const estimate = (x: Estimate | undefined) =>
  x === undefined || Number.isNaN(x.value)
    ? '-'
    : `${figure(x.value)} (${figure(x.low)} to ${figure(x.high)})`;

const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

/** Quality of each estimator; columns that nothing was measured for are left out. */
export function qualityTable({ estimators }: AttributionReport): Table {
  const [first] = estimators;
  const columns: [string, (each: (typeof estimators)[number]) => string, boolean][] = [
    ['estimator', ({ name }) => name, true],
    ['AUC', ({ auc }) => estimate(auc), true],
    ['first', ({ first }) => percent(first), true],
    ['AUC paid', ({ paid }) => estimate(paid), true],
    ['AUC by source', ({ sources }) => figure(sources?.labels), first.sources !== undefined],
    ['AUC rows', ({ sources }) => figure(sources?.rows), first.sources !== undefined],
    ['leave one out', ({ leaveOneOut }) => estimate(leaveOneOut), first.leaveOneOut !== undefined],
    ['LDS', ({ lds }) => estimate(lds), first.lds !== undefined],
    ['agreement', ({ agreement }) => figure(agreement), true],
    ['seconds', ({ milliseconds }) => (milliseconds / 1000).toFixed(2), true]
  ];
  const shown = columns.filter(([, , there]) => there);
  return {
    head: shown.map(([name]) => name),
    lines: estimators.map((each) => shown.map(([, cell]) => cell(each)))
  };
}

export function sharesTable({ shares }: AttributionReport): Table {
  const sorted = [...shares].sort((a, b) => b.share - a.share);
  return {
    head: ['contributor', 'share', '95 % interval', 'rows', 'helped', 'hurt', 'capped'],
    lines: sorted.map(({ contributor, share, low, high, rows, helped, hurt, capped }) => [
      contributor,
      percent(share),
      `${percent(low)} to ${percent(high)}`,
      String(rows),
      helped.toPrecision(3),
      hurt.toPrecision(3),
      String(capped)
    ])
  };
}

export function gamingTable(attacks: readonly AttackReport[]): Table {
  const growth = (before: number, after: number) => {
    const change = 100 * (after / before - 1);
    return `${change < 0 ? '' : '+'}${change.toFixed(1)} %`;
  };
  return {
    head: ['attack', 'contributor', 'rows', 'share before', 'after', 'growth', 'growth of a sum over rows'],
    lines: attacks.map(({ name, attacker, rows, before, after, sumBefore, sumAfter }) => [
      name,
      attacker,
      `${rows.before} to ${rows.after}`,
      percent(before),
      percent(after),
      growth(before, after),
      growth(sumBefore, sumAfter)
    ])
  };
}

/** Columns as wide as their widest cell; numbers to the right, names to the left. */
export function terminalTable({ head, lines }: Table): string {
  const widths = head.map((cell, i) => Math.max(cell.length, ...lines.map((line) => line[i].length)));
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (left.has(head[i]) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  return [head, ...lines].map(row).join('\n');
}

export function markdownTable({ head, lines }: Table): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((name) => (left.has(name) ? '---' : '---:'));
  return [head, rule, ...lines].map(row).join('\n');
}

/**
 * Puts text between `<!-- attribute:NAME -->` and `<!-- /attribute:NAME -->` of a file.
 * @param place `FILE.md:NAME`
 * @throws UsageError where the file has no such markers
 */
export async function writeBetween(place: string, text: string): Promise<void> {
  const [, file, name] = /^(.+):([\w-]+)$/.exec(place) ?? [];
  if (file === undefined)
    throw new UsageError(
      `--write is ${JSON.stringify(place)}: it must be FILE.md:NAME, the name of a marker.`
    );
  const before = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`--write: there is no readable file at ${file}.`, { cause });
  });
  const [open, close] = [`<!-- attribute:${name} -->`, `<!-- /attribute:${name} -->`];
  const [from, to] = [before.indexOf(open), before.indexOf(close)];
  if (from < 0 || to < from)
    throw new UsageError(`--write: ${file} has no ${open} and ${close} to write between.`);
  await writeFile(file, `${before.slice(0, from + open.length)}\n\n${text}\n\n${before.slice(to)}`);
}
