import { encodeDeployData, encodeFunctionData, isAddressEqual, parseAbi, type Address, type Hex } from 'viem';
import { readContract } from 'viem/actions';
import type { MerkleList } from '../../attribution/payouts/merkle-list';
import { TabtuneError } from '../../errors';
import { prepare, type PreparedAction } from '../action';
import type { Chain, ChainReader } from '../chain';
import { told } from '../failures';
import { createdBy, type CreatedPayout } from './payment';
import { amountOf, readToken, tokenBalance, type Token } from './token';

/**
 * Uniswap's MerkleDistributor, created with the bytecode that they published: it holds a token, and pays to whoever is on
 * a list what the list says, once. What is on the list is proven against its root.
 * https://github.com/Uniswap/merkle-distributor
 */

/** The list pays this address nothing, or has paid it already, or the distributor is of another list. */
export class ClaimPaymentError extends TabtuneError {}

/** What is used of it. */
const abi = parseAbi([
  'constructor(address token_, bytes32 merkleRoot_)',
  'function token() view returns (address)',
  'function merkleRoot() view returns (bytes32)',
  'function isClaimed(uint256 index) view returns (bool)',
  'function claim(uint256 index, address account, uint256 amount, bytes32[] merkleProof)'
]);

/** A distributor as the chain has it. */
export interface DistributorState {
  token: Token;
  root: Hex;
  /** What it holds, in the token's smallest unit. */
  balance: bigint;
  /** Of the list, those who were paid. Empty where the distributor is of another list. */
  claimed: Address[];
}

/**
 * Creates a distributor for a list. The token is paid into it after that (`preparePayment`, the list's `tokenTotal`).
 * @throws what `prepare` throws
 */
export async function prepareDistributor(
  chain: Chain,
  token: Token,
  { merkleRoot, tokenTotal, claims }: MerkleList
): Promise<PreparedAction<CreatedPayout>> {
  const { bytecode } = await import('@uniswap/merkle-distributor/build/MerkleDistributor.json');
  const data = encodeDeployData({
    abi,
    bytecode: `0x${bytecode.replace(/^0x/, '')}`,
    args: [token.address, merkleRoot]
  });
  return prepare(chain, {
    title: `Create a distributor on ${chain.name}`,
    words: [
      `Creates Uniswap's MerkleDistributor on ${chain.name}, for the list with the root ${merkleRoot}: ${amountOf(chain, BigInt(tokenTotal), token)} in all.`,
      `The token is the contract ${token.address}, which calls itself ${token.symbol}.`,
      'Each on the list fetches what is theirs, with their proof. What is paid in and not fetched stays there: nobody can take it out.',
      ...Object.entries(claims).map(
        ([address, { amount }]) => `${amountOf(chain, BigInt(amount), token)} for ${address}.`
      )
    ],
    steps: [{ call: { data }, what: 'create the distributor' }],
    result: ([receipt]) => createdBy(chain, receipt)
  });
}

/** @throws TokenError, ChainError */
export async function readDistributor(
  chain: ChainReader,
  address: Address,
  list: MerkleList
): Promise<DistributorState> {
  const contract = { address, abi } as const;
  const context = { what: 'tell whom it has paid', chain: chain.name, abi };
  const [tokenAddress, root] = await told(context, () =>
    Promise.all([
      readContract(chain.client, { ...contract, functionName: 'token' }),
      readContract(chain.client, { ...contract, functionName: 'merkleRoot' })
    ])
  );
  const token = await readToken(chain, tokenAddress);
  const claims = root === list.merkleRoot ? Object.entries(list.claims) : [];
  const claimed = await told(context, () =>
    Promise.all(
      claims.map(([, { index }]) =>
        readContract(chain.client, { ...contract, functionName: 'isClaimed', args: [BigInt(index)] })
      )
    )
  );
  return {
    token,
    root,
    balance: await tokenBalance(chain, token, address),
    claimed: claims.filter((_, place) => claimed[place]).map(([account]) => account as Address)
  };
}

/**
 * Pays somebody on the list what it says. Anybody can do it; it goes to that address alone.
 * @param account who is paid
 * @returns an action that gives the transaction's hash
 * @throws ClaimPaymentError and what `prepare` throws
 */
export async function prepareClaim(
  chain: Chain,
  address: Address,
  list: MerkleList,
  account: Address
): Promise<PreparedAction<Hex>> {
  const { token, root, claimed } = await readDistributor(chain, address, list);
  const [, claim] =
    Object.entries(list.claims).find(([each]) => isAddressEqual(each as Address, account)) ?? [];
  const refuse = (why: string) =>
    new ClaimPaymentError(
      `${account} cannot be paid by the distributor ${address} on ${chain.name}: ${why}.`,
      {
        details: { account, address, chainId: chain.id }
      }
    );
  if (root !== list.merkleRoot)
    throw refuse(`it is of another list, with the root ${root}. Ask for that one`);
  if (!claim) throw refuse('the list pays nothing to this address');
  if (claimed.some((each) => isAddressEqual(each, account))) throw refuse('it has done so already');
  const amount = BigInt(claim.amount);
  const data = encodeFunctionData({
    abi,
    functionName: 'claim',
    args: [BigInt(claim.index), account, amount, claim.proof]
  });
  const words = amountOf(chain, amount, token);
  return prepare(chain, {
    title: `Fetch ${words}`,
    words: [
      `The distributor ${address} on ${chain.name} pays ${words} to ${account}. This can be done once.`,
      `The token is the contract ${token.address}, which calls itself ${token.symbol}.`
    ],
    steps: [{ call: { to: address, data }, what: `pay ${words} to ${account}`, abi }],
    result: ([{ transactionHash }]) => transactionHash
  });
}
