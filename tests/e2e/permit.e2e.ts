/** Datanets with rules: what a run may use is said before it starts, and what it may not use is not used. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DatanetRow } from '../../src/lib/datanets/datanet';
import type { Policy } from '../../src/lib/datanets/policy/policy';
import { makeBundle } from '../support/bundle';
import { chooseStarter, expectAccessible, screenshots, visit, type Visit } from './support';

let visited: Visit;
beforeEach(async () => {
  visited = await visit('tune');
  await chooseStarter(visited.page);
});
afterEach(async () => visited.context.close());

const chat = (question: string, answer: string, contributor: string): DatanetRow => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ],
  contributor
});
const rows = [
  chat('Where is the key?', 'Under the mat.', 'Wen'),
  chat('Who has the boat?', 'Tobias has it.', 'Sal')
];

async function bring(name: string, policy: Partial<Policy>, sealed = false): Promise<void> {
  const { page } = visited;
  await page.getByRole('button', { name: 'Choose files', exact: true }).setInputFiles({
    name: `${name}.datanet`,
    mimeType: 'application/octet-stream',
    buffer: await makeBundle(name, rows, policy, sealed)
  });
  await page.getByRole('checkbox', { name: new RegExp(name), checked: true }).waitFor();
}

describe('a Datanet', () => {
  it('that forbids training, or is sealed, is told so, and nothing starts', async () => {
    const { page, complaints } = visited;
    const start = page.getByRole('button', { name: 'Start training' });
    await bring('closed', { training: { rule: 'forbidden' } });
    await page.getByText(/"closed", 2 rows: By the rules of the Datanet, .* is forbidden/).waitFor();
    await page.getByText('Nothing of the chosen data may be trained on: see Data.').waitFor();
    expect(await start.isDisabled()).toBe(true);
    await bring('sealed', {}, true);
    await page.getByText(/"sealed", 2 rows: This version needs a grant of its owner/).waitFor();
    expect(await start.isDisabled()).toBe(true);
    expect(await page.locator('#data li mark').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('is mixed with another, asks what the run is for, and names who is owed a mention', async () => {
    const { page } = visited;
    const start = page.getByRole('button', { name: 'Start training' });
    await bring('tides', {
      training: { rule: 'conditions', purposes: ['research'], attribution: true },
      evaluation: { rule: 'forbidden' }
    });
    await page.getByText('Say under Data what this run is for.').waitFor();
    expect(await start.isDisabled()).toBe(true);
    await page.getByLabel('What this run is for').selectOption('research');
    await page
      .getByText(/To be named where results are shown:\s+Wen of Pelhaven, Sal of Pelhaven\./)
      .waitFor();
    await page.getByText('Row 1 by Wen of Pelhaven').waitFor();
    await page.locator('#data mark', { hasText: 'Under the mat.' }).waitFor();
    await page.getByRole('checkbox', { name: /Pelhaven handbook/ }).check();
    await page.getByLabel('Weight of tides').fill('10');
    await page.getByLabel('Weight of tides').blur();
    // 264 rows of the handbook once, two of the tides ten times.
    await page.getByRole('navigation', { name: 'Steps' }).getByText('284 rows').waitFor();
    await page.getByText('7 contributors').click();
    await page.screenshot({ path: `${screenshots}/permit-1280-light.png`, fullPage: true });
    await expectAccessible(page);

    await page.getByLabel('What this run is for').selectOption('another purpose');
    const refused = page.getByRole('region', { name: 'Rows that are refused' });
    await refused.getByText(/tides: 2 rows\s+not trained on\. .* allowed only for “research”/).waitFor();
    await page.getByRole('navigation', { name: 'Steps' }).getByText('264 rows').waitFor();
    await page.reload();
    await page.getByRole('checkbox', { name: /tides/, checked: true }).waitFor();
    await refused.waitFor();
  });
});
