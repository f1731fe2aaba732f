import type { Hex, ReplacementReason, Transaction, TransactionReceipt } from 'viem';
import { call as tryOut, waitForTransactionReceipt } from 'viem/actions';
import type { Call } from './action';
import type { Chain } from './chain';
import {
  RevertedError,
  told,
  TransactionPendingError,
  TransactionReplacedError,
  type FailureContext
} from './failures';

/** How long a block is waited for. What takes longer is told to still be under way. */
const PATIENCE = 5 * 60_000;

interface Sent {
  hash: Hex;
  call: Call;
  context: FailureContext;
  signal?: AbortSignal;
  /** As the node had it right after it was sent, where it did. */
  transaction?: Transaction;
}

/**
 * Waits for the block that a transaction is in. One that the person made faster in the wallet counts as the same.
 * @throws RevertedError, TransactionReplacedError, TransactionPendingError, ChainError, the reason of the signal
 */
export async function receiptOf(chain: Chain, sent: Sent): Promise<TransactionReceipt> {
  const { hash, context, signal, transaction } = sent;
  const where = chain.transactionLink(hash) ?? hash;
  let replaced: ReplacementReason = 'repriced';
  const receipt = await told({ ...context, ...(signal ? { signal } : {}) }, () =>
    waitForTransactionReceipt(chain.client, {
      hash,
      signal,
      replacement: transaction,
      timeout: PATIENCE,
      onReplaced: ({ reason }) => (replaced = reason)
    }).catch((cause: unknown) => {
      if ((cause as Error).name !== 'WaitForTransactionReceiptTimeoutError') throw cause;
      throw new TransactionPendingError(
        `The transaction was sent to ${context.what}, and no block of ${chain.name} has it after ${PATIENCE / 60_000} minutes. It can still come: look at ${where} before you try again.`,
        { details: { hash }, cause }
      );
    })
  );
  if (replaced !== 'repriced') {
    throw new TransactionReplacedError(
      `The transaction to ${context.what} was ${replaced} in the wallet: ${receipt.transactionHash} took its place. Prepare it anew if it is still wanted.`,
      { details: { hash, by: receipt.transactionHash, reason: replaced } }
    );
  }
  if (receipt.status === 'reverted') throw await reverted(chain, sent, receipt);
  return receipt;
}

/** Reverted in its block, though it went well when it was tried out: something came between. */
async function reverted(chain: Chain, { call, context }: Sent, receipt: TransactionReceipt): Promise<Error> {
  const { transactionHash: hash, blockNumber } = receipt;
  try {
    await told(context, () => tryOut(chain.client, { account: chain.account, ...call, blockNumber }));
  } catch (cause) {
    if (cause instanceof RevertedError) return cause;
  }
  return new RevertedError(
    `The contract on ${chain.name} refused to ${context.what}, and the network was paid for it: see ${chain.transactionLink(hash) ?? hash}. Something changed in between; prepare it anew.`,
    { details: { hash } }
  );
}
