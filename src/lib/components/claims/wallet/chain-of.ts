import type { Chain } from '$lib/chain/chain';
import type { ChainFacts } from '$lib/chain/known';
import type { WalletConnection } from '$lib/wallet/connection';
import type { PageWallet } from './page-wallet.svelte';

/**
 * The chain on which a wallet is, for the account that the page shows.
 * @throws SignerMovedError where it is not there any more, WalletError, ChainError
 */
export async function chainOf(wallet: PageWallet<WalletConnection>): Promise<Chain> {
  const { Chain } = await import('$lib/chain/chain');
  const { connection, account } = wallet.connected();
  return Chain.open(await connection.provider(), account.address);
}

/** What people are told of chains; names of many load the list of all. */
export async function factsOfChains(ids: readonly number[]): Promise<ChainFacts[]> {
  const { factsOf, knownChain } = await import('$lib/chain/known');
  return Promise.all(ids.map(async (id) => factsOf(id, await knownChain(id))));
}
