/** The pages of Datanets in both colour schemes and at both ends of the widths, and by keyboard alone. */
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { chat, create, keep, license, pasteRows, person, publish, sign, tab } from './datanets';
import { expectAccessible, expectNoSidewaysScroll, screenshots, visit, type Visit } from './support';

const people: Visit[] = [];
afterEach(async () => {
  for (const { context } of people.splice(0)) await context.close();
});

const looks = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 360, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' }
] as const;

/** The page as it is now, in every look: readable, within its window, and kept as pictures. */
async function expectGoodLooks(page: Page, name: string): Promise<void> {
  for (const { width, colorScheme } of looks) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${screenshots}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

function expectQuiet(): void {
  for (const { complaints, foreign } of people) {
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
  }
}

const rows = [
  chat('How deep is berth 1?', 'Berth 1 is 3 metres deep at low water.'),
  chat('How deep is berth 2?', 'Berth 2 is 4 metres deep at low water.'),
  chat('Whom do I write to?', 'Write to ada.lovelace@harbour-office.org before noon.'),
  chat('Is this one here twice?', 'Yes, it is here twice.'),
  chat('Is this one here twice?', 'Yes, it is here twice.'),
  JSON.stringify({ text: `A very long word: ${'pelhaven'.repeat(40)}` })
];

describe('in every look', () => {
  it('the list, empty and with Datanets, is accessible and fits', async () => {
    const visited = await visit('datanets', { language: 'en-US@posix' });
    people.push(visited);
    const { page } = visited;
    await page.getByRole('button', { name: 'Open the Pelhaven handbook' }).waitFor();
    await expectGoodLooks(page, 'datanets-empty');
    await page.getByRole('button', { name: 'Open the Pelhaven handbook' }).click();
    await page.waitForURL(/datanets\/view/);
    await page.getByRole('tab', { name: 'About' }).click();
    await page.getByRole('tab', { name: 'Versions' }).click();
    // Back leads to the tab before, from another page as well.
    await page.getByRole('link', { name: 'All Datanets' }).click();
    await page.waitForURL(/datanets$/);
    await page.goBack();
    await page.getByRole('tab', { name: 'Versions', selected: true }).waitFor();
    await page.goBack();
    await page.getByRole('tab', { name: 'About', selected: true }).waitFor();
    await page.goto(`${inject('siteUrl')}datanets`);
    await create(page, `Harbour rules, and one name that is long enough to break: ${'x'.repeat(60)}`);
    await page.getByRole('link', { name: 'All Datanets' }).click();
    await page.getByRole('list', { name: 'Datanets in this browser' }).getByRole('listitem').nth(1).waitFor();
    await expectGoodLooks(page, 'datanets-list');
    expectQuiet();
  });

  it('each tab of a Datanet of one’s own is accessible and fits', async () => {
    const visited = await person('Olga Owner');
    people.push(visited);
    const { page } = visited;
    await create(page, 'Harbour rules');
    await expectGoodLooks(page, 'datanet-rows-empty');
    await pasteRows(page, rows);
    await page.getByRole('button', { name: 'Back to the rows' }).click();
    const first = page.getByRole('grid', { name: 'Rows' }).getByText('How deep is berth 1?');
    await first.waitFor();
    await page.getByRole('button', { name: 'Filters' }).click();
    await expectGoodLooks(page, 'datanet-rows');
    await first.click();
    await page.getByRole('button', { name: 'Change', exact: true }).waitFor();
    await expectGoodLooks(page, 'datanet-row');
    await page.keyboard.press('Escape');
    for (const way of ['Write a row', 'Split']) {
      await page.getByRole('link', { name: way, exact: true }).click();
      await page.getByRole('heading', { name: /^(Write a row|Split the rows)/ }).waitFor();
      await expectGoodLooks(page, way === 'Split' ? 'datanet-split' : 'datanet-write');
    }
    await license(page);
    await expectGoodLooks(page, 'datanet-about');
    await tab(page, 'Checks');
    await page.getByRole('button', { name: 'Check the rows' }).click();
    await page.getByRole('button', { name: 'Check again' }).waitFor();
    await page.getByText('The same twice').first().waitFor();
    await expectGoodLooks(page, 'datanet-checks');
    expectQuiet();
  });

  it('the tabs of those who exchange with one another are accessible and fit', async () => {
    const [owner, other] = [await person('Olga Owner'), await person('Cato Contributor')];
    people.push(owner, other);
    await create(owner.page, 'Harbour rules');
    await pasteRows(owner.page, rows.slice(0, 2));
    await license(owner.page);
    await publish(owner.page, 'The first two rows.', true);
    await owner.page.getByRole('heading', { name: /^Version 1/ }).waitFor();
    await expectGoodLooks(owner.page, 'datanet-versions');
    await tab(owner.page, 'Access');
    await owner.page.getByRole('heading', { name: 'Who may read now' }).waitFor();
    await expectGoodLooks(owner.page, 'datanet-access');
    await tab(owner.page, /^Proposals/);
    await owner.page.getByRole('button', { name: 'Make an invitation' }).click();
    const invitation = await sign(owner.page);
    await owner.page.getByRole('list', { name: 'Invitations' }).waitFor();
    await expectGoodLooks(owner.page, 'datanet-proposals');
    await keep(other.page, invitation.file);
    await tab(other.page, 'Rows');
    await pasteRows(other.page, rows.slice(2, 4));
    await tab(other.page, 'Hand in');
    await other.page.getByLabel('Where the rows come from').waitFor();
    await expectGoodLooks(other.page, 'datanet-hand-in');
    await tab(other.page, 'About');
    await other.page.getByText('Olga Owner').first().waitFor();
    await expectGoodLooks(other.page, 'datanet-about-others');
    expectQuiet();
  });
});

/** What has the focus: its name, and whether it shows that it has it. */
function focused(page: Page): Promise<{ name: string; visible: boolean }> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return { name: '', visible: true };
    const labelled = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
    const labels = labelled ? [...(element.labels ?? [])] : [];
    const shown = [element, ...labels, element.closest('.drop')?.querySelector('label')].some(
      (each) => each && getComputedStyle(each).boxShadow !== 'none'
    );
    const name =
      element.getAttribute('aria-label') ??
      labels.map((label) => label.textContent).join(' ') ??
      element.textContent;
    return { name: (name || element.textContent || '').replace(/\s+/g, ' ').trim(), visible: shown };
  });
}

/** Tabs until what is called `name` has the focus. Whatever is passed must show its focus as well. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const passed: string[] = [];
  for (let press = 0; press < 90; press += 1) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    expect(now.visible, `"${now.name}" has the focus and does not show it`).toBe(true);
    if (typeof name === 'string' ? now.name === name : name.test(now.name)) return;
    passed.push(now.name);
  }
  throw new Error(`The keyboard does not reach ${String(name)}: it passed ${passed.join(' | ')}`);
}

/** To a tab of the Datanet: to the one that is chosen, and on with the arrow keys. */
async function openTab(page: Page, name: string): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await tabTo(page, /^(Rows|About|Checks|Proposals|Access|Versions)/);
  for (let press = 0; press < 6; press += 1) {
    if ((await focused(page)).name.startsWith(name)) return;
    await page.keyboard.press('ArrowRight');
    expect((await focused(page)).visible).toBe(true);
  }
  throw new Error(`The arrow keys do not reach the tab ${name}.`);
}

it('a Datanet is made, filled, searched, corrected and published with the keyboard alone', async () => {
  const visited = await person('Olga Owner');
  people.push(visited);
  const { page } = visited;
  const type = (text: string) => page.keyboard.type(text);
  const press = (key: string) => page.keyboard.press(key);

  await page.goto(`${inject('siteUrl')}datanets`);
  await page.getByText('Olga Owner', { exact: true }).waitFor();
  await tabTo(page, 'Name of the new Datanet');
  await type('Lamps of Pelhaven');
  await press('Enter');
  await page.getByRole('heading', { name: 'Lamps of Pelhaven' }).waitFor();

  await tabTo(page, 'Write a row');
  await press('Enter');
  await page.getByRole('heading', { name: 'Write a row' }).waitFor();
  for (const [question, answer] of [
    ['Who trims the lamps?', 'The lamp keeper trims them.'],
    ['Who lights the lamps?', 'Nobody knows.']
  ]) {
    await tabTo(page, 'Words of turn 1');
    await type(question);
    await tabTo(page, 'Words of turn 2');
    await type(answer);
    await tabTo(page, 'Add this row');
    await press('Enter');
    await page
      .getByRole('status')
      .getByText(/^[12] rows? added/)
      .waitFor();
    // The next row begins where the hands are.
    await page.waitForFunction(
      () => document.activeElement?.getAttribute('aria-label') === 'Words of turn 1'
    );
    await press('Shift+Tab');
  }
  await page.getByText('2 rows added.').waitFor();

  await openTab(page, 'Rows');
  await tabTo(page, 'Back to the rows');
  await press('Enter');
  await tabTo(page, 'Search the rows');
  await type('lights');
  await page.getByText('1 row found').waitFor();
  await tabTo(page, 'Rows');
  await press('ArrowDown');
  await page.getByRole('heading', { name: 'Row 1 of 1' }).waitFor();
  await tabTo(page, 'Change');
  await press('Enter');
  await tabTo(page, 'Words of turn 2');
  await press('Control+A');
  await type('The harbour master lights them at dusk.');
  await tabTo(page, 'Save');
  await press('Enter');
  await page.getByRole('region', { name: 'Row 1 of 1' }).getByText('at dusk').waitFor();

  await openTab(page, 'About');
  await tabTo(page, 'Licence');
  await type('CC-BY-4.0');
  await tabTo(page, 'Save');
  await press('Enter');
  await page.getByText('Saved.').waitFor();

  await openTab(page, 'Versions');
  await tabTo(page, 'What this first version is');
  await type('Two rows about lamps.');
  await tabTo(page, /^Publish version 1 of 2 rows/);
  await press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('region', { name: 'What is signed' }).waitFor();
  await tabTo(page, 'Sign');
  await press('Enter');
  await dialog.getByRole('button', { name: 'Download the file' }).waitFor();
  await tabTo(page, 'Done');
  await press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: /^Version 1/ }).waitFor();
  expectQuiet();
});
