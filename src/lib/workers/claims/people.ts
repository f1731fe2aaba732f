/** Where contributors can be paid, as far as they have said so themselves. */
import { verifyWalletSignature } from '../../attribution/claims/wallet-signature';
import type { Store } from '../../datanets/store/store';
import type { Contribution, Signed } from '../../datanets/trust/statements';

/**
 * Wallets of contributors: the one they linked last, else the one that signed their newest contribution. Both were
 * signed by the wallet itself.
 * @param contributors ids, as rows name them
 * @returns id to checksummed address (EIP-55), of those who have one
 */
export async function walletsOf(
  store: Store,
  contributors: readonly string[]
): Promise<Record<string, string>> {
  const wanted = new Set(contributors);
  const used: Shown[] = [];
  for (const signed of await signedContributions(store, wanted)) {
    const { by, created } = signed.statement;
    if (await holds(signed)) used.push({ id: by.id, address: signed.wallet!.address, created });
  }
  const links = await store.statements.of('', 'wallet-link');
  const linked = links.map(({ signed: { statement } }): Shown => {
    const { by, address, created } = statement;
    return { id: by.id, address, created };
  });
  // The last of an id is what a map keeps.
  const inOrder = [...oldestFirst(used), ...oldestFirst(linked)].filter(({ id }) => wanted.has(id));
  const found = new Map(inOrder.map(({ id, address }) => [id, address]));
  if (found.size === 0) return {};
  const { getAddress } = await import('viem');
  return Object.fromEntries([...found].map(([id, address]) => [id, getAddress(address)]));
}

/** Somebody showed a wallet to be theirs. */
interface Shown {
  id: string;
  address: string;
  created: string;
}

function oldestFirst(shown: Shown[]): Shown[] {
  return shown.sort((a, b) => Date.parse(a.created) - Date.parse(b.created));
}

/** Contributions with a wallet's signature, by some people, to any Datanet that is here. */
async function signedContributions(store: Store, by: ReadonlySet<string>): Promise<Signed<Contribution>[]> {
  const datanets = new Set((await store.datanets.list()).map(({ datanet }) => datanet));
  const found: Signed<Contribution>[] = [];
  for (const datanet of datanets) {
    for (const { signed } of await store.statements.of(datanet, 'contribution')) {
      if (signed.wallet && by.has(signed.statement.by.id)) found.push(signed);
    }
  }
  return found;
}

/** Those that came inside of a version were not asked for their wallet's signature as it was opened. */
async function holds({ statement, wallet }: Signed<Contribution>): Promise<boolean> {
  try {
    await verifyWalletSignature(statement, wallet!);
    return true;
  } catch {
    return false;
  }
}
