import type { ChainRequest } from '../../datanets/verify/chain-request';
import { AskedChain } from './asked-chain';

type Hex = `0x${string}`;

/**
 * Whether an account on a chain accepts a signature: a contract account by its own `isValidSignature` (ERC-1271), one that
 * is not deployed yet by the deployment that the signature carries (ERC-6492), a plain account by ECDSA. Deploys nothing:
 * viem's validator runs inside one `eth_call`.
 * https://eips.ethereum.org/EIPS/eip-6492
 * @throws ChainUnavailableError where the chain does not answer, or is another one
 */
export async function acceptedByAccount(
  { address, hash, signature, chainId }: { address: string; hash: Hex; signature: string; chainId: number },
  ask: ChainRequest
): Promise<boolean> {
  const chain = await AskedChain.open(chainId, ask);
  const [{ createClient, custom, getAddress }, { verifyHash }] = await Promise.all([
    import('viem'),
    import('viem/actions')
  ]);
  const client = createClient({ transport: custom(chain, { retryCount: 0 }) });
  const accepted = await chain.asked(() =>
    verifyHash(client, { address: getAddress(address), hash, signature: signature as Hex })
  );
  // Of a call that did not come back, viem says that nothing was accepted.
  if (!accepted && chain.failure !== undefined) throw chain.unavailable(chain.failure);
  return accepted;
}
