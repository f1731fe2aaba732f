import { encodeDeployData, encodeFunctionData, parseAbi, type Address, type Hex } from 'viem';
import { readContract } from 'viem/actions';
import { PayeeError, type Payee } from '../../attribution/payouts/payees';
import { TabtuneError } from '../../errors';
import { prepare, type PreparedAction, type Step } from '../action';
import type { Chain, ChainReader } from '../chain';
import { told } from '../failures';
import { createdBy, type CreatedPayout } from './payment';
import { amountOf, type Token } from './token';

/**
 * OpenZeppelin's PaymentSplitter (contracts 4.9, the last release that has it), created with the bytecode that they
 * published: what is paid into it is divided by shares that nobody can change, and each payee's part can be released by
 * anybody, to that payee alone. https://docs.openzeppelin.com/contracts/4.x/api/finance
 */

/** Nothing is due to anybody. */
export class NothingDueError extends TabtuneError {}

/** What is used of it. */
const abi = parseAbi([
  'constructor(address[] payees, uint256[] shares_) payable',
  'function shares(address account) view returns (uint256)',
  'function releasable(address account) view returns (uint256)',
  'function releasable(address token, address account) view returns (uint256)',
  'function released(address account) view returns (uint256)',
  'function released(address token, address account) view returns (uint256)',
  'function release(address account)',
  'function release(address token, address account)'
]);

/** A block has room for more, but not for ever more: each payee takes 70,000 gas and a bit. */
const MOST_PAYEES = 200;

/** What is due to a payee. Smallest unit. */
export interface PayeeState {
  address: Address;
  /** Millionths, as the contract has them; 0 where it does not know the address. */
  share: bigint;
  /** What is there for the payee, and was not released yet. */
  pending: bigint;
  released: bigint;
}

/**
 * Creates a splitter.
 * @param payees each address once (`payeesOf`)
 * @throws PayeeError for none, or more than fit, and what `prepare` throws
 */
export async function prepareSplitter(
  chain: Chain,
  payees: readonly Payee[]
): Promise<PreparedAction<CreatedPayout>> {
  if (payees.length === 0) {
    throw new PayeeError('Nobody can be paid: no contributor with a share has an address. Add one.');
  }
  if (payees.length > MOST_PAYEES) {
    throw new PayeeError(
      `A splitter has room for ${MOST_PAYEES} payees, and these are ${payees.length}. Pay them by a list instead (MerkleDistributor).`
    );
  }
  const { bytecode } = await import('@openzeppelin/contracts/build/contracts/PaymentSplitter.json');
  const args = [payees.map(({ address }) => address), payees.map(({ share }) => BigInt(share))] as const;
  return prepare(chain, {
    title: `Create a splitter on ${chain.name}`,
    words: [
      `Creates OpenZeppelin's PaymentSplitter on ${chain.name}. Whatever is paid into it is divided by these shares, which nobody can change.`,
      ...shareWords(payees)
    ],
    steps: [
      {
        call: { data: encodeDeployData({ abi, bytecode: bytecode as Hex, args }) },
        what: 'create the splitter'
      }
    ],
    result: ([receipt]) => createdBy(chain, receipt)
  });
}

/** `Ada: 25.0000 % to 0x…`, a line for each payee. */
export function shareWords(payees: readonly Payee[]): string[] {
  const sum = payees.reduce((all, { share }) => all + share, 0);
  return payees.map(({ address, share, contributors }) => {
    const names = contributors.map(({ name }) => name).join(', ');
    return `${names}: ${((100 * share) / sum).toFixed(4)} % to ${address}.`;
  });
}

/** What is due to each payee. @param token absent for the chain's own coin @throws ChainError */
export function readSplitter(
  chain: ChainReader,
  address: Address,
  payees: readonly Address[],
  token?: Token
): Promise<PayeeState[]> {
  const contract = { address, abi } as const;
  const read = (functionName: 'releasable' | 'released', payee: Address) =>
    readContract(chain.client, {
      ...contract,
      functionName,
      args: token ? [token.address, payee] : [payee]
    } as never) as Promise<bigint>;
  return told({ what: 'tell what is due', chain: chain.name, abi }, () =>
    Promise.all(
      payees.map(async (payee) => {
        const share = await readContract(chain.client, {
          ...contract,
          functionName: 'shares',
          args: [payee]
        });
        // The contract refuses to reckon for an address that it does not know.
        const [pending, released] = share
          ? [await read('releasable', payee), await read('released', payee)]
          : [0n, 0n];
        return { address: payee, share, pending, released };
      })
    )
  );
}

/**
 * Releases what is due to payees: to each its own part, a transaction each. Whoever runs it pays the network, and gets
 * nothing of it.
 * @param payees one, or all
 * @returns an action that gives a hash for each to whom something was due
 * @throws NothingDueError and what `prepare` throws
 */
export async function prepareRelease(
  chain: Chain,
  address: Address,
  payees: readonly Address[],
  token?: Token
): Promise<PreparedAction<Hex[]>> {
  const due = (await readSplitter(chain, address, payees, token)).filter(({ pending }) => pending > 0n);
  const [first, ...others] = due.map(({ address: payee, pending }): Step => {
    const data = token
      ? encodeFunctionData({ abi, functionName: 'release', args: [token.address, payee] })
      : encodeFunctionData({ abi, functionName: 'release', args: [payee] });
    return {
      call: { to: address, data },
      what: `release ${amountOf(chain, pending, token)} to ${payee}`,
      abi
    };
  });
  if (!first) {
    throw new NothingDueError(
      `Nothing is due from the splitter ${address} on ${chain.name}: pay into it first, or all was released before.`,
      { details: { address, chainId: chain.id } }
    );
  }
  return prepare(chain, {
    title: due.length === 1 ? 'Release what is due' : `Release what is due to ${due.length} payees`,
    words: due.map(
      ({ address: payee, pending }) =>
        `The splitter ${address} pays ${amountOf(chain, pending, token)} to ${payee} on ${chain.name}.`
    ),
    steps: [first, ...others],
    result: (receipts) => receipts.map(({ transactionHash }) => transactionHash)
  });
}
