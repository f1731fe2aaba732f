/** What `attribute` measured, as numbers for `--json`; `attribute-tables.ts` makes tables of them. */
import { rewardGroups } from '../lib/attribution/groups';
import { agreement } from '../lib/attribution/quality/agreement';
import { randomScores, textSimilarity } from '../lib/attribution/quality/baselines';
import { bootstrapShares } from '../lib/attribution/quality/bootstrap';
import { bootstrapMean, type Estimate } from '../lib/attribution/quality/estimate';
import { linearDatamodelingEstimate } from '../lib/attribution/quality/lds';
import { leaveOneOutCorrelations } from '../lib/attribution/quality/leave-one-out';
import { recoveriesOf, recoveryOf, type Recovery } from '../lib/attribution/quality/recovery';
import type { Scores } from '../lib/attribution/scores';
import { creditsOf, sharesOf, type ContributorShare } from '../lib/attribution/shares';
import { spanScores } from '../lib/attribution/spans/span-scores';
import type { Row } from '../lib/datanets/row';
import { defaultEstimator, estimators } from '../lib/jobs/influence-scores';
import { contributorOf } from './attribute-people';
import type { MeasuredRun, Retraining } from './attribute-run';

export interface EstimatorReport {
  readonly name: string;
  /** Area under the ROC curve for the contributor of a question's answer, over contributors, with what their rows add up to. */
  readonly auc: Estimate;
  /** Share of questions for which the right contributor has the most. */
  readonly first: number;
  /** The same area with what the rules of shares pay for the question. */
  readonly paid: Estimate;
  /** Of sources, where all rows name theirs: as if each had somebody of its own, who teaches nothing else. */
  readonly sources?: Recovery;
  /** With the default estimator: see `agreement`. */
  readonly agreement: number;
  /** Rank correlation with leaving contributors out, where models were trained without them. */
  readonly leaveOneOut?: Estimate;
  /** Linear datamodeling score, where models were trained on halves. */
  readonly lds?: Estimate;
  /** On the processor, gradients apart. */
  readonly milliseconds: number;
}

export interface AttributionReport {
  readonly estimators: readonly EstimatorReport[];
  readonly shares: readonly (ContributorShare & { readonly low: number; readonly high: number })[];
}

/** All estimators, those that need no model, and chance. */
async function scoresOf({ result, rows, queries }: MeasuredRun, seed: number) {
  const timed = async (name: string, measure: () => Promise<Scores>) => {
    const started = performance.now();
    const scores = await measure();
    return { name, scores, milliseconds: performance.now() - started };
  };
  return [
    ...estimators.map((name) => ({ name, ...result.estimators[name] })),
    await timed('exact spans', () => spanScores(queries, rows)),
    await timed('text similarity', () => textSimilarity(queries, rows)),
    { name: 'random', scores: randomScores(queries.length, rows.length, seed), milliseconds: 0 }
  ];
}

/** @throws the abort reason */
export async function reportOf(
  run: MeasuredRun,
  seed: number,
  retraining?: Retraining
): Promise<AttributionReport> {
  const { result, rows, queries } = run;
  const { scores: own, moments } = result.estimators[defaultEstimator];
  const people = { rows: rows.map(contributorOf), queries: queries.map(contributorOf) };
  const sourced = [...rows, ...queries].every(({ source }) => source !== undefined);
  const attributed = { contributors: people.rows, groups: await rewardGroups(rows) };
  const area = (scores: Scores) =>
    bootstrapMean(
      recoveriesOf(scores, people.rows, people.queries).map(({ labels }) => labels),
      { seed }
    );
  const all: EstimatorReport[] = [];
  for (const { name, scores, milliseconds } of await scoresOf(run, seed)) {
    all.push({
      name,
      auc: await area(scores),
      first: recoveryOf(scores, people.rows, people.queries).first,
      paid: await area(paidScores(scores, attributed.groups)),
      ...(sourced ? { sources: recoveryOf(scores, rows.map(sourceOf), queries.map(sourceOf)) } : {}),
      agreement: agreement(scores, own),
      ...(retraining && retraining.left.length > 0
        ? {
            leaveOneOut: await bootstrapMean(
              leaveOneOutCorrelations(scores, people.rows, retraining.whole, retraining.left),
              { seed }
            )
          }
        : {}),
      ...(retraining && retraining.halves.length > 0
        ? { lds: await linearDatamodelingEstimate(scores, retraining.halves, { seed }) }
        : {}),
      milliseconds
    });
  }
  const intervals = await bootstrapShares(moments, attributed, { seed });
  return {
    estimators: all,
    shares: sharesOf(own, attributed).map((share) => {
      const { low, high } = intervals.find(({ contributor }) => contributor === share.contributor)!;
      return { ...share, low, high };
    })
  };
}

/** What each question pays each row. */
function paidScores(scores: Scores, groups: ArrayLike<number>): Scores {
  const values = new Float64Array(scores.queries * scores.rows);
  creditsOf(scores, groups).forEach(({ rows, amounts }, query) =>
    rows.forEach((row, i) => (values[query * scores.rows + row] = amounts[i]))
  );
  return { ...scores, values };
}

/** A source is somebody's: two people's "page 1" are two. */
function sourceOf(row: Row): string {
  return `${contributorOf(row)}: ${row.source}`;
}
