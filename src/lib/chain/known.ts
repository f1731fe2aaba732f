import type { Chain as ViemChain } from 'viem';

/** What people are told of a chain. Plain data. */
export interface ChainFacts {
  id: number;
  name: string;
  /** Of the chain's own coin, in which it is paid. */
  symbol: string;
  /** Of the coin: 18 where one coin is 10^18 wei. */
  decimals: number;
  /** Address of the block explorer, without a slash at the end; absent where none is known. */
  explorer?: string;
  /** Its coins are worth nothing. */
  testnet: boolean;
  /** Runs on the person's own machine, as its id tells. */
  local: boolean;
}

/** Ids that many programs give a chain on a person's own machine. */
const LOCAL = new Set([1337, 31337]);

/** The definition that viem publishes for a chain, or undefined. Loads the list of all of them. */
export async function knownChain(id: number): Promise<ViemChain | undefined> {
  if (LOCAL.has(id)) return undefined;
  const chains = await import('viem/chains');
  return Object.values<ViemChain>(chains).find((each) => each.id === id);
}

/** Facts of any chain: one that nobody published a name for is called by its id. */
export function factsOf(id: number, chain: ViemChain | undefined): ChainFacts {
  const explorer = chain?.blockExplorers?.default.url.replace(/\/+$/, '');
  return {
    id,
    name: chain?.name ?? (LOCAL.has(id) ? `Local chain ${id}` : `Chain ${id}`),
    symbol: chain?.nativeCurrency.symbol ?? (LOCAL.has(id) ? 'ETH' : 'coins'),
    decimals: chain?.nativeCurrency.decimals ?? 18,
    ...(explorer && { explorer }),
    testnet: chain?.testnet ?? LOCAL.has(id),
    local: LOCAL.has(id)
  };
}
