import type { Abi, Address, Hex, Transaction, TransactionReceipt } from 'viem';
import { getTransaction, sendTransaction } from 'viem/actions';
import type { Chain } from './chain';
import { BalanceTooLowError, told } from './failures';
import { balanceOf, costOf, checkedGas, type Cost, type Priced } from './cost';
import type { ChainFacts } from './known';
import { receiptOf } from './receipt';

/** One transaction: a call of a contract, the creation of one (no `to`), or a payment. */
export interface Call {
  to?: Address;
  data?: Hex;
  /** Wei. */
  value?: bigint;
}

export interface Step {
  call: Call;
  /** What it does, as a sentence goes on: `attest the claim`. */
  what: string;
  /** Of the contract, to tell why it refuses. */
  abi?: Abi;
  /** The most gas that it takes, where it cannot be tried out before the steps ahead of it are made. */
  gas?: bigint;
}

/** What is to be done, before its cost is known. */
export interface Plan<Result> {
  /** `Anchor the claim on Base`. */
  title: string;
  /** What will happen, to which contract, with which amounts: a sentence each. */
  words: string[];
  steps: [Step, ...Step[]];
  /** What comes of it. One receipt a step. */
  result: (receipts: TransactionReceipt[]) => Result | Promise<Result>;
}

export interface RunOptions {
  /** Ends the waiting. What was sent stays sent. */
  signal?: AbortSignal;
  /** A transaction was sent, the first is 0; its block is waited for. */
  onSent?: (hash: Hex, index: number) => void;
}

/**
 * Something on a chain that costs, ready to be shown: nothing is sent before `run`, and what is shown is what is sent.
 * Prepared for one account and one chain.
 */
export interface PreparedAction<Result> {
  readonly title: string;
  readonly words: readonly string[];
  /** How many times the wallet will ask. */
  readonly transactions: number;
  readonly cost: Cost;
  readonly chain: ChainFacts;
  /** Who pays. Checksummed. */
  readonly account: Address;
  /**
   * Sends the transactions one after another, each after the block of the one before it. Run again after it failed or was
   * stopped, it goes on from there: what was sent is waited for, and never sent twice.
   * @throws WalletMovedError, TransactionRejectedError, BalanceTooLowError, CostGrewError, RevertedError,
   *   TransactionReplacedError, TransactionPendingError, ChainError
   */
  run(options?: RunOptions): Promise<Result>;
}

/**
 * Tries the steps out on the chain's present state, without sending anything.
 * @throws RevertedError where a contract would refuse, BalanceTooLowError, WalletMovedError, ChainError
 */
export async function prepare<Result>(chain: Chain, plan: Plan<Result>): Promise<PreparedAction<Result>> {
  await chain.stillHere();
  const { cost, priced } = await costOf(chain, plan.steps);
  const made: Made = { sent: [], receipts: [] };
  let running: Promise<Result> | undefined;
  const go = async (options: RunOptions) => {
    for (const step of priced.slice(made.receipts.length)) {
      made.receipts.push(await advance(chain, step, made, options));
    }
    return plan.result(made.receipts);
  };
  return {
    title: plan.title,
    words: plan.words,
    transactions: plan.steps.length,
    cost,
    chain: chain.facts,
    account: chain.account,
    run: (options = {}) => (running ??= go(options).finally(() => (running = undefined)))
  };
}

/** How far an action is. */
interface Made {
  sent: { hash: Hex; transaction?: Transaction }[];
  /** Of the first of them. */
  receipts: TransactionReceipt[];
}

/** Makes the next step, unless it was sent before, and waits for its block. */
async function advance(
  chain: Chain,
  priced: Priced,
  { sent, receipts }: Made,
  { signal, onSent }: RunOptions
): Promise<TransactionReceipt> {
  const index = receipts.length;
  const { call, what, abi } = priced.step;
  if (sent.length === index) {
    const hash = await send(chain, priced, signal);
    sent.push({ hash });
    // Looked at before anybody can replace it: a node may forget it then, and with it what to look for.
    const transaction = getTransaction(chain.client, { hash }).catch(() => undefined);
    onSent?.(hash, index);
    sent[index].transaction = await transaction;
  }
  return receiptOf(chain, { ...sent[index], call, context: { what, chain: chain.name, abi }, signal });
}

/** Sends one step, under the limits that were shown. */
async function send(chain: Chain, { step, limit, fees }: Priced, signal?: AbortSignal): Promise<Hex> {
  const { call, what, abi } = step;
  signal?.throwIfAborted();
  await chain.stillHere();
  const most = limit * (fees.maxFeePerGas ?? fees.gasPrice) + (call.value ?? 0n);
  const balance = await balanceOf(chain);
  if (balance < most) {
    throw new BalanceTooLowError(
      `It was not sent: to ${what} takes up to ${chain.amount(most)}, and ${chain.account} has ${chain.amount(balance)} on ${chain.name}. Put something into the account, or choose another.`,
      { details: { needed: most.toString(), balance: balance.toString() } }
    );
  }
  await checkedGas(chain, step, limit);
  signal?.throwIfAborted();
  return told({ what, chain: chain.name, abi }, () =>
    sendTransaction(chain.client, {
      account: chain.account,
      // `stillHere` has looked; a chain that viem has no name for is as good.
      chain: null,
      ...call,
      gas: limit,
      ...fees
    })
  );
}
