import type { VerifyOptions } from '../../datanets/verify/report';
import { checkAttestation } from './eas-check';
import { verifyWalletSignature } from './wallet-signature';

/** What `verifyFile` cannot check by itself, as it needs the typed data of claims. Loads viem where a file has a wallet's signature. */
export const claimChecks: Pick<VerifyOptions, 'checkWallet' | 'checkAttestation'> = {
  checkWallet: verifyWalletSignature,
  checkAttestation
};
