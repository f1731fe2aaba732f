/** Files that somebody wants checked, without taking any of them in. */
import { verifyWalletSignature } from '../../attribution/claims/wallet-signature';
import { verifyFiles, type VerifyReport } from '../../datanets/verify/verify';
import type { DatanetEvent } from './protocol';

/**
 * Each file is compared with the others. How far it is, is told in files, and parts of one.
 * @throws the abort reason
 */
export function verifyGiven(
  files: readonly File[],
  onEvent: (event: DatanetEvent) => void,
  signal: AbortSignal
): Promise<VerifyReport[]> {
  return verifyFiles(
    files.map((file) => ({ name: file.name, blob: file })),
    {
      ...{ signal, now: new Date(), checkWallet: verifyWalletSignature },
      onProgress: (done, total) => onEvent({ phase: 'opening', done, total })
    }
  );
}
