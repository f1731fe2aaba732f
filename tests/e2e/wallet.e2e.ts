/** A wallet with a real key, announced to the page as any is (EIP-6963): it signs, declines, switches, and is linked. */
import type { Response } from 'playwright-core';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chat, create, download, keep, license, offer, pasteRows, person, sign, tab } from './datanets';
import { richAccount, startAnvil, type Anvil } from '../support/anvil';
import { AnvilWallet } from '../support/anvil-wallet';
import { expectAccessible, expectNoSidewaysScroll, screenshots, type Visit } from './support';
import { connectInDialog, installWallet, loadedWalletCode, type InstalledWallet } from './wallets';

const account = richAccount(0);

describe('a wallet', () => {
  let [owner, contributor]: Visit[] = [];
  let [home, optimism]: Anvil[] = [];
  let installed: InstalledWallet;
  const responses: Response[] = [];
  beforeAll(async () => {
    [home, optimism] = await Promise.all([startAnvil(), startAnvil({ chainId: 10 })]);
    [owner, contributor] = [await person('Olga Owner'), await person('Cato Contributor')];
    installed = await installWallet(contributor, new AnvilWallet(home, optimism));
    contributor.page.on('response', (response) => responses.push(response));
  });
  afterAll(async () => {
    for (const each of [owner, contributor]) await each?.context.close();
    for (const each of [home, optimism]) await each?.stop();
    for (const { complaints, foreign } of [owner, contributor]) {
      expect(complaints).toEqual([]);
      expect(foreign).toEqual([]);
    }
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

  it('is shown with its account, its network and every field before it signs', async () => {
    const { page } = contributor;
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'Test Wallet' }).check();
    expect(await dialog.getByRole('button', { name: 'Sign', exact: true }).isDisabled()).toBe(true);
    expect(installed.wallet.asked).toEqual([]);
    await connectInDialog(page);
    await dialog.getByRole('status').getByText(account.address).waitFor();
    await dialog.getByRole('status').getByText('chain 31337').waitFor();
    await dialog.getByText('What the wallet will show', { exact: true }).click();
    const fields = dialog.getByRole('region', { name: 'What the wallet will show' });
    await fields.getByText('I ring the bells.').waitFor();
    expect(await fields.textContent()).toMatch(
      /Tabtune, version 1, Contribution.*chain 31337.*rowsRoot.*0x/s
    );
    for (const [width, scheme] of [
      [1280, 'light'],
      [1280, 'dark'],
      [360, 'light'],
      [360, 'dark']
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme });
      await expectNoSidewaysScroll(page);
      await fields.scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${screenshots}/wallet-fields-${width}-${scheme}.png` });
      await expectAccessible(page);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'light' });
    // The keyboard reaches the button through all of it.
    await dialog.getByRole('button', { name: 'Sign', exact: true }).focus();
  });

  it('that declines leaves the words there to be signed, and nothing signed', async () => {
    const { page } = contributor;
    installed.wallet.declines = true;
    const dialog = page.getByRole('dialog');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').getByText('Nothing was signed: the request was declined').waitFor();
    await dialog.getByRole('region', { name: 'What is signed' }).waitFor();
    installed.wallet.declines = false;
    expect(await loadedWalletCode(responses)).toBe(true);
  });

  it('that is switched while it asks signs nothing, and what it would sign now is shown', async () => {
    const { page } = contributor;
    const { wallet } = installed;
    const dialog = page.getByRole('dialog');
    const press = () => dialog.getByRole('button', { name: 'Sign', exact: true }).click();
    installed.meanwhile = () => wallet.goTo(10);
    await press();
    await dialog
      .getByRole('alert')
      .getByText(/switched to another network meanwhile/)
      .waitFor();
    await dialog.getByRole('status').getByText('OP Mainnet').waitFor();
    installed.meanwhile = () => wallet.choose(richAccount(1));
    await press();
    await dialog
      .getByRole('alert')
      .getByText(/switched to another account meanwhile/)
      .waitFor();
    await dialog.getByRole('status').getByText(richAccount(1).address).waitFor();
    // Locked, it shows no account; unlocked, it is there again.
    const { accounts } = wallet;
    installed.meanwhile = () => installed.lock();
    await press();
    await dialog
      .getByRole('alert')
      .getByText(/not connected any more/)
      .waitFor();
    await dialog.getByRole('region', { name: 'What is signed' }).waitFor();
    wallet.accounts = accounts;
    await dialog.getByRole('button', { name: 'Connect Test Wallet' }).waitFor();
    wallet.choose(account);
    await dialog.getByRole('status').getByText(account.address).waitFor();
  });

  it('signs the contribution on the network that was shown, and the owner sees whose it is', async () => {
    const { page } = contributor;
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
