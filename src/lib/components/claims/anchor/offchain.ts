import type { OffchainDomain, PreparedOffchain } from '$lib/attribution/claims/eas-offchain';
import type { WalletStatement } from '$lib/attribution/claims/typed-data';
import type { Signed } from '$lib/datanets/trust/statements';

/** An off-chain attestation of this moment, ready to be shown. */
export async function attestationNow(
  claim: Signed<WalletStatement>,
  domain: OffchainDomain
): Promise<PreparedOffchain> {
  const { prepareOffchain } = await import('$lib/attribution/claims/eas-offchain');
  return prepareOffchain(claim, domain, new Date());
}
