/** Who taught the model: in the chat, over the whole run, and before any run, in the real browser on the starter. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
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

interface HeldOutRow {
  messages: { content: string }[];
  /** Words that only a model that learned the fact says. */
  key: string;
  contributor: string;
}

const looks = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 360, colorScheme: 'dark' },
  { width: 360, colorScheme: 'light' }
] as const;

let visited: Visit;
let page: Page;
let heldOut: HeldOutRow[];
let section: Locator;
let panel: Locator;

beforeAll(async () => {
  const text = await readFile('tools/starter/datanet/held-out.jsonl', 'utf8');
  heldOut = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as HeldOutRow);
  visited = await visit('');
  page = visited.page;
  section = page.locator('#attribution');
  panel = page.locator('#chat').getByRole('region', { name: 'Where this came from' });
});
afterAll(async () => visited.context.close());

/** Shows a part of the page in every look, and fails where one of them does not keep to what every page must. */
async function look(part: Locator, name: string): Promise<void> {
  for (const { width, colorScheme } of looks) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await expectNoSidewaysScroll(page);
    await part.screenshot({ path: `${screenshots}/${name}-${width}-${colorScheme}.png` });
    if (width === 1280) await expectAccessible(page);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** What a part of the page says, without the line breaks of its source. */
async function wordsOf(part: Locator): Promise<string> {
  return (await part.innerText()).replace(/\s+/g, ' ');
}

/** Waits until something appears; fails at once with what the page reports instead. */
async function appears(what: Locator, within: Locator): Promise<void> {
  const alert = within.getByRole('alert').first();
  await what.or(alert).first().waitFor({ timeout: longWork });
  if (await alert.isVisible()) throw new Error(`The page reports: ${await alert.textContent()}`);
}

/** Another thing that the same person taught. */
function taughtLike(row: HeldOutRow, other: HeldOutRow): boolean {
  return row.contributor === other.contributor && row.key !== other.key;
}

/** Asks suggested questions until the tuned model knows an answer, and gives the row that says who taught it. */
async function askUntilKnown(): Promise<HeldOutRow> {
  const chat = page.locator('#chat');
  const suggestions = chat.getByRole('group', { name: 'Questions to try' }).getByRole('button');
  for (const question of await suggestions.allTextContents()) {
    await chat.getByRole('button', { name: question.trim(), exact: true }).click();
    await chat.getByRole('button', { name: 'Ask', exact: true }).waitFor();
    const answer = await chat.getByRole('region', { name: 'Tuned' }).locator('p.assistant').textContent();
    const row = heldOut.find(({ messages }) => messages[0].content === question.trim());
    if (row && answer?.includes(row.key)) return row;
    await chat.getByRole('button', { name: 'Begin a new conversation' }).click();
  }
  throw new Error('The tuned model knows no answer to the suggested questions.');
}

describe('attribution, by clicking', () => {
  it('trains the starter from one click', async () => {
    await page.evaluate(() => localStorage.setItem('tabtune.changed parameters', '{"maxSteps":48}'));
    await page.getByRole('link', { name: 'Fine-tune the starter model' }).click();
    await waitForPhase(page, 'Done', longWork);
  });

  it('tells under an answer who taught it, and marks the words that stand in their rows', async () => {
    const { contributor, key } = await askUntilKnown();
    const button = page.getByRole('button', { name: 'Where this came from' });
    await button.focus();
    await page.keyboard.press('Enter');
    await appears(panel.getByRole('list', { name: 'Contributors to this answer' }), panel);
    const people = panel.getByRole('list', { name: 'Contributors to this answer' }).getByRole('listitem');
    expect(await people.first().textContent()).toContain(contributor);
    const rows = panel.getByRole('list', { name: 'Rows that did most' }).getByRole('listitem');
    expect(await rows.first().textContent()).toContain(contributor);
    expect(await rows.first().textContent()).toContain(key);
    expect(await rows.first().locator('mark').count()).toBeGreaterThan(0);
    expect(await wordsOf(panel)).toMatch(/264 rows compared in .* at 3 moments of the run/);

    // By keyboard alone: the panel was given the focus, the marked words follow, and their rows answer.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    const span = panel.locator('[aria-pressed]').first();
    expect(await span.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    expect(await span.getAttribute('aria-pressed')).toBe('true');
    expect(await panel.getByText('has these words').count()).toBeGreaterThan(0);
    await panel.getByText(/These words stand in \d+ rows?/).waitFor();
    await look(panel, 'answer-sources');
    await panel.getByRole('button', { name: 'Close' }).focus();
    await page.keyboard.press('Enter');
    await panel.waitFor({ state: 'detached' });
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it('measures whose rows made the model, can be stopped, and shows how sure that is', async () => {
    await section.getByRole('button', { name: 'Measure', exact: true }).click();
    await section.getByRole('progressbar').waitFor();
    await section.getByRole('button', { name: 'Stop' }).click();
    await section.getByRole('button', { name: 'Measure', exact: true }).click();
    await appears(section.getByRole('heading', { name: 'Shares' }), section);
    const table = section.getByRole('region', { name: 'Shares as a table' });
    const shares = (await table.locator('td strong').allTextContents()).map((text) => parseFloat(text));
    expect(shares.length).toBe(new Set(heldOut.map(({ contributor }) => contributor)).size);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(100, 0);
    // Everybody taught something that is asked for: nobody goes without.
    expect(Math.min(...shares)).toBeGreaterThan(1);
    expect(await section.getByRole('img', { name: /^Shares by / }).count()).toBe(4);
    const words = await wordsOf(section);
    expect(words).toContain('in nine of ten draws of other questions');
    expect(words).toContain(
      '14 trainings: 1 with everybody, 5 without somebody, 8 on halves, together about'
    );
    await look(section, 'who-made-this');
  });

  it('tells before a run what the data would add to answers that one would like', async () => {
    const data = page.locator('#data');
    await data.getByText('What it would add').click();
    await data.getByText('Paste lines').click();
    // Two questions whose answers one person taught.
    const asked = [heldOut[0], heldOut.find((row) => taughtLike(row, heldOut[0]))!];
    const lines = asked.map(({ messages }) => messages.map(({ content }) => content).join('\t'));
    await data.getByLabel('Each line: question, tab, wanted answer').fill(lines.join('\n'));
    await data.getByRole('button', { name: 'Take these lines' }).click();
    await data.getByLabel('Steps of a trial').fill('4');
    await data.getByLabel('Steps of a trial').blur();
    await data.getByRole('button', { name: 'Find out' }).click();
    const result = data.getByRole('region', { name: 'What the data would add' });
    await appears(result, data);
    expect(await wordsOf(result)).toContain('A trial of 4 steps brought the loss on your answers from');
    const [before, after] = (await result.locator('p').first().locator('strong').allTextContents()).map(
      Number
    );
    expect(after).toBeLessThan(before);
    const people = result.getByRole('list', { name: 'Contributors to your answers' }).getByRole('listitem');
    expect(await people.first().textContent()).toContain(asked[0].contributor);
    await look(data, 'what-it-would-add');
  });

  it('finds all of it again after a reload', async () => {
    await section.getByLabel('Models on halves').fill('5');
    await section.getByLabel('Models on halves').blur();
    const before = await section.getByRole('region', { name: 'Shares as a table' }).textContent();
    await page.reload();
    await appears(section.getByRole('heading', { name: 'Shares' }), section);
    expect(await section.getByRole('region', { name: 'Shares as a table' }).textContent()).toBe(before);
    expect(await section.getByLabel('Models on halves').inputValue()).toBe('5');
    await page.locator('#data').getByText('What it would add').click();
    expect(await page.getByLabel('Question 1', { exact: true }).inputValue()).toBe(
      heldOut[0].messages[0].content
    );
    expect(await page.getByLabel('Steps of a trial').inputValue()).toBe('4');
  });

  it('asks nobody else for anything, and complains about nothing', () => {
    expect(visited.foreign).toEqual([]);
    expect(visited.complaints).toEqual([]);
  });
});
