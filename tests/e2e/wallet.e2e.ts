/** A wallet with a real key, announced to the page as any is (EIP-6963): it signs, declines, switches, and is linked. */
import type { Page, Response } from 'playwright-core';
import type { TypedDataDefinition } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chat, create, download, keep, license, offer, pasteRows, person, sign, tab } from './datanets';
import { expectAccessible, screenshots, type Visit } from './support';

const account = privateKeyToAccount(generatePrivateKey());

/** Announces a provider in every page of the browser; the key stays in this process. */
async function installWallet({ context }: Visit): Promise<void> {
  await context.exposeFunction('walletSign', (json: string) => {
    const data = JSON.parse(json) as TypedDataDefinition & { message: Record<string, unknown> };
    // JSON has no whole numbers of 256 bits.
    if ('rows' in data.message) data.message['rows'] = BigInt(data.message['rows'] as string);
    return account.signTypedData(data);
  });
  await context.addInitScript((address) => {
    type Scope = { walletSign(json: string): Promise<string>; declines?: boolean; chain?: string };
    const scope = window as unknown as Scope;
    const provider = {
      on: () => provider,
      removeListener: () => provider,
      async request({ method, params }: { method: string; params?: unknown[] }) {
        if (method === 'eth_requestAccounts' || method === 'eth_accounts') return [address];
        if (method === 'eth_chainId') return scope.chain ?? '0x1';
        if (method === 'eth_signTypedData_v4') {
          if (scope.declines) throw Object.assign(new Error('User rejected the request.'), { code: 4001 });
          return scope.walletSign(params![1] as string);
        }
        if (method.startsWith('wallet_')) return null;
        throw Object.assign(new Error(`${method} is not supported`), { code: 4200 });
      }
    };
    const info = {
      uuid: crypto.randomUUID(),
      name: 'Test Wallet',
      icon: 'data:,',
      rdns: 'org.example.wallet'
    };
    const announce = () =>
      window.dispatchEvent(
        new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) })
      );
    window.addEventListener('eip6963:requestProvider', announce);
    announce();
  }, account.address);
}

/** Whether any script that the page loaded so far is of the wallet library. */
async function loadedWalletCode(responses: readonly Response[]): Promise<boolean> {
  const scripts = responses.filter((response) => new URL(response.url()).pathname.endsWith('.js'));
  const texts = await Promise.all(scripts.map((response) => response.text().catch(() => '')));
  return texts.some((text) => text.includes('eth_signTypedData_v4'));
}

const choose = (page: Page) => page.getByRole('dialog').getByRole('radio', { name: 'Test Wallet' }).check();

describe('a wallet', () => {
  let [owner, contributor]: Visit[] = [];
  const responses: Response[] = [];
  beforeAll(async () => {
    [owner, contributor] = [await person('Olga Owner'), await person('Cato Contributor')];
    await installWallet(contributor);
    contributor.page.on('response', (response) => responses.push(response));
  });
  afterAll(async () => {
    for (const each of [owner, contributor]) await each?.context.close();
  });

  it('is not needed, and nothing of it loads before somebody uses it', async () => {
    await create(owner.page, 'Bells of Pelhaven');
    await pasteRows(owner.page, [
      chat('Who rings?', 'The clerk rings at noon.'),
      chat('Who listens?', 'All of the harbour listens.')
    ]);
    await license(owner.page);
    await tab(owner.page, /^Proposals/);
    await owner.page.getByRole('button', { name: 'Make an invitation' }).click();
    const { file } = await sign(owner.page);
    const { page } = contributor;
    await keep(page, file);
    await tab(page, 'Rows');
    await pasteRows(page, [
      chat('What does one stroke mean?', 'One stroke means fog.'),
      chat('What do two strokes mean?', 'Two strokes mean a boat.')
    ]);
    await tab(page, 'Hand in');
    await page.getByLabel('Where the rows come from').fill('I ring the bells.');
    await page.getByRole('button', { name: /^Sign and hand in 2 rows/ }).click();
    await page.getByRole('dialog').getByRole('radio', { name: 'Test Wallet' }).waitFor();
    await expectAccessible(page);
    await page.screenshot({ path: `${screenshots}/wallet-1280-light.png` });
    expect(await loadedWalletCode(responses)).toBe(false);
  });

  it('that declines leaves the words there to be signed, and nothing signed', async () => {
    const { page } = contributor;
    await choose(page);
    await page.evaluate(() => ((window as unknown as { declines: boolean }).declines = true));
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
    await dialog.getByRole('alert').getByText('Nothing was signed: the request was declined').waitFor();
    await dialog.getByRole('region', { name: 'What is signed' }).waitFor();
    expect(await loadedWalletCode(responses)).toBe(true);
  });

  it('signs the contribution after its network was switched, and the owner sees whose it is', async () => {
    const { page } = contributor;
    await page.evaluate(() => Object.assign(window, { declines: false, chain: '0xa' }));
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
    const file = await download(page, () =>
      dialog.getByRole('button', { name: 'Download the file' }).click()
    );
    await dialog.getByRole('button', { name: 'Done' }).click();
    const text = file.buffer.toString('latin1');
    expect(text).toContain(account.address);
    expect(text).toContain('"chainId":10');

    // Another account in the same file is noticed.
    const stranger = privateKeyToAccount(generatePrivateKey()).address;
    const forged = Buffer.from(text.replaceAll(account.address, stranger), 'latin1');
    await offer(owner.page, { ...file, buffer: forged });
    await owner.page.getByRole('alert').waitFor();

    await keep(owner.page, file);
    await tab(owner.page, /^Proposals/);
    const short = `${account.address.slice(0, 8)}…${account.address.slice(-6)}`;
    await owner.page.getByText(short).first().waitFor();
  });

  it('is linked to its person, signed by both', async () => {
    const { page } = contributor;
    await page.goto(`${inject('siteUrl')}datanets`);
    await page.getByRole('button', { name: 'Link Test Wallet' }).click();
    const { words, file } = await sign(page);
    expect(words).toContain(account.address);
    await page.getByRole('list', { name: 'Your wallets' }).getByText('Hand over the link').waitFor();
    await expectAccessible(page);
    await offer(owner.page, file);
    await owner.page.getByText(/Notes that the wallet and .Cato Contributor. are one/).waitFor();
  });
});
