import { TabtuneError } from '../../errors';
import { canonicalJson } from '../../datanets/canonical';
import { cidOfText } from '../../datanets/content/cid';
import type { WalletSignature } from '../../datanets/trust/statements';
import { isOfContract } from '../../datanets/trust/wallet-kinds';
import { ChainUnavailableError, type ChainRequest } from '../../datanets/verify/chain-request';
import { typedDataOf, type ClaimTypedData, type WalletStatement } from './typed-data';

/** A wallet's signature that does not fit the statement, or not the address that it names. */
export class WalletSignatureError extends TabtuneError {}

/** The typed data that a wallet on `chainId` signs for a statement. */
export function claimOf(statement: WalletStatement, chainId: number): ClaimTypedData {
  return typedDataOf(statement, cidOfText(canonicalJson(statement)), chainId);
}

/**
 * Checks a wallet's signature (EIP-712): of a plain account by ECDSA over secp256k1, without asking anybody; of a contract
 * account (ERC-1271, ERC-6492) by its chain.
 * @param chain without it, what is longer than a plain account's signature cannot be checked
 * @throws WalletSignatureError; ChainUnavailableError where only the chain can tell, and was not or could not be asked
 */
export async function verifyWalletSignature(
  statement: WalletStatement,
  wallet: WalletSignature,
  chain?: ChainRequest
): Promise<void> {
  await accountOf(statement, wallet, chain);
}

/**
 * Checks a signature that a wallet just made, and gives it in the form in which it goes along. Some contract accounts sign
 * with 65 bytes; to whoever has no chain at hand that is a plain account's signature that fails. Theirs is wrapped as
 * ERC-6492 has it, which accounts that are deployed may have, too, and which says that a chain is to be asked.
 * https://eips.ethereum.org/EIPS/eip-6492
 * @throws as `verifyWalletSignature`
 */
export async function acceptWalletSignature(
  statement: WalletStatement,
  wallet: WalletSignature,
  chain?: ChainRequest
): Promise<WalletSignature> {
  const account = await accountOf(statement, wallet, chain);
  if (account === 'plain' || isOfContract(wallet)) return wallet;
  const { serializeErc6492Signature, zeroAddress } = await import('viem');
  const signature = wallet.value as `0x${string}`;
  return { ...wallet, value: serializeErc6492Signature({ address: zeroAddress, data: '0x', signature }) };
}

/** The kind of account that signed. @throws as `verifyWalletSignature` */
async function accountOf(
  statement: WalletStatement,
  wallet: WalletSignature,
  chain: ChainRequest | undefined
): Promise<'plain' | 'contract'> {
  const { address, chainId, value } = wallet;
  if (statement.kind === 'wallet-link' && statement.address !== address) {
    throw new WalletSignatureError(
      `The link names the wallet ${statement.address}, but ${address} signed it.`,
      {
        details: { named: statement.address, signer: address }
      }
    );
  }
  const { getAddress, hashTypedData } = await import('viem');
  if (address !== getAddress(address)) {
    throw new WalletSignatureError(
      `The address ${address} is not written with its checksum (EIP-55), as a wallet gives it: it was changed.`,
      { details: { address } }
    );
  }
  const claim = claimOf(statement, chainId);
  if (!isOfContract(wallet)) {
    const refusal = await plainRefusal(claim, wallet);
    if (!refusal) return 'plain';
    // Some contract accounts sign with 65 bytes, too; whether this is one, its chain knows.
    if (!chain) throw refusal;
  } else if (!chain) {
    throw new ChainUnavailableError(
      `The signature of ${address} is that of a contract account (ERC-1271), which only its chain (${chainId}) can check.`,
      chainId
    );
  }
  const { acceptedByAccount } = await import('./contract-signature');
  const hash = hashTypedData(claim);
  if (!(await acceptedByAccount({ address, hash, signature: value, chainId }, chain))) {
    throw new WalletSignatureError(
      `The account ${address} on chain ${chainId} does not accept the signature over this statement: something in it was changed, another account signed it, or the account has another owner now.`,
      { details: { address, chainId } }
    );
  }
  return 'contract';
}

/** Why it is not the signature of a plain account, or nothing where it is. */
async function plainRefusal(
  claim: ClaimTypedData,
  { address, chainId, value }: WalletSignature
): Promise<WalletSignatureError | undefined> {
  const { recoverTypedDataAddress } = await import('viem');
  let signer: string;
  try {
    signer = await recoverTypedDataAddress({ ...claim, signature: value as `0x${string}` });
  } catch (cause) {
    return new WalletSignatureError(
      `The wallet signature of ${address} cannot be read. Sign again with the wallet, or ask for the file again.`,
      { details: { address }, cause }
    );
  }
  if (signer === address) return undefined;
  return new WalletSignatureError(
    `The wallet signature is not by ${address} over this statement: something in it was changed, or another account or chain signed it. If it is a contract account, its chain (${chainId}) has to be asked.`,
    { details: { address, signer, chainId } }
  );
}
