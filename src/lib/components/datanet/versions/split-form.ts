/** Shares of a split as fields hold them: percentages as text. */
import { readDecimal, readWhole } from '$lib/components/read-number';
import { SPLITS, type Split } from '$lib/datanets/datanet';

export type ShareForm = Record<Split, string>;

export const usualShares: ShareForm = { train: '80', validation: '10', test: '10' };

/** The shares as parts of one, or what is wrong with them. */
export function readShares(form: ShareForm): { shares: Record<Split, number> } | { problem: string } {
  const percent = SPLITS.map((split) => readDecimal(form[split].trim() || '0'));
  if (percent.some((share) => !Number.isFinite(share) || share < 0))
    return { problem: 'Shares are numbers from 0 to 100.' };
  const sum = percent.reduce((total, share) => total + share, 0);
  // Thirds are typed as 33.3.
  if (Math.abs(sum - 100) > 0.2)
    return { problem: `The shares make ${Number(sum.toFixed(2))} %, not 100 %.` };
  if (percent[0] === 0) return { problem: 'Leave some rows to train on.' };
  const [train, validation, test] = percent.map((share) => share / sum);
  return { shares: { train, validation, test } };
}

/** A seed as it is typed: a whole number that 32 bits hold. */
export function readSeed(text: string): number | undefined {
  const seed = readWhole(text);
  return seed !== undefined && seed < 2 ** 32 ? seed : undefined;
}
