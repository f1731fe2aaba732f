import { claimOf } from '$lib/attribution/claims/wallet-signature';
import type { WalletStatement } from '$lib/attribution/claims/typed-data';
import type { WalletSignature } from '$lib/datanets/trust/statements';
import type { WalletAccount, WalletConnection } from '$lib/wallet/connection';
import { SignerMovedError } from '$lib/components/claims/wallet/page-wallet.svelte';

/** Opens a wallet. Wallet code loads here and not before. @throws WalletRejectedError, WalletError */
export async function openWallet(id: string): Promise<WalletConnection> {
  const { WalletConnection } = await import('$lib/wallet/connection');
  return WalletConnection.open(id);
}

/**
 * Has a wallet sign a statement that was shown in words and field by field for this account and network.
 * @throws SignerMovedError where a link names another account, WalletRejectedError, WalletError
 */
export async function signShown(
  connection: Pick<WalletConnection, 'sign'>,
  statement: WalletStatement,
  { address, chainId }: WalletAccount
): Promise<WalletSignature> {
  if (statement.kind === 'wallet-link' && statement.address !== address) {
    throw new SignerMovedError(
      `Nothing was signed: this links the account ${statement.address}, and the wallet is at ${address} now. Switch it back, or close this and link the other account.`,
      { details: { named: statement.address, now: address } }
    );
  }
  const value = await connection.sign(claimOf(statement, chainId), address);
  // Statements have hexadecimal digits in one form.
  return { standard: 'EIP-712', address, chainId, value: value.toLowerCase() };
}
