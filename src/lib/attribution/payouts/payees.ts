import { TabtuneError } from '../../errors';

/** Shares are whole millionths. */
export const MILLION = 1_000_000n;

/** An address that nothing can be paid to: mistyped, or nobody's. */
export class PayeeError extends TabtuneError {}

/** A contributor as a receipt names them (`SignedShare`). */
export interface Shareholder {
  readonly id: string;
  readonly name: string;
  /** Millionths of the whole. */
  readonly share: number;
}

/** An address that is paid, for one contributor or for several who named the same. */
export interface Payee {
  /** Checksummed (EIP-55). */
  readonly address: `0x${string}`;
  /** Millionths of the whole: what its contributors have together. */
  readonly share: number;
  readonly contributors: readonly Shareholder[];
}

export interface Payees {
  /** In the order of their first contributor. */
  payees: Payee[];
  /** Who has a share and no address. */
  without: Shareholder[];
}

/**
 * Who is paid at which address. Contributors without a share are left out; one address is paid once, since splitters
 * refuse the same payee twice.
 * @param addresses by contributor id: wallets that are known, and what the person typed
 * @throws PayeeError for an address that is not one
 */
export async function payeesOf(
  shares: readonly Shareholder[],
  addresses: Readonly<Record<string, string | undefined>>
): Promise<Payees> {
  const payees = new Map<string, { address: `0x${string}`; share: number; contributors: Shareholder[] }>();
  const without: Shareholder[] = [];
  for (const { id, name, share } of shares) {
    if (share <= 0) continue;
    const given = Object.hasOwn(addresses, id) ? addresses[id]?.trim() : undefined;
    if (!given) {
      without.push({ id, name, share });
      continue;
    }
    const address = await checkedAddress(given, name);
    const payee = payees.get(address) ?? { address, share: 0, contributors: [] };
    payee.share += share;
    payee.contributors.push({ id, name, share });
    payees.set(address, payee);
  }
  return { payees: [...payees.values()], without };
}

/**
 * An address as EIP-55 writes it. One in lower or upper case alone has no checksum and is taken as it is.
 * @param of whose it is, for the message
 * @throws PayeeError
 */
export async function checkedAddress(text: string, of: string): Promise<`0x${string}`> {
  const { getAddress, isAddress, zeroAddress } = await import('viem');
  const refuse = (why: string) =>
    new PayeeError(`${of} cannot be paid at ${text.slice(0, 80)}: ${why}. Ask for the address and copy it.`, {
      details: { address: text.slice(0, 80), of }
    });
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw refuse('an address is 0x and 40 hexadecimal digits');
  const digits = text.slice(2);
  const plain = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  if (!plain && !isAddress(text))
    throw refuse('its checksum does not fit, so a letter of it is wrong (EIP-55)');
  const address = getAddress(`0x${digits.toLowerCase()}`);
  if (address === zeroAddress) throw refuse('what goes there is gone for good');
  return address;
}
