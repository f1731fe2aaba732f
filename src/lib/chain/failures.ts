import { decodeErrorResult, isHex, type Abi, type Hex } from 'viem';
import { TabtuneError } from '../errors';

/** The account or the network of the wallet is another than the one that things were prepared for. It was not sent. */
export class WalletMovedError extends TabtuneError {}

/** The person said no in the wallet. It was not sent. */
export class TransactionRejectedError extends TabtuneError {}

/** The account holds less than what is to be paid. It was not sent. */
export class BalanceTooLowError extends TabtuneError {}

/** What was shown as the most that it costs would not do any more. It was not sent. */
export class CostGrewError extends TabtuneError {}

/** The contract refuses. `details.reason` is what it says. */
export class RevertedError extends TabtuneError {}

/** Another transaction of the account took the place of the one that was sent. */
export class TransactionReplacedError extends TabtuneError {}

/** A transaction was sent, and no block has it yet. */
export class TransactionPendingError extends TabtuneError {}

/** The chain, or the wallet's way to it, did not do what it was asked. */
export class ChainError extends TabtuneError {}

/** What a failure is told with. */
export interface FailureContext {
  /** What was to be done, as the sentence goes on: `attest the claim`. */
  what: string;
  /** Name of the chain. */
  chain: string;
  /** Of the contract that was called, to read its own errors. */
  abi?: Abi;
  /** Ends the waiting. */
  signal?: AbortSignal;
}

/**
 * Runs a request to a chain; its failures in our words.
 * @throws TransactionRejectedError, RevertedError, BalanceTooLowError, ChainError, the reason of the signal; what is of Tabtune
 * passes as it is
 */
export async function told<T>(context: FailureContext, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    throw failureOf(cause, context);
  }
}

/** Sorts a failure of a wallet or a node. What was stopped failed for the reason of its signal, whatever was thrown on the way. */
function failureOf(cause: unknown, { what, chain, abi, signal }: FailureContext): unknown {
  if (signal?.aborted) return signal.reason;
  if (cause instanceof TabtuneError) return cause;
  const causes = [...causesOf(cause)];
  if (causes.some(({ code, name }) => code === 4001 || name === 'UserRejectedRequestError')) {
    return new TransactionRejectedError(
      `It was not sent: the request to ${what} was declined in the wallet.`,
      {
        cause
      }
    );
  }
  const words = shortMessage(cause);
  const data = causes.map(revertData).find((each) => each !== undefined);
  if (data !== undefined || causes.some(({ name }) => name === 'ExecutionRevertedError')) {
    const reason = (data && reasonOf(data, abi)) ?? words;
    return new RevertedError(`The contract on ${chain} refuses to ${what}: ${reason}`, {
      details: { reason, data },
      cause
    });
  }
  if (causes.some(({ name }) => name === 'InsufficientFundsError') || /insufficient funds/i.test(words)) {
    return new BalanceTooLowError(
      `The account has too little on ${chain} to ${what} and to pay the network for it. Put something into the account, or choose another.`,
      { cause }
    );
  }
  return new ChainError(
    `${chain} could not be asked to ${what}: ${words} Look at the wallet and its network, and try again.`,
    { details: { chain }, cause }
  );
}

interface Cause {
  code?: unknown;
  name?: unknown;
  data?: unknown;
}

/** The error and what caused it. */
function* causesOf(error: unknown): Generator<Cause> {
  for (let each = error; each instanceof Object; each = (each as { cause?: unknown }).cause) yield each;
}

/** What a contract reverted with: nodes hand it over as `data`, wallets wrap that once more. */
function revertData({ data }: Cause): Hex | undefined {
  for (let each = data, depth = 0; depth < 4 && each != null; depth++) {
    if (isHex(each)) return each;
    const { data: inner, originalError } = each as { data?: unknown; originalError?: unknown };
    each = inner ?? originalError;
  }
  return undefined;
}

/** What a contract says in the data of a revert: its words, or the name of its error. */
export function reasonOf(data: Hex, abi: Abi = []): string | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi, data }) as { errorName: string; args?: unknown[] };
    if (errorName === 'Error') return String(args?.[0]);
    return args?.length ? `${errorName} (${args.join(', ')})` : errorName;
  } catch {
    return undefined;
  }
}

function shortMessage(error: unknown): string {
  const { shortMessage, details, message } = (error ?? {}) as {
    shortMessage?: string;
    details?: string;
    message?: string;
  };
  const words = (shortMessage ?? message ?? String(error)).split('\n')[0].replace(/\.?$/, '.');
  return details && !words.includes(details) ? `${words} (${details.split('\n')[0].slice(0, 200)})` : words;
}
