import type { ClaimTypedData } from '$lib/attribution/claims/typed-data';

export interface TypedField {
  name: string;
  /** Of Solidity: `string`, `bytes32[]`. */
  type: string;
  /** One line for a plain value; one an element for a list. */
  lines: string[];
}

/** The fields of typed data in the order in which a wallet shows them, as text. */
export function typedFields({ types, primaryType, message }: ClaimTypedData): TypedField[] {
  return (types[primaryType] ?? []).map(({ name, type }) => {
    const value = message[name];
    const lines = Array.isArray(value) ? value.map((each) => String(each)) : [String(value)];
    return { name, type, lines };
  });
}
