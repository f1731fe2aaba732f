/** From what this browser knows of a run to a claim about it. */
import type { Desk, Made } from '../datanets/signing-desk';
import { makeManifest } from './manifest';
import type { ClaimRequest } from './protocol';
import { makeReceipt } from './receipt';
import { makeRetraction } from './retraction';

/** @throws CannotSignError, NotFittingError, NotStoredError */
export function makeClaim(desk: Desk, request: ClaimRequest): Promise<Made> {
  switch (request.kind) {
    case 'run-manifest':
      return makeManifest(desk, request);
    case 'attribution-receipt':
      return makeReceipt(desk, request);
    case 'retraction':
      return makeRetraction(desk, request);
  }
}
