/** Accounts that are contracts, in as few bytes as they take. */
import { getAddress, type Address, type Hex } from 'viem';
import { sendTransaction, waitForTransactionReceipt } from 'viem/actions';
import { richAccount, type Anvil } from './anvil';

/**
 * The smallest contract account: ERC-1271's isValidSignature(bytes32 hash, bytes signature) gives 0x1626ba7e where
 * ecrecover of the hash and of the signature's first 65 bytes is its owner, and zero elsewhere, whatever is called.
 */
export function accountCode(account: Address): Hex {
  return creating([
    '600435' + '600052', // mstore(0, calldataload(4)): the hash
    '60a43560f81c' + '602052', // mstore(32, calldataload(0xa4) >> 248): v, the last byte of the signature
    '606435' + '604052', // mstore(64, calldataload(0x64)): r, behind selector, hash, offset and length
    '608435' + '606052', // mstore(96, calldataload(0x84)): s
    '60206080' + '60806000' + '6001' + '5afa50', // staticcall(gas, 1, 0, 128, 128, 32): ecrecover
    `73${account.slice(2).toLowerCase()}` + '60805114', // owner == mload(128)
    '631626ba7e02' + '60e01b', // times the magic value, which stands at the left of its word
    '600052' + '60206000f3' // return it
  ]);
}

/** A factory that deploys what it is called with, by CREATE2 with the salt 0. */
export const factoryCode = creating([
  '36' + '6000' + '6000' + '37', // calldatacopy(0, 0, calldatasize)
  '6000' + '36' + '6000' + '6000' + 'f5', // create2(0, 0, calldatasize, 0)
  '00' // stop
]);

/** Code that gives this code to the contract that it creates: codecopy(0, 11, size), return(0, size). */
function creating(lines: string[]): Hex {
  const runtime = lines.join('');
  const size = (runtime.length / 2).toString(16).padStart(2, '0');
  return `0x60${size}80600b6000396000f3${runtime}`;
}

/** Puts a contract on a chain. @param data what creates it */
export async function deployCode(anvil: Anvil, data: Hex): Promise<Address> {
  const hash = await sendTransaction(anvil.client, { account: richAccount(9), chain: null, data });
  return getAddress((await waitForTransactionReceipt(anvil.client, { hash })).contractAddress!);
}
