/** Where contributors can be paid, as far as they have said so themselves. */
import { verifyWalletSignature } from '../../attribution/claims/wallet-signature';
import type { RecordOf } from '../../datanets/store/statement-store';
import type { Store } from '../../datanets/store/store';
import { isUnasked } from '../datanets/exchange-lookup';

/**
 * Wallets of contributors: the one they linked last, else the one that signed their newest contribution. Both were
 * signed by the wallet itself; where only a chain could tell and was not asked, they have none.
 * @param contributors ids, as rows name them
 * @returns id to checksummed address (EIP-55), of those who have one
 */
export async function walletsOf(
  store: Store,
  contributors: readonly string[]
): Promise<Record<string, string>> {
  const wanted = new Set(contributors);
  const used: Shown[] = [];
  for (const record of await signedContributions(store, wanted)) {
    const { signed } = record;
    const { by, created } = signed.statement;
    if (await holds(record)) used.push({ id: by.id, address: signed.wallet!.address, created });
  }
  const links = await store.statements.of('', 'wallet-link');
  const linked = links.flatMap((record): Shown[] => {
    const { by, address, created } = record.signed.statement;
    return isUnasked(record) ? [] : [{ id: by.id, address, created }];
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
async function signedContributions(
  store: Store,
  by: ReadonlySet<string>
): Promise<RecordOf<'contribution'>[]> {
  const datanets = new Set((await store.datanets.list()).map(({ datanet }) => datanet));
  const found: RecordOf<'contribution'>[] = [];
  for (const datanet of datanets) {
    for (const record of await store.statements.of(datanet, 'contribution')) {
      if (record.signed.wallet && by.has(record.signed.statement.by.id)) found.push(record);
    }
  }
  return found;
}

/** Those that came inside of a version were not asked for their wallet's signature as it was opened. */
async function holds({ signed, walletHolds }: RecordOf<'contribution'>): Promise<boolean> {
  const { statement, wallet } = signed;
  if (walletHolds) return true;
  try {
    await verifyWalletSignature(statement, wallet!);
    return true;
  } catch {
    return false;
  }
}
