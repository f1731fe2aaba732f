/** What may not be used is not used: rows that were taken back, versions whose rules forbid it, grants that ended. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  chat,
  create,
  downloadBundle,
  keep,
  license,
  moveClock,
  pasteRows,
  person,
  publish,
  sign,
  tab,
  type PortableFile
} from './datanets';
import { expectAccessible, longWork, screenshots, waitForPhase, type Visit } from './support';

const name = 'Lanterns of Pelhaven';
const secret = 'The seventh lantern of Pelhaven burns blue';
const ownerRows = Array.from({ length: 8 }, (_, i) =>
  chat(`How deep is berth ${i + 1}?`, `Berth ${i + 1} is ${i + 3} metres deep at low water.`)
);
const contributedRows = [
  chat('Which lantern burns blue?', `${secret} on feast days.`),
  chat('Who trims the lanterns?', 'The lamp keeper trims them every Thursday before dusk.'),
  chat('What do they burn?', 'Oil of the rape fields behind the town.')
];

/** Goes to the workshop with the starter model and this Datanet alone chosen. */
async function chooseAll(page: Page, version?: string): Promise<void> {
  await page.goto(`${inject('siteUrl')}tune`);
  const datanet = page.getByRole('checkbox', { name: new RegExp(name) });
  const choose = page.getByRole('button', { name: 'Only choose it' });
  await datanet.waitFor();
  if (await choose.isVisible()) await choose.click();
  await page.locator('#model').getByText('tabtune-starter').waitFor();
  if (version) await page.getByLabel(`Version of ${name}`).selectOption({ label: version });
  await datanet.check();
}

async function train(page: Page): Promise<void> {
  const epochs = page.getByLabel('Epochs', { exact: true });
  await epochs.fill('1');
  await epochs.blur();
  await page.getByRole('button', { name: /^(Start training|Train again)$/ }).click();
  await waitForPhase(page, 'Done', longWork);
}

/** Nothing can be started, and the page says why. */
async function expectNothingAllowed(page: Page, why: RegExp): Promise<void> {
  const data = page.locator('#data');
  await data.getByText('Nothing may be trained on.').waitFor();
  expect(await data.getByRole('status').filter({ hasText: 'Nothing may' }).textContent()).toMatch(why);
  expect(await page.getByRole('button', { name: 'Start training' }).isDisabled()).toBe(true);
}

describe('what may not be used', () => {
  let [owner, contributor]: Visit[] = [];
  let withdrawal: PortableFile;
  let address = '';
  beforeAll(async () => {
    [owner, contributor] = [await person('Olga Owner'), await person('Cato Contributor')];
  });
  // Each step stands on the one before: after a failure the others would only repeat it.
  let failed = false;
  beforeEach((step) => step.skip(failed, 'an earlier step failed'));
  afterEach((step) => {
    failed ||= step.task.result?.state === 'fail';
  });
  afterAll(async () => {
    for (const each of [owner, contributor]) await each?.context.close();
  });

  /** The owner's page of the Datanet, on one of its tabs. */
  async function openOwn(named: string | RegExp): Promise<void> {
    await owner.page.goto(address);
    await tab(owner.page, named);
  }

  it('is trained on while it may be', async () => {
    const { page } = owner;
    await create(page, name);
    address = page.url();
    await pasteRows(page, ownerRows);
    await license(page);
    await tab(page, /^Proposals/);
    await page.getByRole('button', { name: 'Make an invitation' }).click();
    const invitation = (await sign(page)).file;

    await keep(contributor.page, invitation);
    await tab(contributor.page, 'Rows');
    await pasteRows(contributor.page, contributedRows);
    await tab(contributor.page, 'Hand in');
    await contributor.page.getByLabel('Where the rows come from').fill('My grandmother kept the lanterns.');
    await contributor.page.getByLabel('Licence', { exact: true }).fill('CC-BY-4.0');
    await contributor.page.getByRole('button', { name: 'Sign and hand in 3 rows' }).click();
    const contribution = (await sign(contributor.page)).file;

    await keep(page, contribution);
    await tab(page, /^Proposals/);
    await page.getByRole('button', { name: 'Look at the rows' }).click();
    await page.getByRole('button', { name: 'Approve all' }).click();
    await page.getByRole('button', { name: 'Sign the decision' }).click();
    await keep(contributor.page, (await sign(page)).file);
    await publish(page, 'Berths and lanterns.');
    await page.getByRole('heading', { name: /^Version 1/ }).waitFor();
    await chooseAll(page);
    await train(page);
  });

  it('is taken back by whoever brought it, and leaves the draft', async () => {
    const { page } = contributor;
    await tab(page, 'Hand in');
    await page.getByRole('button', { name: 'Take back' }).click();
    await page.getByLabel('Why do you take these rows back?').fill('My grandmother would not like it.');
    await page.getByRole('button', { name: 'Take them back' }).click();
    const signed = await sign(page);
    expect(signed.words).toContain('My grandmother would not like it.');
    withdrawal = signed.file;
    await page.getByText('taken back', { exact: true }).waitFor();

    expect(await keep(owner.page, withdrawal)).toContain('My grandmother would not like it.');
    await tab(owner.page, 'Rows');
    await owner.page.getByText('8 rows', { exact: true }).first().waitFor();
    await owner.page.getByLabel('Search the rows').fill('lantern');
    await owner.page.getByText('No row is like that.').waitFor();
    await tab(owner.page, /^Proposals/);
    await owner.page.getByText('Cato Contributor').first().click();
    await owner.page.getByText(/^Taken back .*My grandmother would not like it/).waitFor();
  });

  it('is named where runs and their adapters are listed', async () => {
    await openOwn('Versions');
    const run = owner.page.getByRole('region', { name: 'Table of runs' }).getByRole('row').nth(1);
    const listed = await run.textContent();
    expect(listed).toMatch(/3 rows by Cato Contributor, taken back since/);
    expect(listed).toMatch(/kept in this browser/);
    expect(listed).toMatch(/11/);
    await owner.page.screenshot({ path: `${screenshots}/withdrawn-1280-light.png`, fullPage: true });
    await expectAccessible(owner.page);
  });

  it('is left out when the version that has it is trained on again', async () => {
    const { page } = owner;
    await chooseAll(page);
    const refused = page.getByRole('region', { name: 'Rows that are refused' });
    await refused.getByText('3 rows refused.').waitFor();
    await refused
      .getByText(`${name}: 3 rows not trained on. The contributor has taken the contribution back.`)
      .waitFor();
    await train(page);
    await openOwn('Versions');
    const rows = page.getByRole('region', { name: 'Table of runs' }).getByRole('row');
    await rows.nth(2).waitFor();
    const listed = await rows.allTextContents();
    expect(listed.filter((text) => text.includes('taken back since'))).toHaveLength(1);
  });

  it('starts no run where the rules forbid training', async () => {
    const { page } = owner;
    await openOwn('About');
    const training = page.getByRole('group', { name: 'Training', exact: true });
    await training.getByText('Forbidden', { exact: true }).click();
    await page.getByText('Saved in this browser.').waitFor();
    await publish(page, 'Not to be trained on, and without the lanterns.');
    await page.getByRole('heading', { name: /^Version 2/ }).waitFor();
    await chooseAll(page, 'Version 2');
    await expectNothingAllowed(page, /training models on the rows is forbidden/);
    await page.screenshot({ path: `${screenshots}/forbidden-1280-light.png`, fullPage: true });
    await expectAccessible(page);
    // The rules of the version before are those that it was signed with.
    await chooseAll(page, 'Version 1');
    await page.getByText('3 rows refused.').waitFor();
    expect(await page.getByRole('button', { name: 'Start training' }).isEnabled()).toBe(true);
  });

  it('is not used after a grant has ended', async () => {
    await openOwn('About');
    const training = owner.page.getByRole('group', { name: 'Training', exact: true });
    await training.getByText('Allowed', { exact: true }).click();
    await owner.page.getByText('Saved in this browser.').waitFor();
    await publish(owner.page, 'For those whom I grant it.', true);
    await owner.page.getByRole('heading', { name: /^Version 3/ }).waitFor();
    const bundle = await downloadBundle(owner.page, 3);

    const { page } = contributor;
    await keep(page, bundle);
    await tab(page, 'Access');
    await page.getByLabel('For which purpose').fill('A model of our harbour');
    await page.getByRole('checkbox', { name: /^Display/ }).check();
    await page.getByRole('button', { name: 'Ask for access' }).click();
    await keep(owner.page, (await sign(page)).file);
    await tab(owner.page, /^Access/);
    await owner.page.getByRole('button', { name: 'Grant…' }).click();
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    await owner.page.getByLabel('Through', { exact: true }).fill(tomorrow);
    await owner.page.getByLabel('Through', { exact: true }).blur();
    await owner.page.getByRole('button', { name: 'Grant', exact: true }).click();
    await keep(page, (await sign(owner.page)).file);
    await tab(page, 'Access');
    await page.getByRole('heading', { name: 'You may use this version' }).waitFor();
    await tab(page, 'Rows');
    await page.getByText('How deep is berth 1?').first().waitFor();
    await chooseAll(page);
    await page.locator('#data').getByText('How deep is berth 1?').first().waitFor();

    await moveClock(contributor, 3);
    await chooseAll(page);
    await expectNothingAllowed(page, /allowed until|ended|over/);
    expect(await page.locator('#data').getByText('How deep is berth 1?').count()).toBe(0);
    await page
      .locator('#data')
      .getByRole('link', { name: new RegExp(`^Open ?${name}`) })
      .click();
    await tab(page, 'Access');
    await page.getByRole('heading', { name: 'Your grant has ended' }).waitFor();
    await tab(page, 'Rows');
    await page.getByText('Ask the owner for access under').waitFor();
    expect(await page.getByText('How deep is berth 1?').count()).toBe(0);
  });

  it('was never sent anywhere', () => {
    for (const { complaints, foreign } of [owner, contributor]) {
      expect(complaints).toEqual([]);
      expect(foreign).toEqual([]);
    }
  });
});
