/** Files that somebody wants checked, without taking any of them in. */
import { claimChecks } from '../../attribution/claims/checks';
import type { ChainRequest } from '../../datanets/verify/chain-request';
import { verifyFiles, type VerifyReport } from '../../datanets/verify/verify';
import type { DatanetEvent } from './protocol';

/**
 * Each file is compared with the others. How far it is, is told in files, and parts of one.
 * @param chain asks chains what only they know
 * @throws the abort reason
 */
export function verifyGiven(
  files: readonly File[],
  onEvent: (event: DatanetEvent) => void,
  signal: AbortSignal,
  chain?: ChainRequest
): Promise<VerifyReport[]> {
  return verifyFiles(
    files.map((file) => ({ name: file.name, blob: file })),
    {
      ...{ ...claimChecks, signal, now: new Date() },
      ...(chain && { chain }),
      onProgress: (done, total) => onEvent({ phase: 'opening', done, total })
    }
  );
}
