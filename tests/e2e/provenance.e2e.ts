/** An adapter that carries who made it: signed where it was trained, checked where it is received, told where it was tampered with. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  longWork,
  screenshots,
  visit,
  waitForPhase,
  type Visit
} from './support';

type Files = Record<string, Uint8Array>;

const looks = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 360, colorScheme: 'light' }
] as const;

let ada: Visit;
let bo: Visit;
let files: Files;

beforeAll(async () => {
  await mkdir('test-results/provenance', { recursive: true });
  ada = await visit('');
});
afterAll(async () => {
  await ada.context.close();
  await bo?.context.close();
});

const section = (page: Page) => page.locator('#export');
const panel = (page: Page) => section(page).getByRole('group', { name: /^Where .* comes from$/ });
const part = (page: Page, name: string) => panel(page).getByRole('region', { name, exact: true });

/** Looks at the panel in every look; fails where one of them does not keep to what every page must. */
async function look(page: Page, name: string): Promise<void> {
  for (const { width, colorScheme } of looks) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await expectNoSidewaysScroll(page);
    await panel(page).screenshot({ path: `${screenshots}/${name}-${width}-${colorScheme}.png` });
    if (width === 1280) await expectAccessible(page);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** Signs what a button asks for, after its words were read; gives the words. */
async function sign(page: Page, button: string): Promise<string> {
  await panel(page).getByRole('button', { name: button, exact: true }).click();
  const dialog = page.getByRole('dialog');
  const words = await dialog.getByRole('region', { name: 'What is signed' }).textContent();
  await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
  await dialog.getByRole('heading', { name: /is signed$/ }).waitFor();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await dialog.waitFor({ state: 'detached' });
  return words ?? '';
}

async function choose(page: Page, name: string, content: Files): Promise<void> {
  const path = `test-results/provenance/${name}.zip`;
  await writeFile(path, zipSync(content, { level: 0 }));
  await section(page).locator('input[type=file]').setInputFiles(path);
}

async function bring(page: Page, name: string, content: Files): Promise<void> {
  await choose(page, name, content);
  await panel(page)
    .and(page.getByRole('group', { name: `Where ${name} comes from` }))
    .waitFor();
}

describe('where an adapter comes from, by clicking', () => {
  it('is signed by whoever trained it, in words that were read first', async () => {
    const { page } = ada;
    await page.evaluate(() => localStorage.setItem('tabtune.changed parameters', '{"maxSteps":16}'));
    await page.getByRole('link', { name: 'Fine-tune the starter model' }).click();
    await waitForPhase(page, 'Done', longWork);
    await section(page)
      .getByRole('button', { name: /^Where it comes from: / })
      .click();
    await panel(page).getByText('You can: it was made in this browser.').waitFor();
    expect(await panel(page).getByRole('button', { name: 'Sign how it was made' }).isDisabled()).toBe(true);
    await panel(page).getByLabel('Your name').fill('Ada');
    await panel(page).getByRole('button', { name: 'Use it' }).click();
    await panel(page).getByText('Measure first, under “Who made this”').waitFor();
    await look(page, 'provenance-unsigned');
    const words = await sign(page, 'Sign how it was made');
    expect(words).toContain('The Pelhaven handbook');
    expect(words).toMatch(/16 steps, with these options/);
    const made = part(page, 'How it was made');
    await made.getByRole('definition').filter({ hasText: 'tabtune-starter' }).waitFor();
    expect(await made.textContent()).toMatch(/Nothing fails|Every check holds/);
    expect(await made.textContent()).toMatch(/version 1, CC0-1\.0: 264 rows/);
  });

  it('can be repeated on the same device, bit for bit', async () => {
    const { page } = ada;
    await panel(page).getByRole('button', { name: 'Repeat the run to check' }).click();
    await panel(page).getByRole('progressbar').waitFor();
    const repeated = part(page, 'The run, repeated');
    await repeated.waitFor({ timeout: longWork });
    expect(await repeated.textContent()).toMatch(/The adapter:\s*Equal, bit for bit/);
    await look(page, 'provenance-repeated');
  });

  it('says whose rows made it, once that was measured', async () => {
    const { page } = ada;
    await page.locator('#attribution').getByRole('button', { name: 'Measure', exact: true }).click();
    await page.locator('#attribution').getByRole('heading', { name: 'Shares' }).waitFor({ timeout: 500_000 });
    const words = await sign(page, 'Sign who made it');
    expect(words).toContain('Ines Marrow');
    const people = part(page, 'Who made it').getByRole('listitem').filter({ hasText: ' % to ' });
    await people.nth(4).waitFor();
    expect(await people.count()).toBe(5);
    await look(page, 'provenance-signed');
    // Gradients of all rows at three moments: minutes on a processor with other work.
  }, 560_000);

  it('goes with the adapter, beside a model card', async () => {
    const { page } = ada;
    const download = page.waitForEvent('download');
    await section(page)
      .getByRole('button', { name: /^Download / })
      .click();
    files = unzipSync(new Uint8Array(await readFile(await (await download).path())));
    expect(Object.keys(files)).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors', 'run.json', 'README.md'],
      ...['claims/run-manifest.json', 'claims/attribution-receipt.json']
    ]);
    const card = strFromU8(files['README.md']);
    expect(card).toMatch(/^---\nbase_model: "tabtune-starter"\nlibrary_name: "peft"\n/);
    expect(card).toMatch(/\| Ines Marrow \| [\d.]+ % \| [\d.]+ % to [\d.]+ % \| 59 \|/);
  });

  it('is seen and checked by whoever receives it', async () => {
    bo = await visit('tune');
    const { page } = bo;
    await bring(page, 'Pelhaven', files);
    const made = part(page, 'How it was made');
    await made.waitFor();
    for (const name of ['How it was made', 'Who made it']) {
      const text = await part(page, name).textContent();
      expect(text).toContain('Ada');
      expect(text).toMatch(/Nothing fails|Every check holds/);
      expect(text).not.toMatch(/\d checks? fails?/);
    }
    await made.locator('summary').first().click();
    const checks = made.getByRole('list', { name: 'Checks of how it was made' });
    expect(
      await checks
        .getByRole('listitem')
        .filter({ hasText: /^\s*signature Holds/ })
        .count()
    ).toBe(1);
    expect(
      await checks
        .getByRole('listitem')
        .filter({ hasText: /^\s*adapter Holds/ })
        .count()
    ).toBe(1);
    await panel(page).getByText('Model card').first().click();
    const card = panel(page).getByRole('region', { name: 'Model card' });
    await card.getByRole('heading', { name: 'Who made it' }).waitFor();
    expect(await card.textContent()).not.toContain('library_name');
    // What is not one's own cannot be signed, nor who made it.
    expect(
      await panel(page)
        .getByRole('button', { name: /^Sign / })
        .count()
    ).toBe(0);
    await look(page, 'provenance-received');
  });

  it('is refused where its weights were exchanged', async () => {
    const { page } = bo;
    const weights = files['adapter_model.safetensors'].slice();
    weights[weights.length - 1] ^= 1;
    await choose(page, 'Other weights', { ...files, 'adapter_model.safetensors': weights });
    await section(page)
      .getByRole('alert')
      .filter({
        hasText: /The weights in Other weights\.zip are not those that run\.json beside them is about/
      })
      .waitFor();
    const { 'run.json': _, ...unrecorded } = files;
    await choose(page, 'Other weights', { ...unrecorded, 'adapter_model.safetensors': weights });
    await section(page)
      .getByRole('alert')
      .filter({ hasText: /are not those that claims\/run-manifest\.json beside them is about/ })
      .waitFor();
  });

  it('tells where claims were tampered with, and keeps the adapter', async () => {
    const { page } = bo;
    const forged = strFromU8(files['claims/run-manifest.json']).replace('"steps":16', '"steps":99');
    await bring(page, 'Other words', {
      ...files,
      'claims/run-manifest.json': strToU8(forged),
      'claims/attribution-receipt.json': strToU8('{ "not": "a claim" }')
    });
    const made = part(page, 'How it was made');
    await made.getByRole('definition').filter({ hasText: '99 steps, seed' }).waitFor();
    const signature = made.getByRole('listitem').filter({ hasText: /^\s*signature Fails/ });
    expect(await signature.textContent()).toContain('something in it was changed after it was signed');
    expect(await part(page, 'claims/attribution-receipt.json').textContent()).toMatch(/\d checks? fails?/);
    await look(page, 'provenance-tampered');
    expect(
      await section(page)
        .getByRole('button', { name: /^Download / })
        .count()
    ).toBe(2);
  });

  it('asks nobody else for anything, and complains about nothing', () => {
    expect([...ada.foreign, ...bo.foreign]).toEqual([]);
    expect([...ada.complaints, ...bo.complaints]).toEqual([]);
  });
});
