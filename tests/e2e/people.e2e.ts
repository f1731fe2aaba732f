/**
 * Three people with a browser each, and nothing between them but files: one makes a Datanet, another hands rows in, the
 * first approves, publishes under permission and grants, the second trains; a third has the bundle and no grant.
 */
import { readFile } from 'node:fs/promises';
import type { Download, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { expectAccessible, screenshots, visit, waitForPhase, type Visit } from './support';

interface Received {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** What only the contributor's rows say, and what only the owner's do. */
const secret = 'The seventh lantern of Pelhaven burns blue';
const rejected = 'nobody knows why at all';

const chat = (question: string, answer: string) =>
  JSON.stringify({
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content: answer }
    ]
  });

const ownerRows = Array.from({ length: 8 }, (_, i) =>
  chat(`How deep is berth ${i + 1}?`, `Berth ${i + 1} is ${i + 3} metres deep at low water.`)
);
const contributedRows = [
  chat('Which lantern burns blue?', `${secret} on feast days.`),
  chat('Who trims the lanterns?', 'The lamp keeper trims them every Thursday before dusk.'),
  chat('Why is the moon wet?', `It is wet, ${rejected}.`)
];

async function person(name: string): Promise<Visit> {
  const visited = await visit('datanets');
  const { page } = visited;
  const field = page.getByLabel('Your name');
  await field
    .or(page.getByRole('button', { name: 'Rename' }))
    .first()
    .waitFor();
  if (!(await field.isVisible())) await page.getByRole('button', { name: 'Rename' }).click();
  await field.fill(name);
  await page.getByRole('button', { name: 'Use it' }).click();
  await page.getByText(name, { exact: true }).waitFor();
  return visited;
}

const asFile = async (download: Download): Promise<Received> => ({
  name: download.suggestedFilename(),
  mimeType: 'application/octet-stream',
  buffer: await readFile(await download.path())
});

async function download(page: Page, press: () => Promise<void>): Promise<Received> {
  const [file] = await Promise.all([page.waitForEvent('download'), press()]);
  return asFile(file);
}

/** Signs what the open dialog shows, and takes the file. The words are what the person read. */
async function sign(page: Page): Promise<{ words: string; file: Received }> {
  const dialog = page.getByRole('dialog');
  const asked = dialog.getByRole('region', { name: 'What is signed' });
  const refused = dialog.getByRole('alert');
  await asked.or(refused).first().waitFor();
  if (await refused.isVisible()) throw new Error(`The page reports: ${await refused.textContent()}`);
  const words = (await dialog.textContent()) ?? '';
  await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
  const file = await download(page, () => dialog.getByRole('button', { name: 'Download the file' }).click());
  await dialog.getByRole('button', { name: 'Done' }).click();
  await dialog.waitFor({ state: 'detached' });
  return { words, file };
}

/** Opens a file as anybody would, reads what it says, and keeps it. */
async function keep(page: Page, file: Received): Promise<string> {
  await page.goto(`${inject('siteUrl')}datanets`);
  await page.getByRole('button', { name: 'Open a file', exact: true }).setInputFiles(file);
  const words = page.getByRole('region', { name: 'What it says' });
  await words.or(page.getByRole('alert')).first().waitFor();
  const said = (await words.or(page.getByRole('alert')).first().textContent()) ?? '';
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.waitForURL(/datanets\/view/);
  return said;
}

const tab = (page: Page, name: string | RegExp) => page.getByRole('tab', { name }).click();

async function pasteRows(page: Page, rows: string[]): Promise<void> {
  await page.getByText('Paste text or rows').click();
  await page.getByLabel('Text or rows').fill(rows.join('\n'));
  await page.getByRole('button', { name: 'Look at it' }).click();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText(`${rows.length} rows`).first().waitFor();
}

/** Everything that this browser stores for the site, as one text: strings, bytes and files alike. */
async function storedText(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const parts: string[] = [JSON.stringify({ ...localStorage })];
    const walk = async (value: unknown, depth: number): Promise<void> => {
      if (typeof value === 'string') parts.push(value);
      else if (value instanceof Blob) parts.push(new TextDecoder('latin1').decode(await value.arrayBuffer()));
      else if (value instanceof ArrayBuffer) parts.push(new TextDecoder('latin1').decode(value));
      else if (ArrayBuffer.isView(value)) {
        parts.push(
          new TextDecoder('latin1').decode(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
        );
      } else if (typeof value === 'object' && value !== null && depth < 12) {
        for (const each of Object.values(value)) await walk(each, depth + 1);
      }
    };
    for (const { name } of await indexedDB.databases()) {
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name!);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error!);
      });
      for (const store of db.objectStoreNames) {
        const values = await new Promise<unknown[]>((resolve, reject) => {
          const request = db.transaction(store).objectStore(store).getAll();
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error!);
        });
        await walk(values, 0);
      }
      db.close();
    }
    return parts.join('\n');
  });
}

describe('three people and a Datanet', () => {
  let [owner, contributor, stranger]: Visit[] = [];
  let [invitation, contribution, bundle]: Received[] = [];
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
    await page.getByText('You cannot read the rows yet').waitFor();
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
    await waitForPhase(page, 'Done', 240_000);
  });

  it('the third reads what the Datanet is, and not a single row', async () => {
    const { page } = stranger;
    await page.goto(`${inject('siteUrl')}datanets`);
    await page.getByRole('link', { name: 'Lanterns of Pelhaven' }).click();
    await page.getByRole('heading', { name: 'Lanterns of Pelhaven' }).waitFor();
    await tab(page, 'Access');
    await page.getByText('You cannot read the rows yet').waitFor();
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
