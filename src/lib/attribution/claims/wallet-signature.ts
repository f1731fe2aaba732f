import { TabtuneError } from '../../errors';
import { canonicalJson } from '../../datanets/canonical';
import { cidOfText } from '../../datanets/content/cid';
import type { WalletSignature } from '../../datanets/trust/statements';
import { typedDataOf, type ClaimTypedData, type WalletStatement } from './typed-data';

/** A wallet's signature that does not fit the statement, or not the address that it names. */
export class WalletSignatureError extends TabtuneError {}

/** The typed data that a wallet on `chainId` signs for a statement. */
export function claimOf(statement: WalletStatement, chainId: number): ClaimTypedData {
  return typedDataOf(statement, cidOfText(canonicalJson(statement)), chainId);
}

/**
 * Checks the signature of a plain account (ECDSA over secp256k1, EIP-712). Contract accounts (ERC-1271) need their
 * chain and are refused here with that reason.
 * @throws WalletSignatureError
 */
export async function verifyWalletSignature(
  statement: WalletStatement,
  wallet: WalletSignature
): Promise<void> {
  if (statement.kind === 'wallet-link' && statement.address !== wallet.address) {
    throw new WalletSignatureError(
      `The link names the wallet ${statement.address}, but ${wallet.address} signed it.`,
      { details: { named: statement.address, signer: wallet.address } }
    );
  }
  const { getAddress, recoverTypedDataAddress } = await import('viem');
  let signer: string;
  try {
    signer = await recoverTypedDataAddress({
      ...claimOf(statement, wallet.chainId),
      signature: wallet.value as `0x${string}`
    });
  } catch (cause) {
    throw new WalletSignatureError(
      `The wallet signature of ${wallet.address} cannot be read. Plain accounts are checked here; contract accounts need their chain.`,
      { details: { address: wallet.address }, cause }
    );
  }
  if (signer !== getAddress(wallet.address)) {
    throw new WalletSignatureError(
      `The wallet signature is not by ${wallet.address} over this statement: something in it was changed, or another account or chain signed it.`,
      { details: { address: wallet.address, signer, chainId: wallet.chainId } }
    );
  }
}
