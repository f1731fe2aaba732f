/** Where contributors can be paid, as far as they have said so themselves. */
import { isUnasked } from '../../datanets/store/statement-store';
import type { Store } from '../../datanets/store/store';

/**
 * Wallets of contributors: the one that each linked last. Person and wallet both signed that link, and each names the
 * other; where only a chain could tell and was not asked, it counts for nothing. A wallet's signature beside another
 * statement does not: the person's own does not cover it, so anybody can put their wallet there.
 * @param contributors ids, as rows name them
 * @returns id to checksummed address (EIP-55), of those who have one
 */
export async function walletsOf(
  store: Store,
  contributors: readonly string[]
): Promise<Record<string, string>> {
  const wanted = new Set(contributors);
  const links = (await store.statements.of('', 'wallet-link'))
    .filter((record) => !isUnasked(record))
    .map(({ signed: { statement } }) => statement)
    .filter(({ by }) => wanted.has(by.id))
    .sort((a, b) => Date.parse(a.created) - Date.parse(b.created));
  // The last of an id is what a map keeps.
  const found = new Map(links.map(({ by, address }) => [by.id, address]));
  if (found.size === 0) return {};
  const { getAddress } = await import('viem');
  return Object.fromEntries([...found].map(([id, address]) => [id, getAddress(address)]));
}
