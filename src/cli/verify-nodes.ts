import { ChainUnavailableError, type ChainRequest } from '../lib/datanets/verify/chain-request';
import { UsageError } from './args';

/** How long a node may take for one answer. */
const TIMEOUT_MILLISECONDS = 20_000;

/**
 * Chains behind the addresses of nodes, each of which is asked which chain it is of.
 * @throws UsageError where one is no address, or does not answer
 */
export async function nodesAt(urls: readonly string[]): Promise<ChainRequest> {
  const { createClient, http } = await import('viem');
  const chains = new Map<number, { request: (request: never) => Promise<unknown> }>();
  for (const url of urls) {
    const transport = http(url, { retryCount: 1, timeout: TIMEOUT_MILLISECONDS });
    const client = createClient({ transport });
    try {
      chains.set(Number(await client.request({ method: 'eth_chainId' })), client);
    } catch (cause) {
      throw new UsageError(`No node of a chain answers at ${url}. Check the address given with --rpc.`, {
        details: { url },
        cause
      });
    }
  }
  return async (chainId, request) => {
    const chain = chains.get(chainId);
    if (chain) return chain.request(request as never);
    throw new ChainUnavailableError(
      `Only chain ${chainId} can tell, and none of the nodes is of it (they are of ${[...chains.keys()].join(', ')}). Give one with --rpc URL.`,
      chainId
    );
  };
}
