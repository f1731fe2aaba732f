import { askThroughWallet } from '$lib/components/claims/wallet/ask-chain';
import type { ChainRequest } from '$lib/datanets/verify/chain-request';

/** A wallet that answers for the chains that it can reach. Nothing is signed, and nothing is paid. */
export interface AskedWallet {
  ask: ChainRequest;
  close: () => void;
}

/**
 * Connects a wallet, to ask chains through it.
 * @param id as the wallet announced itself
 * @throws WalletRejectedError, WalletError
 */
export async function askThrough(id: string): Promise<AskedWallet> {
  const { WalletConnection } = await import('$lib/wallet/connection');
  const connection = await WalletConnection.open(id);
  return {
    ask: askThroughWallet(connection),
    // A wallet that does not answer its farewell is none the less let go.
    close: () => void connection.close().catch(() => undefined)
  };
}
