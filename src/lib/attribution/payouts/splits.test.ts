/** What is sent to Splits is what its own SDK sends, to where it sends it. */
import { SPLITS_V2_SUPPORTED_CHAIN_IDS, SplitV2Client } from '@0xsplits/splits-sdk';
import { splitV2ABI, splitV2o2FactoryAbi } from '@0xsplits/splits-sdk/constants/abi';
import { getSplitV2o2FactoryAddress } from '@0xsplits/splits-sdk/constants';
import type { SplitV2Type } from '@0xsplits/splits-sdk/types';
import {
  createPublicClient,
  encodeEventTopics,
  encodeFunctionData,
  http,
  parseAbi,
  zeroAddress,
  type Abi
} from 'viem';
import { base } from 'viem/chains';
import { describe, expect, it } from 'vitest';
import type { Payee } from './payees';
import {
  createSplitData,
  distributeData,
  NATIVE_TOKEN,
  SPLIT_ABI,
  SPLIT_FACTORIES,
  splitParams,
  splitsOn,
  type SplitKind
} from './splits';

const payees: Payee[] = [
  { address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', share: 333_334, contributors: [] },
  { address: '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359', share: 666_665, contributors: [] },
  { address: '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb', share: 1, contributors: [] }
];
const kinds: SplitKind[] = ['pull', 'push'];

describe('Splits v2', () => {
  it.each(kinds)('is created as a %s split with the calldata of its SDK', async (kind) => {
    const publicClient = createPublicClient({ chain: base, transport: http('http://127.0.0.1:9') });
    const sdk = new SplitV2Client({ chainId: base.id, publicClient: publicClient as never });
    const { address, data } = await sdk.callData.createSplit({
      recipients: payees.map(({ address, share }) => ({ address, percentAllocation: share / 10_000 })),
      distributorFeePercent: 0,
      splitType: kind as SplitV2Type
    });
    expect(await createSplitData(payees)).toBe(data);
    expect(SPLIT_FACTORIES[kind]).toBe(address);
    expect(SPLIT_FACTORIES[kind]).toBe(getSplitV2o2FactoryAddress(base.id, kind as SplitV2Type));
  });

  it('is paid out with the calldata that its published interface makes', async () => {
    const args = [splitParams(payees), NATIVE_TOKEN, payees[0].address];
    const data = encodeFunctionData({ abi: splitV2ABI as Abi, functionName: 'distribute', args });
    expect(await distributeData(payees, NATIVE_TOKEN, payees[0].address)).toBe(data);
  });

  it('tells of a new split with the event that is read here', () => {
    const [ours] = encodeEventTopics({ abi: parseAbi(SPLIT_ABI), eventName: 'SplitCreated' });
    const theirs = (splitV2o2FactoryAbi as Abi)
      .filter((each) => each.type === 'event')
      .map((event) => encodeEventTopics({ abi: [event] })[0]);
    expect(theirs).toContain(ours);
  });

  it('is where its SDK knows it, local chains aside', () => {
    const theirs = SPLITS_V2_SUPPORTED_CHAIN_IDS.filter((id) => id !== 31337);
    expect(theirs.filter((id) => !splitsOn(id))).toEqual([]);
    const ours = [...Array(100_000).keys(), 560048, 7777777, 11155111, 11155420, 999999999].filter(splitsOn);
    expect(new Set(ours)).toEqual(new Set(theirs));
  });

  it('gives shares to nobody but those listed', () => {
    expect(splitParams(payees).totalAllocation).toBe(1_000_000n);
    expect(splitParams(payees).recipients).not.toContain(zeroAddress);
  });
});
