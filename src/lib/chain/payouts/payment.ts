import { getAddress, type Address, type Hex, type TransactionReceipt } from 'viem';
import { prepare, type PreparedAction } from '../action';
import type { Chain } from '../chain';
import { amountOf, transferStep, type Token } from './token';

/** A contract that was made to pay, as `PayoutRecord` keeps it. */
export interface CreatedPayout {
  chainId: number;
  /** Of the contract, checksummed. */
  address: Address;
  transaction: Hex;
  /** Of the block, milliseconds since 1970. */
  created: number;
}

/** A payment, as `PayoutRecord` keeps it. */
export interface Payment {
  /** Decimal, in the smallest unit. */
  amount: string;
  /** Address; absent for the chain's own coin. */
  token?: Address;
  transaction: Hex;
  created: number;
}

/** What is paid, and into what. */
export interface PaymentPlan {
  /** `the splitter`: as a sentence names it. */
  into: string;
  address: Address;
  /** Smallest unit. */
  amount: bigint;
  /** Absent for the chain's own coin. */
  token?: Token;
}

/** Pays into a splitter, a split or a distributor. @throws BalanceTooLowError and what `prepare` throws */
export async function preparePayment(
  chain: Chain,
  { into, address, amount, token }: PaymentPlan
): Promise<PreparedAction<Payment>> {
  const words = amountOf(chain, amount, token);
  const step = token
    ? await transferStep(chain, token, address, amount)
    : { call: { to: address, value: amount }, what: `pay ${words}` };
  return prepare(chain, {
    title: `Pay ${words}`,
    words: [
      `Pays ${words} from ${chain.account} into ${into} ${address} on ${chain.name}.`,
      ...(token ? [`The token is the contract ${token.address}, which calls itself ${token.symbol}.`] : [])
    ],
    steps: [step],
    result: async ([receipt]) => ({
      amount: amount.toString(),
      ...(token && { token: token.address }),
      transaction: receipt.transactionHash,
      created: await chain.momentOf(receipt)
    })
  });
}

/** What came of the creation of a contract. @param address where the receipt itself does not tell */
export async function createdBy(
  chain: Chain,
  receipt: TransactionReceipt,
  address = receipt.contractAddress!
): Promise<CreatedPayout> {
  return {
    chainId: chain.id,
    address: getAddress(address),
    transaction: receipt.transactionHash,
    created: await chain.momentOf(receipt)
  };
}
