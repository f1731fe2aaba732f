/** Contributors are paid on a real chain, to the wei, by contracts as their authors published them. */
import {
  concatHex,
  encodeAbiParameters,
  encodeEventTopics,
  numberToHex,
  parseAbi,
  parseAbiParameters,
  size,
  type Address,
  type Hex
} from 'viem';
import { getBalance } from 'viem/actions';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { payoutOf, releasedOf } from '../../src/lib/attribution/payouts/amounts';
import { merkleListOf } from '../../src/lib/attribution/payouts/merkle-list';
import { PayeeError, payeesOf, type Payee } from '../../src/lib/attribution/payouts/payees';
import { SPLIT_ABI, SPLIT_FACTORIES, splitParams } from '../../src/lib/attribution/payouts/splits';
import { Chain, ChainReader } from '../../src/lib/chain/chain';
import {
  BalanceTooLowError,
  RevertedError,
  TransactionRejectedError,
  WalletMovedError
} from '../../src/lib/chain/failures';
import {
  ClaimPaymentError,
  prepareClaim,
  prepareDistributor,
  readDistributor
} from '../../src/lib/chain/payouts/distributor';
import { preparePayment } from '../../src/lib/chain/payouts/payment';
import {
  NothingDueError,
  prepareRelease,
  prepareSplitter,
  readSplitter
} from '../../src/lib/chain/payouts/splitter';
import { prepareDistribution, prepareSplit, SplitsMissingError } from '../../src/lib/chain/payouts/splits';
import { readToken, tokenBalance, TokenError, type Token } from '../../src/lib/chain/payouts/token';
import { deployToken, richAccount, startAnvil, type Anvil } from '../support/anvil';
import { AnvilWallet } from '../support/anvil-wallet';

const [me, other] = [richAccount(0), richAccount(1)];
// Shares and amounts that do not divide.
const shares = [
  { id: 'a', name: 'Ada', share: 333_334, address: '0x00000000000000000000000000000000000A0001' },
  { id: 'b', name: 'Bo', share: 142_857, address: '0x00000000000000000000000000000000000b0002' },
  { id: 'c', name: 'Cy', share: 523_809, address: '0x00000000000000000000000000000000000C0003' }
];
const supply = 10n ** 24n;

let anvil: Anvil;
let wallet: AnvilWallet;
let chain: Chain;
let token: Token;
let payees: Payee[];
let addresses: Address[];

beforeAll(async () => {
  anvil = await startAnvil();
  const known = Object.fromEntries(shares.map(({ id, address }) => [id, address.toLowerCase()]));
  ({ payees } = await payeesOf(shares, known));
  addresses = payees.map(({ address }) => address);
  token = await readToken(await ChainReader.at(anvil.url), await deployToken(anvil, supply, me.address));
});
afterAll(() => anvil?.stop());
beforeEach(async () => {
  wallet = new AnvilWallet(anvil);
  chain = await Chain.open(wallet, me.address);
});

const coins = () => Promise.all(addresses.map((address) => getBalance(anvil.client, { address })));
const tokens = () => Promise.all(addresses.map((address) => tokenBalance(chain, token, address)));
const less = (after: bigint[], before: bigint[]) => after.map((value, index) => value - before[index]);
const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);

describe('a splitter', () => {
  it('pays three contributors their shares to the wei, over two payments', async () => {
    const create = await prepareSplitter(chain, payees);
    expect(create.words.join('\n')).toContain(`Bo: 14.2857 % to ${addresses[1]}.`);
    const { address, transaction } = await create.run();
    expect(transaction).toMatch(/^0x[0-9a-f]{64}$/);
    const before = await coins();
    const payments = [1_000_000_000_000_000_007n, 12_345_678_901_234_567n];
    for (const amount of payments) {
      const payment = await (await preparePayment(chain, { into: 'the splitter', address, amount })).run();
      expect(payment.amount).toBe(String(amount));
      const release = await prepareRelease(chain, address, addresses);
      expect(release.transactions).toBe(3);
      expect(await release.run()).toHaveLength(3);
    }
    const paid = less(await coins(), before);
    expect(paid).toEqual(releasedOf(sum(payments), payees));
    expect(paid[0]).toBe(337_449_234_530_864_125n);
    const left = await getBalance(anvil.client, { address });
    expect(left).toBe(sum(payments) - sum(paid));
    expect(left).toBeLessThan(3n);
    await expect(prepareRelease(chain, address, addresses)).rejects.toThrow(NothingDueError);
  });

  it('tells what is due, and releases it to one alone; a stranger is due nothing', async () => {
    const { address } = await (await prepareSplitter(chain, payees)).run();
    await (await preparePayment(chain, { into: 'the splitter', address, amount: 1001n })).run();
    const reader = await ChainReader.at(anvil.url);
    const pending = async () =>
      (await readSplitter(reader, address, addresses)).map(({ pending }) => pending);
    expect(await pending()).toEqual([333n, 142n, 524n]);
    await (await prepareRelease(chain, address, [addresses[1]])).run();
    expect(await pending()).toEqual([333n, 0n, 524n]);
    const [bo, stranger] = await readSplitter(reader, address, [addresses[1], me.address]);
    expect(bo).toEqual({ address: addresses[1], share: 142_857n, pending: 0n, released: 142n });
    expect(stranger).toMatchObject({ share: 0n, pending: 0n });
  });

  it('pays tokens as it pays coins', async () => {
    const { address } = await (await prepareSplitter(chain, payees)).run();
    const before = await tokens();
    const amount = 1_000_000_007n;
    const payment = await preparePayment(chain, { into: 'the splitter', address, amount, token });
    expect(payment.words.join(' ')).toContain('0.000000001000000007 TEST');
    expect(await payment.run()).toMatchObject({ amount: '1000000007', token: token.address });
    await (await prepareRelease(chain, address, addresses, token)).run();
    expect(less(await tokens(), before)).toEqual(releasedOf(amount, payees));
  });

  it('is not made for nobody, for more than fit, or for an address that it refuses', async () => {
    await expect(prepareSplitter(chain, [])).rejects.toThrow(PayeeError);
    await expect(prepareSplitter(chain, Array<Payee>(201).fill(payees[0]))).rejects.toThrow(/room for 200/);
    await expect(prepareSplitter(chain, [payees[0], payees[0]])).rejects.toThrow(RevertedError);
    await expect(prepareSplitter(chain, [payees[0], payees[0]])).rejects.toThrow(/already has shares/);
  });

  it('has room for as many as it says', async () => {
    const many = Array.from({ length: 200 }, (_, index) => ({
      ...payees[0],
      address: numberToHex(index + 1, { size: 20 })
    }));
    // EIP-7825: what one transaction may take.
    expect((await prepareSplitter(chain, many)).cost.gas).toBeLessThan(16_777_216n);
  });

  it('is not made, paid or released where the wallet says no, moves, or has too little', async () => {
    const create = await prepareSplitter(chain, payees);
    wallet.declines = true;
    await expect(create.run()).rejects.toThrow(TransactionRejectedError);
    wallet.declines = false;
    const { address } = await create.run();
    const pay = await preparePayment(chain, { into: 'the splitter', address, amount: 1001n });
    wallet.choose(other);
    await expect(pay.run()).rejects.toThrow(WalletMovedError);
    wallet.choose(me);
    await pay.run();
    const release = await prepareRelease(chain, address, addresses);
    // Between the first and the second: the first stays made, and preparing again finds the others.
    const run = release.run({ onSent: () => wallet.choose(other) });
    await expect(run).rejects.toThrow(WalletMovedError);
    wallet.choose(me);
    expect((await prepareRelease(chain, address, addresses)).transactions).toBe(2);
    const tooMuch = { into: 'the splitter', address, amount: 10n ** 23n };
    await expect(preparePayment(chain, tooMuch)).rejects.toThrow(BalanceTooLowError);
    await expect(preparePayment(chain, { ...tooMuch, amount: supply + 1n, token })).rejects.toThrow(/TEST/);
  });
});

describe('a distributor', () => {
  const total = 1_000_000_000_000_000_001n;

  it('pays each on the list what it says, once', async () => {
    const { amounts, paid } = payoutOf(total, payees);
    const list = await merkleListOf(
      payees.map(({ address }, index) => ({ address, amount: amounts[index] }))
    );
    expect(BigInt(list.tokenTotal)).toBe(paid);
    const { address } = await (await prepareDistributor(chain, token, list)).run();
    // Not funded yet: the contract itself says no.
    await expect(prepareClaim(chain, address, list, addresses[0])).rejects.toThrow(RevertedError);
    await (await preparePayment(chain, { into: 'the distributor', address, amount: paid, token })).run();
    expect(await readDistributor(chain, address, list)).toEqual({
      token,
      root: list.merkleRoot,
      balance: paid,
      claimed: []
    });

    const before = await tokens();
    const twice = await prepareClaim(chain, address, list, addresses[0]);
    for (const each of addresses) await (await prepareClaim(chain, address, list, each)).run();
    expect(less(await tokens(), before)).toEqual(amounts);
    const { balance, claimed } = await readDistributor(chain, address, list);
    expect(balance).toBe(0n);
    expect(new Set(claimed)).toEqual(new Set(addresses));

    await expect(prepareClaim(chain, address, list, addresses[0])).rejects.toThrow(/done so already/);
    await expect(twice.run()).rejects.toThrow(/Drop already claimed/);
    await expect(prepareClaim(chain, address, list, other.address)).rejects.toThrow(
      /pays nothing to this address/
    );
  });

  it('pays nothing by another list, and nothing that its root does not hold', async () => {
    const payments = addresses.map((address) => ({ address, amount: 5n }));
    const list = await merkleListOf(payments);
    const { address } = await (await prepareDistributor(chain, token, list)).run();
    await (await preparePayment(chain, { into: 'the distributor', address, amount: 100n, token })).run();
    const greedy = await merkleListOf(payments.map((each) => ({ ...each, amount: 6n })));
    await expect(prepareClaim(chain, address, greedy, addresses[0])).rejects.toThrow(ClaimPaymentError);
    const forged = { ...greedy, merkleRoot: list.merkleRoot };
    await expect(prepareClaim(chain, address, forged, addresses[0])).rejects.toThrow(/Invalid proof/);
    expect((await readDistributor(chain, address, greedy)).claimed).toEqual([]);
  });

  it('is not made of what is no token', async () => {
    await expect(readToken(chain, me.address)).rejects.toThrow(TokenError);
    await expect(readToken(chain, SPLIT_FACTORIES.push)).rejects.toThrow(/network/);
  });
});

describe('a split', () => {
  it('is not created where Splits is not', async () => {
    await expect(prepareSplit(chain, payees, 'push')).rejects.toThrow(SplitsMissingError);
  });

  it('has the address that the factory tells, and is distributed by its shares', async () => {
    // Splits publishes no bytecode in npm: this stands in its place, takes any call, and tells of a new split.
    const split: Address = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
    const abi = parseAbi(SPLIT_ABI);
    const topics = encodeEventTopics({ abi, eventName: 'SplitCreated', args: { split } }) as Hex[];
    const data = encodeAbiParameters(
      parseAbiParameters(
        '(address[] recipients, uint256[] allocations, uint256 totalAllocation, uint16 distributionIncentive), address, address, uint256'
      ),
      [splitParams(payees), me.address, me.address, 0n]
    );
    // PUSH2 length, PUSH1 82, PUSH0, CODECOPY, PUSH32 topic, PUSH32 topic, PUSH2 length, PUSH0, LOG2, STOP
    const length = numberToHex(size(data), { size: 2 });
    const code = concatHex([
      '0x61',
      length,
      '0x60525f39',
      '0x7f',
      topics[1],
      '0x7f',
      topics[0],
      '0x61',
      length,
      '0x5fa200',
      '0x000000',
      data
    ]);
    await anvil.rpc('anvil_setCode', [SPLIT_FACTORIES.push, code]);
    const create = await prepareSplit(chain, payees, 'push');
    expect(create.words[0]).toContain(SPLIT_FACTORIES.push);
    const created = await create.run();
    expect(created).toMatchObject({ address: split, chainId: 31337 });
    const distribute = await prepareDistribution(chain, SPLIT_FACTORIES.push, payees);
    expect(distribute.words[0]).toContain('ETH');
    expect(await distribute.run()).toMatch(/^0x/);
    await expect(prepareSplit(chain, [], 'push')).rejects.toThrow(PayeeError);
  });
});
