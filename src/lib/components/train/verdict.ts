import { median } from '$lib/datanets/median';

/** What is known of a run that is over. */
export interface RunOutcome {
  /** Mean loss of each step. */
  losses: readonly number[];
  /** Mean loss on rows that were never trained on. */
  heldOut?: { before?: number; after?: number };
  warmupSteps: number;
  /** Steps that were planned; a stopped run took fewer. */
  steps: number;
}

/** `learned`: the loss fell. The rest is told, whatever the adapter is kept for. */
export interface Verdict {
  learned: boolean;
  /** What should be known before the adapter is used; empty where all is well. */
  words: string;
}

/** Smaller changes of a loss, as a share of it, are taken for none: steps differ by what rows they saw. */
const noticeable = { training: 0.05, heldOut: 0.01 };

/** Whether a run made its model better at its rows, by what was measured. */
export function judgeRun({ losses, heldOut, warmupSteps, steps }: RunOutcome): Verdict {
  const words: string[] = [];
  // Steps see different rows: some of them at each end say more than the first and the last.
  const part = Math.max(1, Math.min(10, Math.floor(losses.length / 4)));
  const training = change(median(losses.slice(0, part)), median(losses.slice(-part)), noticeable.training);
  const unseen = change(heldOut?.before, heldOut?.after, noticeable.heldOut);
  if (losses.some((loss) => !Number.isFinite(loss)) || training === 'rose') {
    words.push(
      'The loss rose while it trained: the model got worse. A lower learning rate or a longer warm-up is the usual remedy.'
    );
  } else if (training === 'same' && losses.length > 1) {
    words.push(
      'The loss hardly changed: the adapter learned next to nothing. A higher learning rate or more epochs is the usual remedy.'
    );
  }
  if (unseen === 'rose' && training !== 'rose') {
    words.push(
      'On rows that it never saw, it got worse: it learned its rows by heart. Fewer epochs, a lower learning rate or more rows help.'
    );
  }
  if (warmupSteps > 0 && warmupSteps >= steps) {
    words.push(
      `The warm-up of ${warmupSteps} steps was as long as the run of ${steps}, or longer: the learning rate that was set was never reached.`
    );
  }
  return { learned: training === 'fell' && unseen !== 'rose', words: words.join(' ') };
}

function change(
  before: number | undefined,
  after: number | undefined,
  least: number
): 'fell' | 'rose' | 'same' | undefined {
  if (before === undefined || after === undefined || !Number.isFinite(before) || !Number.isFinite(after))
    return undefined;
  if (after < before * (1 - least)) return 'fell';
  return after > before * (1 + least) ? 'rose' : 'same';
}
