import { encodeFunctionData, erc20Abi, formatUnits, getAddress, type Address } from 'viem';
import { readContract } from 'viem/actions';
import { TabtuneError } from '../../errors';
import type { Step } from '../action';
import type { ChainReader } from '../chain';
import { BalanceTooLowError, told } from '../failures';

/** Nothing at the address answers as an ERC-20 token does. */
export class TokenError extends TabtuneError {}

/** A token in which is paid (ERC-20). What it calls itself is its own word, and is shown as text. */
export interface Token {
  /** Checksummed. */
  address: Address;
  symbol: string;
  decimals: number;
}

/** Longer names are cut. */
const LONGEST_SYMBOL = 12;

/** @throws TokenError */
export async function readToken(chain: ChainReader, address: Address): Promise<Token> {
  const contract = { address, abi: erc20Abi } as const;
  try {
    const [symbol, decimals] = await Promise.all([
      readContract(chain.client, { ...contract, functionName: 'symbol' }),
      readContract(chain.client, { ...contract, functionName: 'decimals' })
    ]);
    return { address: getAddress(address), symbol: symbol.slice(0, LONGEST_SYMBOL), decimals };
  } catch (cause) {
    throw new TokenError(
      `There is no token at ${address} on ${chain.name} that can be paid in. Look the address up, and at which network it is on.`,
      { details: { address, chainId: chain.id }, cause }
    );
  }
}

/** `12.5 USDC`: exact. `token` absent for the chain's own coin. */
export function amountOf(chain: ChainReader, amount: bigint, token?: Token): string {
  return token ? `${formatUnits(amount, token.decimals)} ${token.symbol}` : chain.amount(amount);
}

/** What an account has of a token, in its smallest unit. @throws ChainError */
export function tokenBalance(
  chain: ChainReader,
  { address, symbol }: Token,
  account: Address
): Promise<bigint> {
  return told({ what: `tell the balance of ${symbol}`, chain: chain.name }, () =>
    readContract(chain.client, { address, abi: erc20Abi, functionName: 'balanceOf', args: [account] })
  );
}

/** A transfer of a token from the account. @throws BalanceTooLowError, ChainError */
export async function transferStep(
  chain: ChainReader & { account: Address },
  token: Token,
  to: Address,
  amount: bigint
): Promise<Step> {
  const balance = await tokenBalance(chain, token, chain.account);
  if (balance < amount) {
    throw new BalanceTooLowError(
      `${chain.account} has ${amountOf(chain, balance, token)} on ${chain.name}, and ${amountOf(chain, amount, token)} are to be paid. Put something into the account, or pay less.`,
      { details: { needed: amount.toString(), balance: balance.toString(), token: token.address } }
    );
  }
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] });
  return { call: { to: token.address, data }, what: `pay ${amountOf(chain, amount, token)}`, abi: erc20Abi };
}
