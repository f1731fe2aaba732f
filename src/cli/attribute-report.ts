/** What `attribute` measured, as numbers for `--json` and as tables for people. */
import { agreement } from '../lib/attribution/quality/agreement';
import { randomScores, textSimilarity } from '../lib/attribution/quality/baselines';
import { bootstrapShares } from '../lib/attribution/quality/bootstrap';
import { linearDatamodelingScore, type Retrained } from '../lib/attribution/quality/lds';
import { recoveryOf, type Recovery } from '../lib/attribution/quality/recovery';
import type { Scores } from '../lib/attribution/scores';
import { sharesOf, type ContributorShare } from '../lib/attribution/shares';
import type { Row } from '../lib/datanets/row';
import { groupRows } from '../lib/datanets/split/groups';
import { estimators, type Estimator, type InfluenceResult } from '../lib/jobs/influence';

/** The estimator that shares are made of: it finds the right rows most often (README, "Measured"). */
export const defaultEstimator: Estimator = 'cosine';

export interface EstimatorReport {
  readonly name: string;
  /** How well it finds whose fact a question asks for. */
  readonly contributors: Recovery;
  /** The same of sources, where all rows name theirs: as if each had somebody of its own, who teaches nothing else. */
  readonly sources?: Recovery;
  /** With the default estimator: see `agreement`. */
  readonly agreement: number;
  /** Linear datamodeling score, where models were trained for it. */
  readonly lds?: number;
  /** On the processor, gradients apart. */
  readonly milliseconds: number;
}

export interface AttributionReport {
  readonly estimators: readonly EstimatorReport[];
  readonly shares: readonly (ContributorShare & { readonly low: number; readonly high: number })[];
}

interface Measured {
  readonly result: InfluenceResult;
  /** Those that were measured. */
  readonly rows: readonly Row[];
  readonly queries: readonly Row[];
  readonly seed: number;
  readonly models: readonly Retrained[];
}

export async function reportOf(measured: Measured): Promise<AttributionReport> {
  const { result, rows, queries, seed, models } = measured;
  const started = performance.now();
  const text = await textSimilarity(queries, rows);
  const textMilliseconds = performance.now() - started;
  const all: { name: string; scores: Scores; milliseconds: number }[] = [
    ...estimators.map((name) => ({ name, ...result.estimators[name] })),
    { name: 'text', scores: text, milliseconds: textMilliseconds },
    { name: 'random', scores: randomScores(queries.length, rows.length, seed), milliseconds: 0 }
  ];
  const { scores, moments } = result.estimators[defaultEstimator];
  const recovery = (scores: Scores, label: (row: Row) => string) =>
    recoveryOf(scores, rows.map(label), queries.map(label));
  const sourced = [...rows, ...queries].every(({ source }) => source !== undefined);
  const attributed = {
    contributors: rows.map(contributorOf),
    groups: await groupRows(rows, { count: rows.length })
  };
  const intervals = await bootstrapShares(moments, attributed, { seed });
  return {
    estimators: all.map((each) => ({
      name: each.name,
      contributors: recovery(each.scores, contributorOf),
      ...(sourced ? { sources: recovery(each.scores, sourceOf) } : {}),
      agreement: agreement(each.scores, scores),
      ...(models.length > 0 ? { lds: linearDatamodelingScore(each.scores, models) } : {}),
      milliseconds: each.milliseconds
    })),
    shares: sharesOf(scores, attributed).map((share) => {
      const { low, high } = intervals.find(({ contributor }) => contributor === share.contributor)!;
      return { ...share, low, high };
    })
  };
}

function contributorOf({ contributor = 'nobody named' }: Row): string {
  return contributor;
}

/** A source is somebody's: two people's "page 1" are two. */
function sourceOf(row: Row): string {
  return `${contributorOf(row)}: ${row.source}`;
}

/** The report as text. */
export function tablesOf({ estimators: measured, shares }: AttributionReport): string {
  const figure = (x: number | undefined) => (x === undefined || Number.isNaN(x) ? '-' : x.toFixed(4));
  const quality = table(
    ['estimator', 'AUC', 'first', 'AUC by source', 'first', 'AUC rows', 'agreement', 'LDS', 'seconds'],
    measured.map(({ name, contributors, sources, agreement, lds, milliseconds }) => [
      name,
      figure(contributors.labels),
      figure(contributors.first),
      figure(sources?.labels),
      figure(sources?.first),
      figure(sources?.rows),
      figure(agreement),
      figure(lds),
      (milliseconds / 1000).toFixed(2)
    ])
  );
  const percent = (x: number) => `${(100 * x).toFixed(1)} %`;
  const sorted = [...shares].sort((a, b) => b.share - a.share);
  const earned = table(
    ['share', '95 % interval', 'rows', 'helped', 'hurt', 'capped', 'contributor'],
    sorted.map(({ contributor, share, low, high, rows, helped, hurt, capped }) => [
      percent(share),
      `${percent(low)} to ${percent(high)}`,
      String(rows),
      helped.toPrecision(3),
      hurt.toPrecision(3),
      String(capped),
      contributor
    ])
  );
  return `${quality}\n\n${earned}\n`;
}

/** Columns as wide as their widest cell; numbers to the right, names to the left. */
function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const names = new Set(['estimator', 'contributor']);
  const widths = head.map((cell, i) => Math.max(cell.length, ...lines.map((line) => line[i].length)));
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (names.has(head[i]) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  return [head, ...lines].map(row).join('\n');
}
