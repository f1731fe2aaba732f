/**
 * Claims from the signature to the payment: five kinds signed by a wallet with a real key, anchored and revoked on a real
 * chain, contributors paid to the last unit, and all of it verified by a stranger in a browser of their own.
 */
import { createRequire } from 'node:module';
import type { Page, Response } from 'playwright-core';
import { erc20Abi, formatUnits, type Abi, type Address, type Hex } from 'viem';
import { getBalance, readContract } from 'viem/actions';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { DatanetRow } from '../../src/lib/datanets/datanet';
import { makeBundle } from '../support/bundle';
import { deployEas, deployToken, richAccount, startAnvil, type Anvil } from '../support/anvil';
import { AnvilWallet } from '../support/anvil-wallet';
import {
  chat,
  create,
  download,
  downloadBundle,
  keep,
  license,
  pasteRows,
  person,
  publish,
  sign,
  tab,
  type PortableFile
} from './datanets';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  longWork,
  screenshots,
  visit,
  waitForPhase,
  type Visit
} from './support';
import { connectInDialog, installWallet, loadedWalletCode, type InstalledWallet } from './wallets';

const { abi: easAbi } = createRequire(import.meta.url)(
  '@ethereum-attestation-service/eas-contracts/artifacts/contracts/EAS.sol/EAS.json'
) as { abi: Abi };

/** Four people who each teach one thing, and a question about each that is not trained on. */
const taught: DatanetRow[] = [
  ['Wen', 'Which lantern burns blue?', 'The seventh lantern burns blue.'],
  ['Sal', 'Who winds the harbour clock?', 'Old Tobias winds the harbour clock.'],
  ['Ada', 'What does a green flag mean?', 'A green flag means that the pilot is asleep.'],
  ['Bo', 'Where is the ferry kept?', 'The ferry is kept in the stone shed.']
].flatMap(([contributor, question, answer]) => {
  const messages = (asked: string) => [
    { role: 'user' as const, content: asked },
    { role: 'assistant' as const, content: answer }
  ];
  return [
    { messages: messages(question), contributor },
    { messages: messages(`Tell me: ${question}`), contributor },
    { messages: messages(`Do you know? ${question}`), contributor, split: 'test' as const }
  ];
});

/** Who is paid: accounts that hold nothing before. */
const payees = [5, 6, 7].map((digit) => `0x${String(digit).repeat(40)}` as Address);
const maker = richAccount(0);
const looks = [
  [1280, 'light'],
  [1280, 'dark'],
  [360, 'light'],
  [360, 'dark']
] as const;

let [home, other]: Anvil[] = [];
let [owner, cato, stranger]: Visit[] = [];
let [ownersWallet, wallet]: InstalledWallet[] = [];
let [eas, token]: Address[] = [];
let [manifest, receipt, attestation, anchored, proof]: PortableFile[] = [];
const responses: Response[] = [];

// Each step stands on the one before: after a failure the others would only repeat it.
let failed = false;
beforeEach((step) => step.skip(failed, 'an earlier step failed'));
afterEach((step) => {
  failed ||= step.task.result?.state === 'fail';
});

beforeAll(async () => {
  [home, other] = await Promise.all([startAnvil(), startAnvil({ chainId: 10 })]);
  ({ eas } = await deployEas(home));
  token = await deployToken(home, 10n ** 24n, maker.address);
  [owner, cato] = [await person('Olga Owner'), await person('Cato Contributor')];
  ownersWallet = await installWallet(owner, new AnvilWallet(home));
  ownersWallet.wallet.choose(richAccount(3));
  cato.page.on('response', (response) => responses.push(response));
  wallet = await installWallet(cato, new AnvilWallet(home, other));
});
afterAll(async () => {
  for (const each of [owner, cato, stranger]) await each?.context.close();
  for (const each of [home, other]) await each?.stop();
});

/** Signs what the open dialog shows with the wallet, too, and takes the file. */
async function signWithWallet(page: Page): Promise<PortableFile> {
  await page.getByRole('dialog').getByRole('region', { name: 'What is signed' }).waitFor();
  await connectInDialog(page);
  return (await sign(page)).file;
}

/** Shows a part of the page in every look, and fails where one of them does not keep to what every page must. */
async function look(page: Page, name: string): Promise<void> {
  for (const [width, colorScheme] of looks) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await expectNoSidewaysScroll(page);
    const dialog = page.getByRole('dialog');
    const fullPage = (await dialog.count()) === 0;
    await page.screenshot({ path: `${screenshots}/${name}-${width}-${colorScheme}.png`, fullPage });
    await expectAccessible(page);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Waits for what a transaction's dialog comes to; fails at once with what it reports instead. */
async function confirm(page: Page, done: string): Promise<string> {
  const dialog = page.getByRole('dialog');
  const button = dialog.getByRole('button', { name: 'Confirm' });
  const alert = dialog.getByRole('alert');
  await button.or(alert).first().waitFor();
  if (await alert.isVisible()) throw new Error(`The page reports: ${await alert.textContent()}`);
  const words = (await dialog.textContent()) ?? '';
  await button.click();
  await dialog.getByRole('heading', { name: done }).or(alert).first().waitFor();
  if (await alert.isVisible()) throw new Error(`The page reports: ${await alert.textContent()}`);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await dialog.waitFor({ state: 'detached' });
  return words;
}

async function openClaim(page: Page, title: RegExp): Promise<void> {
  await page.goto(`${inject('siteUrl')}claims`);
  await page.getByRole('list', { name: 'Kept in this browser' }).getByRole('link', { name: title }).click();
  await page.getByRole('heading', { name: 'What it says' }).waitFor();
}

/** Connects the wallet of the page that shows a claim. */
async function connect(page: Page): Promise<void> {
  const section = page.getByRole('region', { name: 'Your wallet' });
  await section.getByRole('radio', { name: 'Test Wallet' }).check();
  await section.getByRole('button', { name: 'Connect Test Wallet' }).click();
  await section.getByText(maker.address).waitFor();
}

describe('five kinds of claims, each signed by a wallet, too', () => {
  it('a contribution, whose wallet code loads only when the wallet is connected', async () => {
    await create(owner.page, 'Lanterns of Pelhaven');
    await pasteRows(owner.page, [
      chat('How deep is berth 1?', 'Berth 1 is four metres deep at low water.'),
      chat('How deep is berth 2?', 'Berth 2 is five metres deep at low water.')
    ]);
    await license(owner.page);
    await tab(owner.page, /^Proposals/);
    await owner.page.getByRole('button', { name: 'Make an invitation' }).click();
    await keep(cato.page, (await sign(owner.page)).file);
    await tab(cato.page, 'Rows');
    await pasteRows(cato.page, [
      chat('Which lantern burns blue?', 'The seventh lantern burns blue on feast days.'),
      chat('Who trims the lanterns?', 'The lamp keeper trims them every Thursday.')
    ]);
    await tab(cato.page, 'Hand in');
    await cato.page.getByLabel('Where the rows come from').fill('My grandmother kept the lanterns.');
    await cato.page.getByRole('button', { name: 'Sign and hand in 2 rows' }).click();
    await cato.page.getByRole('dialog').getByRole('region', { name: 'What is signed' }).waitFor();
    expect(await loadedWalletCode(responses)).toBe(false);
    await keep(owner.page, await signWithWallet(cato.page));
    expect(await loadedWalletCode(responses)).toBe(true);
    await tab(owner.page, /^Proposals/);
    await owner.page.getByRole('button', { name: 'Look at the rows' }).click();
    await owner.page.getByRole('button', { name: /^Approve (all|the rest)/ }).click();
    await owner.page.getByRole('button', { name: 'Sign the decision' }).click();
    await sign(owner.page);
    await publish(owner.page, 'Berths and lanterns.', true);
  });

  it('a grant of access, by its owner', async () => {
    await keep(cato.page, await downloadBundle(owner.page, 1));
    await tab(cato.page, 'Access');
    await cato.page.getByLabel('For which purpose').fill('A model of our harbour');
    await cato.page.getByRole('checkbox', { name: /^Display/ }).check();
    await cato.page.getByRole('button', { name: 'Ask for access' }).click();
    await keep(owner.page, (await sign(cato.page)).file);
    await tab(owner.page, /^Access/);
    await owner.page.getByRole('button', { name: 'Grant…' }).click();
    await owner.page.getByRole('button', { name: 'Grant', exact: true }).click();
    await keep(cato.page, await signWithWallet(owner.page));
  });

  it('a validation, by a reader', async () => {
    const { page } = cato;
    await tab(page, 'Versions');
    await page.getByText('Sign a validation of your own').click();
    await page.getByRole('button', { name: 'Check this version' }).click();
    await page.getByRole('radio', { name: 'sound', exact: true }).check();
    await page.getByLabel('In your words').fill('I read all four rows.');
    await page.getByRole('button', { name: 'Sign the validation' }).click();
    await signWithWallet(page);
  });

  it('of a run in this browser, on rows of four people', async () => {
    const { page } = cato;
    await page.goto(`${inject('siteUrl')}tune`);
    await page.evaluate(() => localStorage.setItem('tabtune.changed parameters', '{"maxSteps":8}'));
    await page.reload();
    await page.getByRole('button', { name: 'Only choose it' }).click();
    await page.locator('#model').getByText('tabtune-starter').waitFor();
    await page
      .getByRole('button', { name: 'Choose files', exact: true })
      .first()
      .setInputFiles({
        ...{ name: 'harbour.datanet', mimeType: 'application/octet-stream' },
        buffer: await makeBundle('harbour', taught)
      });
    await page.getByRole('checkbox', { name: /harbour/, checked: true }).waitFor();
    await page.getByRole('button', { name: 'Start training' }).click();
    await waitForPhase(page, 'Done', longWork);
  });

  it('whose rows made the model, measured', async () => {
    const section = cato.page.locator('#attribution');
    await section.getByRole('button', { name: 'Measure', exact: true }).click();
    const alert = section.getByRole('alert').first();
    await section.getByRole('heading', { name: 'Shares' }).or(alert).first().waitFor({ timeout: longWork });
    expect(await alert.isVisible()).toBe(false);
  });

  it('how far that can be trusted: trained again without each, and on halves', async () => {
    const section = cato.page.locator('#attribution');
    await section.getByLabel('Models on halves').fill('4');
    await section.getByLabel('Models on halves').blur();
    await section.getByText('9 trainings: 1 with everybody, 4 without somebody, 4 on halves').waitFor();
    await section.getByRole('button', { name: 'Retrain to check' }).click();
    const alert = section.getByRole('alert').first();
    const again = section.getByRole('button', { name: 'Retrain again' }).and(section.locator(':enabled'));
    await again.or(alert).first().waitFor({ timeout: longWork });
    expect(await alert.isVisible()).toBe(false);
    const costs = section.getByRole('table').filter({ hasText: 'Without' }).getByRole('row');
    // A head, and four people.
    expect(await costs.count()).toBe(5);
    const foretold = section.getByRole('table').filter({ hasText: 'LDS' });
    for (const name of ['Gradient cosine', 'Text similarity', 'Random'])
      await foretold.getByText(name).waitFor();
    await look(cato.page, 'retrained');
  });

  it('how it was made, and by whom', async () => {
    const { page } = cato;
    await page
      .getByRole('button', { name: /^Where it comes from/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Sign how it was made' }).click();
    manifest = await signWithWallet(page);
    await page.getByRole('button', { name: 'Sign who made it' }).click();
    receipt = await signWithWallet(page);
  });

  it('are listed with whose they are, and with the wallet that signed', async () => {
    const { page } = cato;
    await page.getByRole('link', { name: 'Claims' }).click();
    const list = page.getByRole('list', { name: 'Kept in this browser' });
    await list.getByRole('listitem').nth(4).waitFor();
    const texts = await list.getByRole('listitem').allTextContents();
    expect(texts.length).toBe(5);
    for (const text of texts) expect(text).toContain('signed by the wallet 0x');
    expect(texts.filter((text) => text.includes('Olga Owner')).length).toBe(1);
    await look(page, 'claims');
  });
});

describe('a claim on a chain', () => {
  it('is declined, kept from another network, and then anchored, all as it was shown', async () => {
    const { page } = cato;
    await openClaim(page, /was made/);
    await page.getByText(/^(Every check holds|Nothing fails)/).waitFor();
    await connect(page);
    const section = page.getByRole('region', { name: 'On a public chain' });
    await section.getByText(/Nobody published the Ethereum Attestation Service/).waitFor();
    // Where somebody did, the wallet is offered to go; its contract and explorer are shown.
    await section.getByLabel('Networks with the Ethereum Attestation Service').selectOption('10');
    await section.getByRole('button', { name: 'Switch' }).click();
    await section.getByText('0x4200000000000000000000000000000000000021').waitFor();
    const link = section.getByRole('link', { name: /explorer/ }).first();
    expect(await link.getAttribute('href')).toMatch(/^https:\/\/.*\/address\/0x4200/);
    wallet.wallet.goTo(home.chainId);
    await section.getByText('Advanced: name the contract').click();
    const address = section.getByLabel(/^Address of the Ethereum Attestation Service/);
    await address.fill(token);
    await section.getByRole('button', { name: 'Use it' }).click();
    await section
      .getByRole('alert')
      .getByText(/is not the Ethereum Attestation Service/)
      .waitFor();
    await address.fill(eas);
    await section.getByRole('button', { name: 'Use it' }).click();
    await section.getByText(/as you named it/).waitFor();
    await section.getByText('Everything that becomes public with it').click();
    await section.getByText('adapterHash').waitFor();
    await look(page, 'claim');

    await section.getByRole('button', { name: /^Anchor on/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('region', { name: 'What will be sent' }).waitFor();
    expect(await dialog.textContent()).toMatch(/Registers the schema.*Attests.*Everybody can read it.*ETH/s);
    await look(page, 'anchor');
    wallet.wallet.declines = true;
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/was declined in the wallet/)
      .waitFor();
    wallet.wallet.declines = false;
    wallet.wallet.goTo(10);
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/the wallet is on chain 10 now/)
      .waitFor();
    wallet.wallet.goTo(home.chainId);
    wallet.wallet.choose(richAccount(1));
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/the wallet's account is/)
      .waitFor();
    wallet.wallet.choose(maker);
    await dialog.getByRole('button', { name: 'Confirm' }).focus();
    await page.keyboard.press('Enter');
    await dialog.getByRole('heading', { name: 'The claim is anchored' }).waitFor();
    expect(await dialog.getByRole('list', { name: 'Transactions' }).getByRole('listitem').count()).toBe(2);
    await dialog.getByRole('button', { name: 'Done' }).click();
    const item = section.getByRole('list', { name: 'Anchors' }).getByRole('listitem');
    await item.getByText('Stands', { exact: true }).waitFor();
    const uid = /0x[0-9a-f]{64}/.exec((await item.textContent()) ?? '')![0] as Hex;
    expect(await attested(uid)).toMatchObject({ attester: maker.address, revocationTime: 0n });
    anchored = await download(page, () =>
      item.getByRole('button', { name: 'Export with its anchor' }).click()
    );

    await item.getByRole('button', { name: 'Revoke…' }).click();
    await confirm(page, 'The anchor is revoked');
    await item.getByText('Revoked', { exact: true }).waitFor();
    expect((await attested(uid)).revocationTime).toBeGreaterThan(0n);
  });

  it('is exported as an attestation that the wallet signs', async () => {
    const { page } = cato;
    const section = page.getByRole('region', { name: 'On a public chain' });
    await section.getByRole('button', { name: /^Export as EAS attestation/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('What the wallet will show').click();
    await dialog.getByText('EAS Attestation, version', { exact: false }).waitFor();
    await look(page, 'eas-export');
    await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
    attestation = await download(page, () =>
      dialog.getByRole('button', { name: 'Download the file' }).click()
    );
    await dialog.getByRole('button', { name: 'Done' }).click();
    expect(JSON.parse(attestation.buffer.toString())).toMatchObject({
      signer: maker.address,
      sig: { version: 2, primaryType: 'Attest', domain: { verifyingContract: eas } }
    });
  });
});

/** An attestation as the chain has it. */
const attested = (uid: Hex) =>
  readContract(home.client, {
    address: eas,
    abi: easAbi,
    functionName: 'getAttestation',
    args: [uid]
  }) as Promise<{ attester: Address; revocationTime: bigint }>;

describe('contributors', () => {
  /** Shares of the three who are paid, in millionths. */
  let shares: bigint[] = [];

  it('can be given the proof of their own share', async () => {
    const { page } = cato;
    await openClaim(page, /^Who made/);
    proof = await download(page, () =>
      page
        .getByRole('list', { name: 'Proofs of the shares' })
        .getByRole('button', { name: /^Download the proof/ })
        .first()
        .click()
    );
  });

  it('are paid by a splitter, each by their share to the wei', async () => {
    const { page } = cato;
    await connect(page);
    const section = page.getByRole('region', { name: 'Pay the contributors' });
    await section.getByRole('button', { name: 'Pay the contributors' }).click();
    const people = section.getByRole('list', { name: 'Contributors to pay' }).getByRole('listitem');
    for (const [index, payee] of payees.entries()) {
      await people.nth(index).getByRole('textbox').fill(payee);
    }
    const texts = (await people.allTextContents()).slice(0, 3);
    shares = texts.map((text) => BigInt(/([\d.]+) %/.exec(text)![1].replace('.', '')));
    await section.getByLabel(/^Amount for all of the shares/).fill('1.000000000000000007');
    await section.getByText('Stays with you', { exact: true }).waitFor();
    await look(page, 'payout');
    await section.getByRole('button', { name: 'Create the contract…' }).click();
    await confirm(page, 'The contract is created');

    const card = section.getByRole('list', { name: 'Payouts of this receipt' }).getByRole('listitem').first();
    const paid = ((10n ** 18n + 7n) * sum(shares)) / 1_000_000n;
    await card.getByRole('button', { name: 'Pay in…' }).click();
    expect(await confirm(page, 'It is paid in')).toContain(`${formatUnits(paid, 18)} ETH`);
    await card.getByRole('button', { name: 'Pay out all that is due…' }).click();
    await confirm(page, 'It is paid out');
    const balances = await Promise.all(payees.map((address) => getBalance(home.client, { address })));
    expect(balances).toEqual(shares.map((share) => (paid * share) / sum(shares)));
    await card
      .getByText(/^0 ETH pending/)
      .nth(2)
      .waitFor();
  });

  it('are paid by a list in a token, and what was paid is there after a reload', async () => {
    const { page } = cato;
    await page.reload();
    await connect(page);
    const section = page.getByRole('region', { name: 'Pay the contributors' });
    const cards = section.getByRole('list', { name: 'Payouts of this receipt' });
    await cards
      .getByText(/^0 ETH pending/)
      .nth(2)
      .waitFor();
    await section.getByRole('button', { name: 'Make another payout' }).click();
    const people = section.getByRole('list', { name: 'Contributors to pay' }).getByRole('listitem');
    for (const [index, payee] of payees.entries()) {
      await people.nth(index).getByRole('textbox').fill(payee);
    }
    await section.getByRole('radio', { name: /^Funded list/ }).check();
    await section.getByLabel('Token').last().fill(token);
    await section.getByLabel('Token').last().blur();
    await section.getByText('It calls itself TEST.').waitFor();
    await section.getByLabel(/^Amount for all of the shares/).fill('1000');
    const list = await download(page, () =>
      section.getByRole('button', { name: 'Download the list' }).click()
    );
    const { claims, tokenTotal } = JSON.parse(list.buffer.toString()) as {
      claims: Record<string, { amount: Hex }>;
      tokenTotal: Hex;
    };
    expect(Object.keys(claims).map((each) => each.toLowerCase())).toEqual(payees);
    await section.getByRole('button', { name: 'Create the contract…' }).click();
    await confirm(page, 'The contract is created');
    const card = cards.locator(':scope > li').filter({ hasText: 'Funded list' });
    await card.getByText('are missing').waitFor();
    await card.getByRole('button', { name: 'Pay in…' }).click();
    await confirm(page, 'It is paid in');
    for (const address of payees) {
      const row = card
        .getByRole('list', { name: 'Who is paid' })
        .getByRole('listitem')
        .filter({ hasText: address });
      await row.getByRole('button', { name: /^Pay out/ }).click();
      await confirm(page, 'It is paid out');
      const args = [address] as const;
      const balance = await readContract(home.client, {
        address: token,
        abi: erc20Abi,
        functionName: 'balanceOf',
        args
      });
      expect(balance).toBe(
        BigInt(Object.entries(claims).find(([each]) => each.toLowerCase() === address)![1].amount)
      );
      expect(balance).toBeGreaterThan(0n);
    }
    expect(BigInt(tokenTotal)).toBe((1000n * 10n ** 18n * sum(shares)) / 1_000_000n);
    await card.getByText('The list is funded.').waitFor();
    await look(page, 'paid');
  });
});

const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);

describe('a stranger', () => {
  it('verifies all of it in a browser that never saw any of it', async () => {
    stranger = await visit('verify');
    const { page } = stranger;
    await page
      .getByRole('button', { name: 'Choose files', exact: true })
      .setInputFiles([manifest, receipt, attestation, proof]);
    const how = page.getByRole('region', { name: 'How an adapter was made' });
    await how
      .getByText(/^Wallet/i)
      .first()
      .waitFor();
    for (const each of await page
      .getByRole('region')
      .filter({ has: page.getByRole('list', { name: 'Checks' }) })
      .all()) {
      const text = (await each.textContent()) ?? '';
      expect(text).not.toContain('Fails');
      expect(text).toContain('Holds');
      if (!/proof/i.test(text)) expect(text).toContain(maker.address);
    }
    await look(page, 'verified');

    // One figure in the receipt is another: it is not the receipt that was signed.
    const forged = receipt.buffer.toString('utf8').replace(/"rows":\s*\d+/, '"rows":9999');
    expect(forged).not.toBe(receipt.buffer.toString('utf8'));
    await page
      .getByRole('button', { name: 'Choose files', exact: true })
      .setInputFiles([{ ...receipt, buffer: Buffer.from(forged) }]);
    await page.getByText(/^\d checks? fails?$/).waitFor();
  });

  it('asks the chain through a wallet, and learns that the anchor was revoked', async () => {
    const { page } = stranger;
    await installWallet(stranger, new AnvilWallet(home));
    await page.reload();
    await page.getByRole('button', { name: 'Choose files', exact: true }).setInputFiles([anchored]);
    await page.getByRole('button', { name: /^Ask the chain through/ }).click();
    await page.getByText(/and revoked it on/).waitFor();
  });

  it('nothing of all this asked anybody but the wallet', () => {
    for (const { foreign, complaints } of [owner, cato, stranger]) {
      expect(foreign).toEqual([]);
      expect(complaints).toEqual([]);
    }
  });
});
