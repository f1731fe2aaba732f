/** A Datanet of twenty thousand rows: brought, searched, scrolled and tagged while the page stays as quick as ever. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chat, create, person } from './datanets';
import { expectAccessible, screenshots, longestTask, type Visit } from './support';

const count = 20_000;
const planted = 13_579;
const needle = 'the heron on the third bollard';
/** What one task of the page's own thread may take, in milliseconds. */
const bound = 100;

const lines = Array.from({ length: count }, (_, i) => {
  const answer = i === planted ? `Ask ${needle}.` : `Box ${i} holds ${i % 97} lamps and ${i % 89} ropes.`;
  const row = JSON.parse(chat(`What is in box ${i}?`, answer)) as object;
  return JSON.stringify({ ...row, source: i % 2 ? 'ledger' : 'letter', tags: i % 4 ? [] : ['quarter'] });
});

let visited: Visit;
let page: Page;
let folder: string;
let failed = false;
beforeAll(async () => {
  // From a disk, as people's files are: what a test hands over in memory, the page's own thread would unpack.
  folder = await mkdtemp(join(tmpdir(), 'tabtune-'));
  await writeFile(join(folder, 'boxes.jsonl'), lines.join('\n'));
  visited = await person('Olga Owner');
  page = visited.page;
  await create(page, 'Boxes');
});
beforeEach((step) => step.skip(failed, 'an earlier step failed'));
afterEach((step) => {
  failed ||= step.task.result?.state === 'fail';
});
afterAll(async () => {
  await visited.context.close();
  await rm(folder, { recursive: true });
});

/** Does something, and fails where the page's own thread was away for too long meanwhile. */
async function expectSmooth(what: string, work: () => Promise<void>): Promise<void> {
  const longest = await longestTask(page, work);
  expect(longest, `longest task of the page while ${what}, in milliseconds`).toBeLessThan(bound);
}

const list = () => page.getByRole('grid', { name: 'Rows' });
const status = () => page.locator('.status').getByRole('status');

/** Scrolls the list to a share of its height, as a hand on the scroll bar does. */
async function scrollTo(share: number): Promise<void> {
  await list().evaluate((box, to) => (box.scrollTop = (box.scrollHeight - box.clientHeight) * to), share);
}

/** Numbers of the rows in sight, each with its words. */
async function rowsInSight(): Promise<{ index: number; words: string }[]> {
  return list().evaluate((box) => {
    const frame = box.getBoundingClientRect();
    return [...box.querySelectorAll('[role=row]')]
      .filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return bottom > frame.top && top < frame.bottom;
      })
      .map((row) => ({
        index: Number(row.getAttribute('aria-rowindex')) - 1,
        words: row.querySelector('.first')?.textContent ?? ''
      }));
  });
}

/** Every row in sight is there, and is the one that belongs in its place. */
async function expectRowsInSight(first: number, last: number): Promise<void> {
  await expect
    .poll(
      async () => {
        const shown = await rowsInSight();
        return (
          shown.length > 3 &&
          shown.every(
            ({ index, words }) => words === `What is in box ${index}?` && index >= first && index <= last
          )
        );
      },
      { interval: 20, timeout: 10_000 }
    )
    .toBe(true);
}

it('would be noticed if they kept the page from answering', async () => {
  const away = () =>
    page.evaluate(() => {
      const end = performance.now() + 500;
      while (performance.now() < end);
    });
  expect(await longestTask(page, away)).toBeGreaterThan(bound);
});

describe('twenty thousand rows', () => {
  it('are imported while the page answers', async () => {
    await expectSmooth('importing', async () => {
      await page
        .getByRole('button', { name: 'Choose files', exact: true })
        .setInputFiles(join(folder, 'boxes.jsonl'));
      await page.getByText('The first rows', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByText('boxes.jsonl: 20,000 rows added.').waitFor();
    });
    await page.getByRole('button', { name: 'Back to the rows' }).click();
    expect(await list().getAttribute('aria-rowcount')).toBe(String(count));
  });

  it('are scrolled to the middle and to the end, with few of them in the document', async () => {
    await expectRowsInSight(0, 50);
    await expectSmooth('scrolling', async () => {
      await scrollTo(0.5);
      await expectRowsInSight(count / 2 - 50, count / 2 + 50);
      await scrollTo(1);
      await expectRowsInSight(count - 50, count - 1);
      for (let at = 0; at <= 1; at += 0.05) {
        await scrollTo(at);
        await page.waitForTimeout(16);
      }
      await scrollTo(0);
      await expectRowsInSight(0, 50);
    });
    expect(await list().getByRole('row').count()).toBeLessThan(100);
    await list().focus();
    await page.keyboard.press('End');
    await page.getByRole('heading', { name: 'Row 20000 of 20000' }).waitFor();
    await page.getByText('Box 19999 holds').first().waitFor();
    await page.screenshot({ path: `${screenshots}/datanet-large-1280-light.png` });
    await expectAccessible(page);
  });

  it('are searched and filtered', async () => {
    await expectSmooth('searching', async () => {
      await page.getByLabel('Search the rows').fill(needle.toUpperCase());
      await status().getByText('1 row found').waitFor();
      await list().getByText(`What is in box ${planted}?`).waitFor();
      await page.getByLabel('Search the rows').fill('ledger');
      await status().getByText('10,000 rows found').waitFor();
      await page.getByRole('button', { name: 'Filters' }).click();
      await page.getByLabel('Search the rows').fill('');
      await page.getByLabel('Tag', { exact: true }).selectOption('quarter');
      await status().getByText('5,000 rows found').waitFor();
    });
    await page.getByLabel('Order').selectOption('length');
    await page.getByLabel('At least so many characters').fill('5000');
    await page.getByText('No row is like that.').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await status().getByText('20,000 rows').waitFor();
  });

  it('are tagged and removed by the thousand', async () => {
    await page.getByLabel('Search the rows').fill('ledger');
    await status().getByText('10,000 rows found').waitFor();
    await expectSmooth('tagging', async () => {
      await page.getByRole('button', { name: 'Select all' }).click();
      const bulk = page.getByRole('group', { name: 'With the selected rows' });
      await bulk.getByText('10,000 rows selected').waitFor();
      await bulk.getByLabel('Tags, between commas').fill('from the ledger');
      await bulk.getByRole('button', { name: 'Add tag' }).click();
      await list().getByText('from the ledger').first().waitFor();
    });
    await page.getByLabel('Search the rows').fill('');
    await page.getByLabel('Tag', { exact: true }).selectOption('from the ledger');
    await status().getByText('10,000 rows found').waitFor();
    await page.getByRole('button', { name: 'Remove 10,000 rows' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await status().getByText('10,000 rows', { exact: true }).waitFor();
    await list().getByText('What is in box 0?', { exact: true }).waitFor();
    await page.reload();
    await status().getByText('10,000 rows', { exact: true }).waitFor();
    expect(visited.complaints).toEqual([]);
    expect(visited.foreign).toEqual([]);
  });
});
