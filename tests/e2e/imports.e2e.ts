/** Files as programs write them, brought in a real browser: how they are read is shown, and can be chosen. */
import { afterEach, describe, expect, it } from 'vitest';
import { create, person } from './datanets';
import { visit, type Visit } from './support';

let visited: Visit;
afterEach(async () => visited.context.close());

const golden = (name: string) => `tests/goldens/import/${name}`;

describe('files brought into a Datanet', () => {
  it('are read in another encoding and with another delimiter where a person says so', async () => {
    visited = await person('Ines');
    const { page } = visited;
    await create(page, 'Knots');
    const choose = page.getByRole('button', { name: 'Choose files', exact: true });
    await choose.setInputFiles(golden('semicolon.csv'));
    const delimiter = page.getByLabel('Cells are separated by');
    await delimiter.waitFor();
    expect(await delimiter.inputValue()).toBe(';');
    await page.getByText('Mistral, of course.').waitFor();
    await delimiter.selectOption('commas');
    await page.getByText('Nothing here becomes a row like this.').waitFor();
    await delimiter.selectOption('semicolons');
    await page.getByText('Mistral, of course.').waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('3 rows added.').waitFor();

    await choose.setInputFiles(golden('windows-1252.csv'));
    await page.getByText('windows-1252.csv is no UTF-8 text').waitFor();
    await page.getByLabel('Its encoding').selectOption('windows-1252');
    await page.getByRole('button', { name: 'Read it again' }).click();
    await page.getByText('Föhn, "warm".').waitFor();
    expect(await page.getByLabel('Encoding', { exact: true }).inputValue()).toBe('windows-1252');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('2 rows added.').waitFor();
  });

  it('may be PDFs of languages whose fonts bring no letters: the site brings them', async () => {
    visited = await person('Ines');
    const { page } = visited;
    await create(page, 'Tides');
    const maps: string[] = [];
    page.context().on('request', (request) => {
      if (request.url().endsWith('.bcmap')) maps.push(request.url());
    });
    await page
      .getByRole('button', { name: 'Choose files', exact: true })
      .setInputFiles(golden('japanese.pdf'));
    await page.getByText('綱を長めに取ってください。').first().waitFor();
    expect(maps.length).toBeGreaterThan(0);
    expect({ complaints: visited.complaints, foreign: visited.foreign }).toEqual({
      complaints: [],
      foreign: []
    });
  });
});

describe('files brought to a run', () => {
  it('are tables where they are tables, pasted cells too, and refused where columns would have to be chosen', async () => {
    visited = await visit('tune');
    const { page } = visited;
    const choose = page.getByRole('button', { name: 'Choose files', exact: true });
    await choose.setInputFiles(golden('pairs.csv'));
    await page.getByRole('radio', { name: /pairs\.csv/, checked: true }).waitFor();
    await page.getByText('3 rows', { exact: false }).first().waitFor();

    await choose.setInputFiles(golden('handbook.docx'));
    await page.getByRole('radio', { name: /handbook\.docx/, checked: true }).waitFor();

    await choose.setInputFiles(golden('no-names.csv'));
    await page
      .getByRole('alert')
      .getByText(/do not say what is a question, an answer or a text/)
      .waitFor();
    expect(await page.getByRole('radio').count()).toBe(2);

    await page.getByText('Paste rows').click();
    await page
      .getByLabel('Rows', { exact: true })
      .fill('question\tanswer\nName a knot.\tBowline.\nName a wind.\tMistral.');
    await page.getByRole('button', { name: 'Add these rows' }).click();
    await page.getByRole('radio', { name: /Pasted rows.*2 rows/, checked: true }).waitFor();
  });
});
