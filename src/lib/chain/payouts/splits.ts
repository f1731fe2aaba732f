import { parseAbi, parseEventLogs, type Address, type Hex } from 'viem';
import { getCode } from 'viem/actions';
import { PayeeError, type Payee } from '../../attribution/payouts/payees';
import {
  createSplitData,
  distributeData,
  MOST_RECIPIENTS,
  NATIVE_TOKEN,
  SPLIT_ABI,
  SPLIT_FACTORIES,
  splitsOn,
  type SplitKind
} from '../../attribution/payouts/splits';
import { TabtuneError } from '../../errors';
import { prepare, type PreparedAction } from '../action';
import type { Chain, ChainReader } from '../chain';
import { told } from '../failures';
import { createdBy, type CreatedPayout } from './payment';
import { shareWords } from './splitter';
import type { Token } from './token';

/** The chain has no Splits v2. */
export class SplitsMissingError extends TabtuneError {}

const abi = parseAbi(SPLIT_ABI);

/** Whether splits can be created there: the chain is one of theirs, and the factory is really there. @throws ChainError */
export async function hasSplits(chain: ChainReader, kind: SplitKind): Promise<boolean> {
  if (!splitsOn(chain.id) && !chain.facts.local) return false;
  const code = await told({ what: 'look for Splits', chain: chain.name }, () =>
    getCode(chain.client, { address: SPLIT_FACTORIES[kind] })
  );
  return code !== undefined;
}

/**
 * Creates a split of Splits v2, without an owner.
 * @param payees each address once (`payeesOf`)
 * @throws SplitsMissingError, PayeeError, and what `prepare` throws
 */
export async function prepareSplit(
  chain: Chain,
  payees: readonly Payee[],
  kind: SplitKind
): Promise<PreparedAction<CreatedPayout>> {
  const most = MOST_RECIPIENTS[kind];
  if (payees.length < 1 || payees.length > most) {
    throw new PayeeError(`A ${kind} split has 1 to ${most} recipients, and these are ${payees.length}.`);
  }
  if (!(await hasSplits(chain, kind))) {
    throw new SplitsMissingError(
      `Splits is not on ${chain.name}. Create a splitter (PaymentSplitter) there, which any chain can have.`,
      { details: { chainId: chain.id } }
    );
  }
  const to = SPLIT_FACTORIES[kind];
  return prepare(chain, {
    title: `Create a split on ${chain.name}`,
    words: [
      `Creates a ${kind} split with the factory of Splits v2 ${to} on ${chain.name}. Whatever is paid into it is divided by these shares, which nobody can change.`,
      kind === 'pull'
        ? 'Once it is distributed, each fetches what is theirs from the Splits Warehouse.'
        : 'Once it is distributed, each is paid at once.',
      ...shareWords(payees)
    ],
    steps: [{ call: { to, data: await createSplitData(payees) }, what: 'create the split', abi }],
    result([receipt]) {
      const [{ args }] = parseEventLogs({ abi, eventName: 'SplitCreated', logs: receipt.logs });
      return createdBy(chain, receipt, args.split);
    }
  });
}

/**
 * Pays out what a split holds, to all of its recipients.
 * @param payees the same as when it was created, in the same order
 * @returns an action that gives the transaction's hash
 */
export async function prepareDistribution(
  chain: Chain,
  address: Address,
  payees: readonly Payee[],
  token?: Token
): Promise<PreparedAction<Hex>> {
  const data = await distributeData(payees, token?.address ?? NATIVE_TOKEN, chain.account);
  return prepare(chain, {
    title: 'Distribute what the split holds',
    words: [
      `The split ${address} on ${chain.name} pays out what it holds in ${token?.symbol ?? chain.facts.symbol}, by its shares.`
    ],
    steps: [{ call: { to: address, data }, what: 'distribute what the split holds', abi }],
    result: ([{ transactionHash }]) => transactionHash
  });
}
