/** Whether a base is the one that a run was made on. Its name says little: files of a computer can be anything. */
import { TabtuneError } from '../errors';
import type { Checkpoint } from '../formats/checkpoint';

/** The chosen base is not the one that the run was made on. */
export class AnotherBaseError extends TabtuneError {}

/**
 * @param name of the chosen base
 * @param expected SHA-256 of the run's base, as `Checkpoint.sha256` forms it
 * @param found that of the chosen one
 * @throws AnotherBaseError
 */
export function requireBase(name: string, expected: string, found: string): void {
  if (found === expected) return;
  throw new AnotherBaseError(
    `“${name}” is not the base that this run was made on: its files have another SHA-256. Choose the model that it was trained with.`,
    { details: { expected, found } }
  );
}

/** A checkpoint that reads its files once for its digest, however often it is asked: they are large. */
export function withDigestKept(checkpoint: Checkpoint): Checkpoint {
  let known: string | undefined;
  return {
    ...checkpoint,
    sha256: async (signal) => (known ??= await checkpoint.sha256(signal))
  };
}
