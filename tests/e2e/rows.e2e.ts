/** Rows as people bring them: broken, long, pasted; kept over a reload. */
import { afterEach, describe, expect, it } from 'vitest';
import { chooseStarter, firstStarterRow, screenshots, visit, type Visit } from './support';

let visited: Visit;
afterEach(async () => visited.context.close());

const chat = (question: string, answer: string) =>
  JSON.stringify({
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content: answer }
    ]
  });

describe('rows', () => {
  it('with broken lines are listed by line and reason, and the rest is kept', async () => {
    visited = await visit('tune');
    const { page } = visited;
    const lines = [
      chat('Where is the key?', 'Under the mat.'),
      '{"messages": [{"role": "user", "content": "no end',
      chat('Who has the boat?', 'Ines has it.'),
      '{"unknown": true}',
      chat('When is high water?', 'At noon.')
    ];
    await page.getByRole('button', { name: 'Choose files', exact: true }).setInputFiles({
      name: 'handbook.jsonl',
      mimeType: 'application/jsonl',
      buffer: Buffer.from(lines.join('\n'))
    });
    await page.getByRole('radio', { name: /handbook\.jsonl/ }).waitFor();
    await page.getByText('3 rows', { exact: false }).first().waitFor();
    await page.getByText('2 lines left out').waitFor();
    const table = page.getByRole('region', { name: 'Lines left out' });
    expect(await table.locator('tbody td:first-child').allTextContents()).toEqual(['2', '4']);
    expect(await table.locator('tbody tr').first().textContent()).toMatch(/not valid JSON/);
    await page.screenshot({ path: `${screenshots}/broken-rows-1280-light.png` });
  });

  it('without a single row are refused with a reason, and nothing is kept', async () => {
    visited = await visit('tune');
    const { page } = visited;
    await page.getByRole('button', { name: 'Choose files', exact: true }).setInputFiles({
      name: 'nothing.jsonl',
      mimeType: 'application/jsonl',
      buffer: Buffer.from('{oops\n{"a": 1}\n')
    });
    await page
      .getByRole('alert')
      .getByText(/nothing\.jsonl has no row to train on/)
      .waitFor();
    expect(await page.getByRole('radio').count()).toBe(0);
  });

  it('show which words are learned, which are cut, and come back after a reload', async () => {
    visited = await visit('tune');
    const { page } = visited;
    await chooseStarter(page);
    const { question, answer } = await firstStarterRow();
    await page.locator('mark', { hasText: answer }).first().waitFor();
    await page.locator('.text span', { hasText: question }).first().waitFor();
    expect(await page.locator('mark', { hasText: question }).count()).toBe(0);

    await page.getByText('Paste rows').click();
    await page.getByLabel('Rows', { exact: true }).fill(chat('A question?', 'word '.repeat(400).trim()));
    await page.getByRole('button', { name: 'Add these rows' }).click();
    await page.getByRole('radio', { name: /Pasted rows/, checked: true }).waitFor();
    await page.getByLabel('Length', { exact: true }).fill('32');
    await page.getByLabel('Length', { exact: true }).press('Enter');
    await page.getByLabel('Length', { exact: true }).blur();
    await page.getByText(/1 row longer than 32 tokens/).waitFor();
    await page.locator('s', { hasText: 'word word' }).waitFor();

    await page.reload();
    await page.getByRole('radio', { name: /Pasted rows/, checked: true }).waitFor();
    await page.locator('#model').getByText('tabtune-starter').waitFor();
    expect(await page.getByLabel('Length', { exact: true }).inputValue()).toBe('32');
    await page.locator('s', { hasText: 'word word' }).waitFor();
    expect(await page.getByRole('radio').count()).toBe(1);
    await page.getByRole('checkbox', { name: /Pelhaven/, checked: false }).waitFor();

    await page.getByRole('button', { name: 'Delete Pasted rows' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('radio', { name: /Pasted rows/ }).waitFor({ state: 'detached' });
    await page.getByRole('checkbox', { name: /Pelhaven/ }).waitFor();
  });
});
