/** What a wallet signs is what the page showed: account and network are asked before and after. */
import { describe, expect, it } from 'vitest';
import { deferred } from '$lib/components/testing';
import type { WalletAccount } from '$lib/wallet/connection';
import { PageWallet, SignerMovedError, type PageConnection } from './page-wallet.svelte';

const home: WalletAccount = { address: `0x${'11'.repeat(20)}`, chainId: 1 };
const wallet = { id: 'org.example.wallet', name: 'Test Wallet' };

/** A wallet that can be moved. */
function walletAt(start: WalletAccount) {
  let now: WalletAccount | undefined = start;
  let tell: ((account: WalletAccount | undefined) => void) | undefined;
  const log: string[] = [];
  const connection: PageConnection = {
    account: async () => {
      if (!now) throw new Error('It is not connected any more.');
      return now;
    },
    sign: async () => '0x00',
    watch: async (onChange) => {
      tell = onChange;
      return () => void log.push('unwatched');
    },
    close: async () => void log.push('closed')
  };
  const move = (account: WalletAccount | undefined) => {
    now = account;
    tell?.(account);
  };
  return { connection, move, log };
}

async function connected(start = home) {
  const at = walletAt(start);
  const page = new PageWallet(async () => at.connection);
  page.choose(wallet);
  expect(page.account).toBeUndefined();
  await page.connect();
  expect(page.account).toEqual(start);
  return { page, ...at };
}

describe('a wallet on the page', () => {
  it('shows where it is as it moves, and is let go with the dialog', async () => {
    const { page, move, log } = await connected();
    move({ ...home, chainId: 10 });
    expect(page.account?.chainId).toBe(10);
    move(undefined);
    expect(page.account).toBeUndefined();
    page.close();
    expect(log).toEqual(['unwatched', 'closed']);
    expect(page.chosen).toBeUndefined();
  });

  it('does nothing where it moved between showing and asking', async () => {
    const { page, connection } = await connected();
    connection.account = async () => ({ ...home, chainId: 10 });
    let asked = false;
    await expect(page.use(home, async () => (asked = true))).rejects.toThrow(/another network/);
    expect(asked).toBe(false);
    expect(page.account?.chainId).toBe(10);
  });

  it('drops what came of it where it moved while the person was asked', async () => {
    const { page, move } = await connected();
    const other: WalletAccount = { ...home, address: `0x${'22'.repeat(20)}` };
    await expect(page.use(home, async () => move(other))).rejects.toThrow(SignerMovedError);
    await expect(page.use(other, async () => 'signed')).resolves.toBe('signed');
  });

  it('says why it did not connect, and can be asked again', async () => {
    const { connection } = walletAt(home);
    const declined = new Error('Declined.');
    let refuses = true;
    const page = new PageWallet(async () => {
      if (refuses) throw declined;
      return connection;
    });
    await page.connect();
    expect(page.error).toBeUndefined();
    page.choose(wallet);
    await page.connect();
    expect(page).toMatchObject({ error: declined, account: undefined, connecting: false });
    refuses = false;
    await page.connect();
    expect(page).toMatchObject({ error: undefined, account: home });
  });

  it('lets go of a wallet that answers after another was chosen', async () => {
    const { connection, log } = walletAt(home);
    const late = deferred<PageConnection>();
    const page = new PageWallet(() => late.promise);
    page.choose(wallet);
    const asking = page.connect();
    page.choose({ id: 'org.example.other', name: 'Other' });
    late.resolve(connection);
    await asking;
    expect(log).toEqual(['closed']);
    expect(page.account).toBeUndefined();
  });
});
