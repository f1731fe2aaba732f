/** Signatures of wallets beside what is taken in: one that does not verify is refused, with all that it came with. */
import { verifyWalletSignature } from '../../attribution/claims/wallet-signature';
import { isForWallets } from '../../datanets/trust/wallet-kinds';
import type { Signed } from '../../datanets/trust/statements';
import { ChainUnavailableError } from '../../datanets/verify/chain-request';
import { TabtuneError } from '../../errors';
import { named } from './exchange-lookup';
import { NotForHereError } from './receiving-hall';

/** A statement that came along with others has a wallet's signature beside it that is none. */
export class ForeignWalletError extends TabtuneError {}

/**
 * @returns what could not be checked, as only a chain can tell: it says nothing against the rest
 * @throws WalletSignatureError, NotForHereError
 */
export async function checkWallet({ statement, wallet }: Signed): Promise<string | undefined> {
  if (!isForWallets(statement)) return undefined;
  if (!wallet) {
    if (statement.kind !== 'wallet-link') return undefined;
    throw new NotForHereError('This link to a wallet does not have that wallet’s signature.');
  }
  try {
    await verifyWalletSignature(statement, wallet);
    return undefined;
  } catch (error) {
    if (!(error instanceof ChainUnavailableError)) throw error;
    return `The wallet beside it was not checked. ${error.message} Verify can ask it, through your wallet.`;
  }
}

/**
 * The same of what a version rests on. What only a chain can tell stays open: it is kept as not asked.
 * @throws ForeignWalletError that says whose statement it is
 */
export async function checkWalletsIn(statements: readonly Signed[]): Promise<void> {
  for (const signed of statements) {
    const { kind, by } = signed.statement;
    try {
      await checkWallet(signed);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ForeignWalletError(
        `The ${kind} by ${named(by.name)} that came with it has a wallet’s signature that does not hold: ${reason} Ask for the file again.`,
        { details: { kind, by: by.id }, cause }
      );
    }
  }
}
