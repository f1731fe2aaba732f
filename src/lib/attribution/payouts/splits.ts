import type { Payee } from './payees';

type Hex = `0x${string}`;

/**
 * Splits v2, as its authors put it on many chains. `pull`: each recipient fetches what is theirs from the Splits
 * Warehouse; `push`: distributing pays all of them at once. https://docs.splits.org/core/split-v2
 */
export type SplitKind = 'pull' | 'push';

/** Factories of version 2.2, the same on every chain that has them. */
export const SPLIT_FACTORIES: Record<SplitKind, Hex> = {
  pull: '0x6B9118074aB15142d7524E8c4ea8f62A3Bdb98f1',
  push: '0x8E8eB0cC6AE34A38B67D5Cf91ACa38f60bc3Ecf4'
};

/** As many as one transaction can pay, as the authors have it. */
export const MOST_RECIPIENTS: Record<SplitKind, number> = { pull: 500, push: 400 };

/** What the contracts call a chain's own coin. */
export const NATIVE_TOKEN: Hex = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE';

/** Chains that have the factories. */
const CHAINS = new Set([
  ...[1, 10, 56, 100, 137, 360, 480, 2020, 2021, 2741, 4217, 4663, 8453, 11124, 17000, 42161, 42220, 42431],
  ...[43114, 84532, 98866, 98867, 560048, 7777777, 11155111, 11155420, 999999999]
]);

export const splitsOn = (chainId: number): boolean => CHAINS.has(chainId);

/** The struct that a split is of. Shares are its allocations, and nobody is rewarded for distributing. */
export interface SplitParams {
  recipients: Hex[];
  allocations: bigint[];
  totalAllocation: bigint;
  distributionIncentive: number;
}

export function splitParams(payees: readonly Payee[]): SplitParams {
  const allocations = payees.map(({ share }) => BigInt(share));
  return {
    recipients: payees.map(({ address }) => address),
    allocations,
    totalAllocation: allocations.reduce((a, b) => a + b, 0n),
    distributionIncentive: 0
  };
}

const PARAMS =
  'struct SplitParams { address[] recipients; uint256[] allocations; uint256 totalAllocation; uint16 distributionIncentive; }';

/** What is used of the factories and of a split. */
export const SPLIT_ABI = [
  PARAMS,
  'function createSplit(SplitParams split, address owner, address creator) returns (address)',
  'function distribute(SplitParams split, address token, address distributor)',
  'event SplitCreated(address indexed split, SplitParams splitParams, address owner, address creator, uint256 nonce)'
] as const;

/** Calldata that creates a split whose shares nobody can change: it has no owner. */
export async function createSplitData(payees: readonly Payee[]): Promise<Hex> {
  const { encodeFunctionData, parseAbi, zeroAddress } = await import('viem');
  return encodeFunctionData({
    abi: parseAbi(SPLIT_ABI),
    functionName: 'createSplit',
    args: [splitParams(payees), zeroAddress, zeroAddress]
  });
}

/**
 * Calldata that pays out what a split holds.
 * @param token its address, or `NATIVE_TOKEN`
 * @param distributor who does it
 */
export async function distributeData(payees: readonly Payee[], token: Hex, distributor: Hex): Promise<Hex> {
  const { encodeFunctionData, parseAbi } = await import('viem');
  return encodeFunctionData({
    abi: parseAbi(SPLIT_ABI),
    functionName: 'distribute',
    args: [splitParams(payees), token, distributor]
  });
}
