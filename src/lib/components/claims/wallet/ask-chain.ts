import type { ChainRequest } from '$lib/datanets/verify/chain-request';
import type { WalletConnection } from '$lib/wallet/connection';

/** What asking a chain needs of a connection. */
export type AskableConnection = Pick<WalletConnection, 'account' | 'provider' | 'switchTo'>;

/**
 * Asks chains through a connected wallet. Where it is on another chain, it is asked to go there, and asks the person.
 * Nothing is signed, and nothing is paid. Once the connection is closed, nobody answers.
 */
export function askThroughWallet(connection: AskableConnection): ChainRequest {
  return async (chainId, request) => {
    const { chainId: now } = await connection.account();
    if (now !== chainId) await connection.switchTo(chainId);
    const provider = await connection.provider();
    return provider.request(request);
  };
}
