/** From what this browser knows of a run to a claim about it. */
import { CannotSignError, type Desk, type Made } from '../datanets/signing-desk';
import type { ClaimRequest } from './protocol';

export async function makeClaim(_desk: Desk, request: ClaimRequest): Promise<Made> {
  throw new CannotSignError(`A ${request.kind} cannot be made here yet.`);
}
