import type { WalletStatement } from '$lib/attribution/claims/typed-data';
import type { Statement, WalletSignature } from '$lib/datanets/trust/statements';

/** What a wallet can sign beside the person's own key. */
export function isForWallets(statement: Statement): statement is WalletStatement {
  return statement.kind === 'contribution' || statement.kind === 'wallet-link';
}

/** The address of a wallet's account, which the person chooses in the wallet. @throws WalletRejectedError, WalletError */
export async function walletAddress(id: string): Promise<string> {
  const { WalletConnection } = await import('$lib/wallet/connection');
  const connection = await WalletConnection.open(id);
  try {
    return (await connection.account()).address;
  } finally {
    await connection.close();
  }
}

/**
 * Has a wallet sign a statement that was shown in words; the wallet shows its fields once more.
 * @param id as the wallet announced itself
 * @throws WalletRejectedError, WalletError
 */
export async function signWithWallet(statement: WalletStatement, id: string): Promise<WalletSignature> {
  const [{ WalletConnection }, { claimOf }] = await Promise.all([
    import('$lib/wallet/connection'),
    import('$lib/attribution/claims/wallet-signature')
  ]);
  const connection = await WalletConnection.open(id);
  try {
    // Asked anew: people switch account and network between two requests.
    const { address, chainId } = await connection.account();
    const value = await connection.sign(claimOf(statement, chainId), address);
    return { standard: 'EIP-712', address, chainId, value };
  } finally {
    await connection.close();
  }
}
