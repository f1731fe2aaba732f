/** Nothing is sent that was not shown with its cost; whatever a wallet or a chain does is told in words. */
import { parseEther } from 'viem';
import { getBalance } from 'viem/actions';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { prepare, type Plan } from '../../src/lib/chain/action';
import { Chain, ChainReader } from '../../src/lib/chain/chain';
import {
  BalanceTooLowError,
  ChainError,
  CostGrewError,
  RevertedError,
  TransactionRejectedError,
  TransactionReplacedError,
  WalletMovedError
} from '../../src/lib/chain/failures';
import { richAccount, startAnvil, type Anvil } from '../support/anvil';
import { AnvilWallet } from '../support/anvil-wallet';

let anvil: Anvil;
let wallet: AnvilWallet;
let chain: Chain;
const [me, other, payee] = [0, 1, 2].map((index) => richAccount(index));

beforeAll(async () => {
  anvil = await startAnvil();
});
afterAll(() => anvil?.stop());
beforeEach(async () => {
  wallet = new AnvilWallet(anvil);
  chain = await Chain.open(wallet, me.address);
});

const pay = (value: bigint, more: Partial<Plan<string>['steps'][0]> = {}): Plan<string> => ({
  title: 'Pay',
  words: [`Pays ${chain.amount(value)}.`],
  steps: [{ call: { to: payee.address, value }, what: 'pay', ...more }],
  result: ([{ transactionHash }]) => transactionHash
});
const balance = (address = payee.address) => getBalance(anvil.client, { address });

describe('a chain', () => {
  it('that nobody published is called by its id, and has no links', () => {
    expect(chain.facts).toEqual({
      id: 31337,
      name: 'Local chain 31337',
      symbol: 'ETH',
      decimals: 18,
      testnet: true,
      local: true
    });
    expect(chain.addressLink(me.address)).toBeUndefined();
  });

  it('that is published has its name, its coin and its explorer', async () => {
    const odd = Object.assign(new AnvilWallet(anvil), {
      request: async ({ method }: { method: string }) => (method === 'eth_chainId' ? '0x89' : [])
    });
    const polygon = await Chain.open(odd, me.address);
    expect(polygon.facts).toMatchObject({ id: 137, name: 'Polygon', symbol: 'POL', testnet: false });
    expect(polygon.transactionLink('0xab')).toBe('https://polygonscan.com/tx/0xab');
  });

  it('is read from a node, and one that is not there is told', async () => {
    expect((await ChainReader.at(anvil.url)).id).toBe(31337);
    await expect(ChainReader.at('http://127.0.0.1:9')).rejects.toThrow(ChainError);
  });
});

describe('an action', () => {
  it('sends nothing before it is run, and costs no more than it says', async () => {
    const before = await balance();
    const action = await prepare(chain, pay(5n));
    expect(wallet.asked).not.toContain('eth_sendTransaction');
    expect(action.cost).toMatchObject({ gas: 21000n, value: 5n, symbol: 'ETH', bound: false });
    expect(action.cost.words).toMatch(/^About 0\.0000\d+ ETH for the network, and never more than .* ETH\./);
    const had = await balance(me.address);
    const sent: [string, number][] = [];
    const hash = await action.run({ onSent: (...each) => sent.push(each) });
    expect(sent).toEqual([[hash, 0]]);
    expect(await balance()).toBe(before + 5n);
    const spent = had - (await balance(me.address));
    expect(spent).toBeLessThanOrEqual(action.cost.most + 5n);
    expect(spent).toBeGreaterThanOrEqual(21000n);
  });

  it('on a chain over another counts what that one takes, too', async () => {
    const optimism = await startAnvil({ chainId: 10 });
    try {
      const over = await Chain.open(new AnvilWallet(optimism), me.address);
      // In the place of the chain's GasPriceOracle: PUSH3 value, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN.
      const code = `0x62${(654_321).toString(16).padStart(6, '0')}5f5260205ff3`;
      await optimism.rpc('anvil_setCode', ['0x420000000000000000000000000000000000000F', code]);
      const { cost, chain: facts } = await prepare(over, pay(5n));
      expect(facts.name).toBe('OP Mainnet');
      expect(cost.wei).toBe(cost.gas * cost.gasPrice + 654_321n);
    } finally {
      await optimism.stop();
    }
  });

  it('is refused where account or network are others by now', async () => {
    const before = await balance();
    const action = await prepare(chain, pay(5n));
    wallet.choose(other);
    await expect(action.run()).rejects.toThrow(WalletMovedError);
    await expect(action.run()).rejects.toThrow(me.address);
    wallet.choose(me);
    const second = await startAnvil({ chainId: 1337 });
    try {
      wallet.chains.push(second);
      wallet.goTo(1337);
      await expect(action.run()).rejects.toThrow(WalletMovedError);
      await expect(prepare(chain, pay(5n))).rejects.toThrow(/on chain 1337 now/);
    } finally {
      await second.stop();
    }
    expect(await balance()).toBe(before);
  });

  it('can be declined in the wallet, and run again after that', async () => {
    const action = await prepare(chain, pay(5n));
    wallet.declines = true;
    await expect(action.run()).rejects.toThrow(TransactionRejectedError);
    wallet.declines = false;
    const before = await balance();
    await action.run();
    expect(await balance()).toBe(before + 5n);
  });

  it('is not sent by an account that cannot pay for it', async () => {
    await expect(prepare(chain, pay(parseEther('10001')))).rejects.toThrow(BalanceTooLowError);
    const { cost } = await prepare(chain, pay(1n));
    await anvil.rpc('anvil_setBalance', [other.address, `0x${(cost.most / 2n).toString(16)}`]);
    wallet.choose(other);
    const poor = await prepare(await Chain.open(wallet, other.address), pay(1n));
    await expect(poor.run()).rejects.toThrow(BalanceTooLowError);
    expect(wallet.asked).not.toContain('eth_sendTransaction');
  });

  it('is not sent where it takes more gas by now than was shown', async () => {
    const action = await prepare(chain, pay(1n, { gas: 20_999n }));
    expect(action.cost.bound).toBe(true);
    await expect(action.run()).rejects.toThrow(CostGrewError);
    expect(wallet.asked).not.toContain('eth_sendTransaction');
  });

  it('that a contract refuses is told with the reason, before anything is sent', async () => {
    // `revert(0, 0)` as the creation of a contract.
    const refused = prepare(chain, { ...pay(0n), steps: [{ call: { data: '0x60006000fd' }, what: 'try' }] });
    await expect(refused).rejects.toThrow(RevertedError);
  });

  it('can be stopped before it is sent', async () => {
    const action = await prepare(chain, pay(5n));
    await expect(action.run({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect(wallet.asked).not.toContain('eth_sendTransaction');
  });

  it('that is stopped while its block is waited for goes on from there, and sends nothing twice', async () => {
    const action = await prepare(chain, pay(5n));
    const before = await balance();
    const sent: string[] = [];
    await anvil.rpc('evm_setAutomine', [false]);
    try {
      const stop = new AbortController();
      const onSent = (hash: string) => {
        sent.push(hash);
        stop.abort();
      };
      await expect(action.run({ signal: stop.signal, onSent })).rejects.toThrow(/abort/i);
      const again = action.run({ onSent });
      await anvil.rpc('evm_mine');
      expect(await again).toBe(sent[0]);
    } finally {
      await anvil.rpc('evm_setAutomine', [true]);
    }
    expect(await action.run()).toBe(sent[0]);
    expect(sent).toHaveLength(1);
    expect(await balance()).toBe(before + 5n);
  });

  it('that is run twice at once is sent once', async () => {
    const action = await prepare(chain, pay(5n));
    const before = await balance();
    const [one, two] = await Promise.all([action.run(), action.run()]);
    expect(one).toBe(two);
    expect(await balance()).toBe(before + 5n);
  });

  it('waits for a node that does not know yet of the step ahead', async () => {
    const request = wallet.request.bind(wallet);
    let behind = 2;
    wallet.request = async (call) => {
      const estimates = call.method === 'eth_estimateGas' && wallet.asked.includes('eth_sendTransaction');
      if (!estimates || behind-- <= 0) return request(call);
      throw Object.assign(new Error('execution reverted'), { code: 3, data: '0x' });
    };
    chain = await Chain.open(wallet, me.address);
    const plan = pay(5n);
    const [step] = plan.steps;
    const action = await prepare(chain, { ...plan, steps: [step, { ...step, gas: 30_000n }] });
    const before = await balance();
    await action.run();
    expect(behind).toBeLessThan(0);
    expect(await balance()).toBe(before + 10n);
  });

  it('whose transaction was replaced in the wallet did not happen', async () => {
    const action = await prepare(chain, pay(5n));
    await anvil.rpc('evm_setAutomine', [false]);
    try {
      const before = await balance();
      const cancel = async (hash: string) => {
        const { nonce } = await anvil.rpc<{ nonce: string }>('eth_getTransactionByHash', [hash]);
        const cancelling = { from: me.address, to: me.address, value: '0x0', nonce, gas: '0x5208' };
        const fees = { maxFeePerGas: '0x174876e800', maxPriorityFeePerGas: '0x174876e800' };
        await wallet.request({ method: 'eth_sendTransaction', params: [{ ...cancelling, ...fees }] });
        await anvil.rpc('evm_mine');
      };
      const run = action.run({ onSent: (hash) => void cancel(hash) });
      await expect(run).rejects.toThrow(TransactionReplacedError);
      expect(await balance()).toBe(before);
    } finally {
      await anvil.rpc('evm_setAutomine', [true]);
    }
  });
});
