/** A wallet is where the person has it: any chain, any account, and the page follows. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Chain } from '../../src/lib/chain/chain';
import {
  WalletConnection,
  WalletError,
  WalletRejectedError,
  type WalletAccount
} from '../../src/lib/wallet/connection';
import { richAccount, startAnvil, type Anvil } from '../support/anvil';
import { AnvilWallet } from '../support/anvil-wallet';

const [me, other] = [richAccount(0), richAccount(1)];
const id = 'org.example.wallet';

let chains: Anvil[] = [];
let wallet: AnvilWallet;
let connection: WalletConnection;

beforeAll(async () => {
  chains = await Promise.all([startAnvil(), startAnvil({ chainId: 1337 })]);
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await Promise.all(chains.map((each) => each.stop()));
});

beforeEach(async () => {
  wallet = new AnvilWallet(...chains);
  const page = new EventTarget();
  const info = { uuid: crypto.randomUUID(), name: 'Test Wallet', icon: 'data:,', rdns: id };
  page.addEventListener('eip6963:requestProvider', () =>
    page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: { info, provider: wallet } }))
  );
  vi.stubGlobal('window', page);
  connection = await WalletConnection.open(id);
});

describe('a wallet', () => {
  it('on a chain that nobody lists is connected, and reaches that chain', async () => {
    expect(await connection.account()).toEqual({ address: me.address, chainId: 31337 });
    const chain = await Chain.open(await connection.provider(), me.address);
    expect(chain.id).toBe(31337);
    await expect(chain.stillHere()).resolves.toBeUndefined();
  });

  it('is asked to switch its network, and the page follows', async () => {
    await connection.switchTo(1337);
    expect(await connection.account()).toEqual({ address: me.address, chainId: 1337 });
    expect((await Chain.open(await connection.provider(), me.address)).id).toBe(1337);
  });

  it('is offered a published network that it does not know, by its published facts', async () => {
    const added: unknown[] = [];
    const request = wallet.request.bind(wallet);
    wallet.request = async (call) => {
      if (call.method !== 'wallet_addEthereumChain') return request(call);
      added.push(...(call.params as unknown[]));
      wallet.chains = [{ ...chains[0], chainId: 8453 }, ...wallet.chains];
      return null;
    };
    await connection.switchTo(8453);
    expect(added).toEqual([
      {
        chainId: '0x2105',
        chainName: 'Base',
        nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
        rpcUrls: [expect.stringMatching(/^https:/)],
        blockExplorerUrls: ['https://basescan.org']
      }
    ]);
  });

  it('that does not know an unpublished network is told to be given it', async () => {
    const refused = connection.switchTo(31338);
    await expect(refused).rejects.toThrow(WalletError);
    await expect(refused).rejects.toThrow(/does not know chain 31338.*Add it in the wallet/);
    expect((await connection.account()).chainId).toBe(31337);
  });

  it('may decline to switch and to sign, each in its own words', async () => {
    wallet.declines = true;
    await expect(connection.switchTo(1337)).rejects.toThrow(WalletRejectedError);
    await expect(connection.switchTo(1337)).rejects.toThrow('The network is the same as before');
    const data = {
      domain: { name: 'Tabtune', version: '1', chainId: 31337 },
      types: { Claim: [{ name: 'created', type: 'string' }] },
      primaryType: 'Claim',
      message: { created: 'today' }
    };
    await expect(connection.sign(data, me.address)).rejects.toThrow('Nothing was signed');
    wallet.declines = false;
    expect(await connection.sign(data, me.address)).toMatch(/^0x[0-9a-f]{130}$/);
  });

  it('that stays where it is though it says it moved is noticed', async () => {
    wallet.goTo = () => undefined;
    await expect(connection.switchTo(1337)).rejects.toThrow(/stayed on chain 31337/);
  });

  it('tells when the person chooses another account or network, until nobody listens', async () => {
    const seen: (WalletAccount | undefined)[] = [];
    const stop = await connection.watch((account) => seen.push(account));
    wallet.choose(other);
    wallet.goTo(1337);
    expect(seen).toEqual([
      { address: other.address, chainId: 31337 },
      { address: other.address, chainId: 1337 }
    ]);
    stop();
    wallet.choose(me);
    expect(seen).toHaveLength(2);
  });

  it('that is gone or closed is told', async () => {
    await expect(WalletConnection.open('org.example.other')).rejects.toThrow(WalletError);
    await connection.close();
    await expect(connection.account()).rejects.toThrow(/not connected any more/);
    await expect(connection.provider()).rejects.toThrow(/not connected any more/);
  });
});
