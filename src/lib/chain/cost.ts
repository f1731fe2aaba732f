import { parseAbi, serializeTransaction, type Address } from 'viem';
import {
  estimateGas,
  estimateMaxPriorityFeePerGas,
  getBalance,
  getBlock,
  getGasPrice,
  readContract
} from 'viem/actions';
import type { Step } from './action';
import type { Chain } from './chain';
import { BalanceTooLowError, CostGrewError, RevertedError, told } from './failures';

/** What an action costs, in the chain's own coin. */
export interface Cost {
  /** Of all transactions. */
  gas: bigint;
  /** Wei for a unit of gas, as the chain takes now. */
  gasPrice: bigint;
  /** Wei for the network: what it will be as things are, or the most where `bound` is set. */
  wei: bigint;
  /** Wei for the network that will never be exceeded: what the transactions allow. */
  most: bigint;
  /** Wei that are paid to somebody, besides. */
  value: bigint;
  symbol: string;
  decimals: number;
  /** Some step could not be tried out before those ahead of it: `gas` counts the most that it can take. */
  bound: boolean;
  /** All of it for people: `About 0.0021 ETH for the network, and never more than 0.0044 ETH.` */
  words: string;
}

/** Per unit of gas, as a transaction names them: EIP-1559 where the chain has it. */
export type Fees =
  | { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint; gasPrice?: undefined }
  | { gasPrice: bigint; maxFeePerGas?: undefined; maxPriorityFeePerGas?: undefined };

/** A step with the limits that it is sent under. */
export interface Priced {
  step: Step;
  /** Gas. */
  limit: bigint;
  fees: Fees;
}

/** Estimates are of the present state; what happens meanwhile can make a step dearer by a little. */
const withSlack = (gas: bigint) => gas + gas / 4n;

/** Tries all steps out. @throws RevertedError, BalanceTooLowError, ChainError */
export async function costOf(
  chain: Chain,
  steps: readonly Step[]
): Promise<{ cost: Cost; priced: Priced[] }> {
  const value = steps.reduce((sum, { call }) => sum + (call.value ?? 0n), 0n);
  const balance = await balanceOf(chain);
  if (balance < value) {
    throw new BalanceTooLowError(
      `${chain.account} has ${chain.amount(balance)} on ${chain.name}, and ${chain.amount(value)} are to be paid. Put something into the account, or pay less.`,
      { details: { needed: value.toString(), balance: balance.toString() } }
    );
  }
  const { price, fees } = await feesOf(chain);
  const top = fees.maxFeePerGas ?? fees.gasPrice;
  const priced: Priced[] = [];
  const cost = { gas: 0n, wei: 0n, most: 0n };
  for (const step of steps) {
    const gas = step.gas ?? (await gasOf(chain, step));
    const limit = step.gas ?? withSlack(gas);
    const data = await dataFee(chain, step, limit, fees);
    cost.gas += gas;
    cost.wei += gas * price + data;
    cost.most += limit * top + 2n * data;
    priced.push({ step, limit, fees });
  }
  const { symbol, decimals } = chain.facts;
  const bound = steps.some(({ gas }) => gas !== undefined);
  const words = inWords(chain, cost, value, bound);
  return { cost: { ...cost, gasPrice: price, value, symbol, decimals, bound, words }, priced };
}

function inWords(chain: Chain, { wei, most }: { wei: bigint; most: bigint }, value: bigint, bound: boolean) {
  const [now, limit] = [wei, most].map((each) => chain.amount(threeDigits(each)));
  const fee = `${bound ? 'At most about' : 'About'} ${now} for the network, and never more than ${limit}`;
  const paid = value > 0n ? ` Besides, ${chain.amount(value)} are paid.` : '';
  return `${fee}.${paid}${chain.facts.testnet ? ' Coins of this chain are worth nothing.' : ''}`;
}

/** Rounded up to three significant digits. */
function threeDigits(wei: bigint): bigint {
  const unit = 10n ** BigInt(Math.max(0, wei.toString().length - 3));
  return ((wei + unit - 1n) / unit) * unit;
}

/** Wei of the account. */
export function balanceOf(chain: Chain): Promise<bigint> {
  return told({ what: 'tell the balance', chain: chain.name }, () =>
    getBalance(chain.client, { address: chain.account })
  );
}

/**
 * Tries a step out once more, just before it is sent: a refusal costs nothing then.
 * @throws CostGrewError where the limit that was shown will not do, RevertedError, ChainError
 */
export async function checkedGas(chain: Chain, step: Step, limit: bigint): Promise<void> {
  const gas = await laterGas(chain, step);
  if (gas <= limit) return;
  throw new CostGrewError(
    `It was not sent: to ${step.what} now takes ${gas} gas, more than the ${limit} that were shown. Look at the new cost and confirm it again.`,
    { details: { gas: gas.toString(), limit: limit.toString() } }
  );
}

/** A node that is asked can be some blocks behind the one that told of the step ahead. */
const ATTEMPTS = 5;

/** Gas of a step now that those ahead of it are made. */
async function laterGas(chain: Chain, step: Step): Promise<bigint> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await gasOf(chain, step);
    } catch (error) {
      if (step.gas === undefined || !(error instanceof RevertedError) || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, chain.client.pollingInterval));
    }
  }
}

function gasOf(chain: Chain, { call, what, abi }: Step): Promise<bigint> {
  return told({ what, chain: chain.name, abi }, () =>
    estimateGas(chain.client, { account: chain.account, ...call })
  );
}

/**
 * What a unit of gas costs now, and what is offered for it: twice the base fee and the tip (EIP-1559: the base fee can
 * double in six blocks, and what is offered above it is not taken).
 */
async function feesOf({ client, name }: Chain): Promise<{ price: bigint; fees: Fees }> {
  return told({ what: 'tell its fees', chain: name }, async () => {
    const { baseFeePerGas } = await getBlock(client);
    if (baseFeePerGas === null) {
      const gasPrice = await getGasPrice(client);
      return { price: gasPrice, fees: { gasPrice } };
    }
    const tip = await estimateMaxPriorityFeePerGas(client);
    return {
      price: baseFeePerGas + tip,
      fees: { maxFeePerGas: 2n * baseFeePerGas + tip, maxPriorityFeePerGas: tip }
    };
  });
}

const oracleAbi = parseAbi(['function getL1Fee(bytes transaction) view returns (uint256)']);

/**
 * What chains of the OP Stack take for keeping the transaction on the chain below them, in wei; 0 elsewhere. Gas does
 * not count it (docs.optimism.io, "Transaction fees").
 */
async function dataFee(chain: Chain, { call, what }: Step, gas: bigint, fees: Fees): Promise<bigint> {
  const oracle = chain.client.chain?.contracts?.['gasPriceOracle'] as { address?: Address } | undefined;
  const address = oracle?.address;
  if (!address) return 0n;
  const { maxFeePerGas, maxPriorityFeePerGas } = fees;
  const transaction = serializeTransaction({
    type: 'eip1559',
    chainId: chain.id,
    ...call,
    gas,
    maxFeePerGas,
    maxPriorityFeePerGas
  });
  return told({ what: `tell what it takes to ${what}`, chain: chain.name }, () =>
    readContract(chain.client, { address, abi: oracleAbi, functionName: 'getL1Fee', args: [transaction] })
  );
}
