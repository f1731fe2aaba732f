/**
 * Three people with a browser each, and nothing between them but files: one makes a Datanet, another hands rows in, the
 * first approves, publishes under permission and grants, the second trains; a third has the bundle and no grant.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  chat,
  download,
  keep,
  pasteRows,
  person,
  sign,
  storedText,
  tab,
  type PortableFile
} from './datanets';
import { expectAccessible, longWork, screenshots, waitForPhase, type Visit } from './support';

/** What only the contributor's rows say, and what only the owner's do. */
const secret = 'The seventh lantern of Pelhaven burns blue';
const rejected = 'nobody knows why at all';

const ownerRows = Array.from({ length: 8 }, (_, i) =>
  chat(`How deep is berth ${i + 1}?`, `Berth ${i + 1} is ${i + 3} metres deep at low water.`)
);
const contributedRows = [
  chat('Which lantern burns blue?', `${secret} on feast days.`),
  chat('Who trims the lanterns?', 'The lamp keeper trims them every Thursday before dusk.'),
  chat('Why is the moon wet?', `It is wet, ${rejected}.`)
];

describe('three people and a Datanet', () => {
  let [owner, contributor, stranger]: Visit[] = [];
  let [invitation, contribution, bundle]: PortableFile[] = [];
  beforeAll(async () => {
    [owner, contributor, stranger] = [
      await person('Olga Owner'),
      await person('Cato Contributor'),
      await person('Sten Stranger')
    ];
  });
  // Each step stands on the one before: after a failure the others would only repeat it.
  let failed = false;
  beforeEach((step) => step.skip(failed, 'an earlier step failed'));
  afterEach((step) => {
    failed ||= step.task.result?.state === 'fail';
  });
  afterAll(async () => {
    for (const each of [owner, contributor, stranger]) await each?.context.close();
  });

  it('the owner makes one with rows of their own and invites', async () => {
    const { page } = owner;
    await page.getByPlaceholder(/^Name, such as/).fill('Lanterns of Pelhaven');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await pasteRows(page, ownerRows);
    await tab(page, 'About');
    await page.getByLabel('Licence', { exact: true }).fill('CC-BY-4.0');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.').waitFor();
    await tab(page, /^Proposals/);
    await page.getByRole('button', { name: 'Make an invitation' }).click();
    const signed = await sign(page);
    expect(signed.words).toContain('Lanterns of Pelhaven');
    invitation = signed.file;
  });

  it('another opens the invitation, writes rows, and hands them in sealed', async () => {
    const { page } = contributor;
    expect(await keep(page, invitation)).toContain('Olga Owner');
    await tab(page, 'Rows');
    await pasteRows(page, contributedRows);
    await tab(page, 'Hand in');
    await page.getByLabel('Where the rows come from').fill('My grandmother kept the lanterns.');
    await page.getByLabel('Licence', { exact: true }).fill('CC-BY-4.0');
    await expectAccessible(page);
    await page.screenshot({ path: `${screenshots}/hand-in-1280-light.png`, fullPage: true });
    await page.getByRole('button', { name: 'Sign and hand in 3 rows' }).click();
    const signed = await sign(page);
    expect(signed.words).toContain('My grandmother kept the lanterns.');
    contribution = signed.file;
    // Only the owner can read it on the way.
    expect(contribution.buffer.includes(secret)).toBe(false);
  });

  it('the owner sees a proposal, row by row, rejects one with a reason and signs', async () => {
    const { page } = owner;
    expect(await keep(page, contribution)).toContain('Cato Contributor');
    await tab(page, /^Proposals/);
    await page.getByRole('button', { name: 'Look at the rows' }).click();
    await page.getByText(secret).first().waitFor();
    await page.getByRole('button', { name: 'Reject row 3' }).click();
    await page.getByLabel('Why row 3 is rejected').fill('It says nothing.');
    await page.getByRole('button', { name: 'Approve the rest' }).click();
    await page.getByText('Every row is answered.').waitFor();
    await page.screenshot({ path: `${screenshots}/proposal-1280-light.png`, fullPage: true });
    await page.getByRole('button', { name: 'Sign the decision' }).click();
    const { words, file } = await sign(page);
    expect(words).toMatch(/2 rows taken/);
    await keep(contributor.page, file);
    await tab(contributor.page, 'Hand in');
    await contributor.page.getByText('2 of 3 taken').waitFor();
    await contributor.page.getByText(/It says nothing/).waitFor();
  });

  it('publishes a version under permission, whose bundle shows no row', async () => {
    const { page } = owner;
    await tab(page, 'Versions');
    await page.getByLabel('What this first version is').fill('Berths and lanterns.');
    await page.getByRole('radio', { name: /^Permissioned/ }).check();
    await page.getByRole('button', { name: 'Publish version 1 of 10 rows' }).click();
    await sign(page);
    await page.getByRole('heading', { name: /^Version 1/ }).waitFor();
    await page.screenshot({ path: `${screenshots}/versions-1280-light.png`, fullPage: true });
    bundle = await download(page, () =>
      page.getByRole('button', { name: 'Download version 1 as Bundle' }).click()
    );
    for (const text of [secret, 'metres deep', rejected]) expect(bundle.buffer.includes(text)).toBe(false);
    // What it is, it says to everybody.
    expect(bundle.buffer.includes('Lanterns of Pelhaven')).toBe(true);
  });

  it('the contributor asks, is granted training and display, and reads', async () => {
    const { page } = contributor;
    await keep(page, bundle);
    await tab(page, 'Access');
    await page.getByText('You cannot use the rows yet').waitFor();
    await page.getByLabel('For which purpose').fill('A model of our harbour');
    // Training alone would not show the rows to anybody.
    await page.getByRole('checkbox', { name: /^Display/ }).check();
    await page.getByRole('button', { name: 'Ask for access' }).click();
    const request = await sign(page);
    expect(request.words).toContain('A model of our harbour');

    await keep(owner.page, request.file);
    await tab(owner.page, /^Access/);
    await owner.page.getByRole('button', { name: 'Grant…' }).click();
    await owner.page.screenshot({ path: `${screenshots}/grant-1280-light.png`, fullPage: true });
    await owner.page.getByRole('button', { name: 'Grant', exact: true }).click();
    const grant = await sign(owner.page);
    expect(grant.words).toContain('Cato Contributor');

    // Somebody else gains nothing by having the grant.
    await keep(stranger.page, bundle);
    await stranger.page.goto(`${inject('siteUrl')}datanets`);
    await stranger.page.getByRole('button', { name: 'Open a file', exact: true }).setInputFiles(grant.file);
    await stranger.page.getByRole('alert').or(stranger.page.getByText('Keeping it:')).first().waitFor();
    if (await stranger.page.getByRole('button', { name: 'Keep it' }).isVisible())
      await stranger.page.getByRole('button', { name: 'Keep it' }).click();

    await keep(page, grant.file);
    await tab(page, 'Rows');
    await page.getByText(secret).first().waitFor();
  });

  it('and trains on it', async () => {
    const { page } = contributor;
    await page.goto(`${inject('siteUrl')}tune`);
    await page.getByRole('button', { name: 'Only choose it' }).click();
    await page.locator('#model').getByText('tabtune-starter').waitFor();
    await page.getByRole('checkbox', { name: /Lanterns of Pelhaven/ }).check();
    await page
      .getByLabel('Length', { exact: true })
      .or(page.getByLabel('Epochs', { exact: true }))
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Start training' }).click();
    await waitForPhase(page, 'Done', longWork);
  });

  it('the third reads what the Datanet is, and not a single row', async () => {
    const { page } = stranger;
    await page.goto(`${inject('siteUrl')}datanets`);
    await page.getByRole('link', { name: 'Lanterns of Pelhaven' }).click();
    await page.getByRole('heading', { name: 'Lanterns of Pelhaven' }).waitFor();
    await tab(page, 'Access');
    await page.getByText('You cannot use the rows yet').waitFor();
    await expectAccessible(page);
    const stored = await storedText(page);
    expect(stored).toContain('Lanterns of Pelhaven');
    for (const text of [secret, 'metres deep', 'lamp keeper']) expect(stored).not.toContain(text);
    // The search would find it, were it there: it is with the one who may read.
    expect(await storedText(owner.page)).toContain(secret);
  });

  it('nothing of all this went through the network', () => {
    for (const { foreign, complaints } of [owner, contributor, stranger]) {
      expect(foreign).toEqual([]);
      expect(complaints).toEqual([]);
    }
  });
});
