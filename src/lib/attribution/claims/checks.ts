import type { VerifyOptions } from '../../datanets/verify/report';
import { checkAnchor } from './anchor-check';
import { checkAttestation } from './eas-check';
import { verifyWalletSignature } from './wallet-signature';

/** What `verifyFile` cannot check by itself, as it needs the typed data of claims. Loads viem where a file has a wallet's signature. */
export const claimChecks: Pick<VerifyOptions, 'checkWallet' | 'checkAttestation' | 'checkAnchor'> = {
  checkWallet: verifyWalletSignature,
  checkAttestation,
  checkAnchor
};
