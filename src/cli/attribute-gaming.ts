/** What attacks on shares gain, by training again with the rows that they leave. */
import { rewardGroups } from '../lib/attribution/groups';
import { sharesOf } from '../lib/attribution/shares';
import { defaultEstimator } from '../lib/jobs/influence-scores';
import { attacksOf } from './attribute-attacks';
import { contributorOf } from './attribute-people';
import { measureRun, type MeasuredRun, type RunJob } from './attribute-run';
import { say } from './shared';

export interface AttackReport {
  readonly name: string;
  readonly attacker: string;
  readonly rows: { readonly before: number; readonly after: number };
  /** The attacker's share, under all names together. */
  readonly before: number;
  readonly after: number;
  /** The same if every row were paid for all that it helped, as plain sums over rows do. */
  readonly sumBefore: number;
  readonly sumAfter: number;
}

/**
 * Trains once more for each attack of an ordinary contributor, the one with the median share.
 * @param honest the run without an attack
 */
export async function measureAttacks(
  honest: MeasuredRun,
  job: RunJob,
  seed: number,
  onAttack: (report: AttackReport) => void
): Promise<void> {
  const shares = [...(await paidOf(honest))].sort((a, b) => a.share - b.share);
  const attacker = shares[Math.floor((shares.length - 1) / 2)].contributor;
  const [before, sumBefore] = partOf(shares, new Set([attacker]));
  for (const { name, rows, names } of attacksOf(job.rows, attacker, seed)) {
    say(`Attack of ${attacker}: ${name}`);
    const run = await measureRun({ ...job, rows });
    const [after, sumAfter] = partOf(await paidOf(run), names);
    say(`Share of ${attacker}: ${before.toFixed(4)} before, ${after.toFixed(4)} after`);
    onAttack({
      ...{ name, attacker, before, after, sumBefore, sumAfter },
      rows: { before: honest.rows.length, after: run.rows.length }
    });
  }
}

async function paidOf({ result, rows }: MeasuredRun) {
  return sharesOf(result.estimators[defaultEstimator].scores, {
    contributors: rows.map(contributorOf),
    groups: await rewardGroups(rows)
  });
}

/** What some names have together, by the rules and as sums over rows. */
function partOf(
  shares: readonly { contributor: string; share: number; helped: number }[],
  names: ReadonlySet<string>
): [share: number, sum: number] {
  const mine = shares.filter(({ contributor }) => names.has(contributor));
  const helped = (list: typeof shares) => list.reduce((sum, each) => sum + each.helped, 0);
  return [mine.reduce((sum, { share }) => sum + share, 0), helped(mine) / helped(shares)];
}
