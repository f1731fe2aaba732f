import { SPLITS, type Split } from '$lib/datanets/datanet';

/** Percentages as typed, as shares of 1; or why they are none. */
export function sharesOf(
  percent: Readonly<Record<Split, string>>
): { shares: Record<Split, number> } | { problem: string } {
  const shares = { train: 0, validation: 0, test: 0 };
  for (const split of SPLITS) {
    const value = Number(percent[split].trim().replace(',', '.') || '0');
    if (!Number.isFinite(value) || value < 0) return { problem: `The share of ${split} is no number.` };
    shares[split] = value / 100;
  }
  const sum = shares.train + shares.validation + shares.test;
  if (Math.abs(sum - 1) > 1e-6)
    return { problem: `The shares add up to ${Math.round(sum * 1000) / 10}%, not to 100%.` };
  return { shares };
}
