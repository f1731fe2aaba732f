/** Files of Datanets: those that were tampered with, those of other programs, and imports that end too early. */
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  chat,
  create,
  downloadBundle,
  keep,
  license,
  offer,
  pasteRows,
  person,
  publish,
  sign,
  storedCounts,
  tab,
  type PortableFile
} from './datanets';
import { visit, type Visit } from './support';

const people: Visit[] = [];
afterEach(async () => {
  for (const { context } of people.splice(0)) await context.close();
});

async function join(name: string): Promise<Visit> {
  const visited = await person(name);
  people.push(visited);
  return visited;
}

const harbourRows = Array.from({ length: 12 }, (_, i) =>
  chat(`How deep is berth ${i + 1}?`, `Berth ${i + 1} is ${i + 3} metres deep at low water.`)
);

async function makeBundle({ page }: Visit): Promise<{ bundle: PortableFile; root: string }> {
  await create(page, 'Harbour rules');
  await pasteRows(page, harbourRows);
  await license(page);
  await publish(page, 'The berths.');
  await page.getByRole('heading', { name: /^Version 1/ }).waitFor();
  return { bundle: await downloadBundle(page, 1), root: await rootOf(page) };
}

/** The root of the newest version, as the page shows it. */
async function rootOf(page: Page): Promise<string> {
  await tab(page, 'Versions');
  return (await page.locator('.root code').first().getAttribute('title')) ?? '';
}

interface Part {
  name: string;
  /** Where its header begins, where its bytes do, and where they end. */
  header: number;
  start: number;
  end: number;
}

/** Entries of a ZIP that stores its files as they are (APPNOTE 4.3.7), and where its directory begins. */
function partsOf(zip: Buffer): { parts: Part[]; directory: number } {
  const parts: Part[] = [];
  let at = 0;
  while (zip.readUInt32LE(at) === 0x04034b50) {
    const nameLength = zip.readUInt16LE(at + 26);
    const start = at + 30 + nameLength + zip.readUInt16LE(at + 28);
    const end = start + zip.readUInt32LE(at + 18);
    parts.push({ name: zip.toString('utf8', at + 30, at + 30 + nameLength), header: at, start, end });
    at = end;
  }
  return { parts, directory: at };
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] ^= 1;
  return copy;
}

const everything = ['datanets', 'versions', 'bundles', 'statements', 'blocks', 'tables', 'imports'];

describe('a bundle', () => {
  it('opens elsewhere with the same root and the same rows', async () => {
    const [owner, reader] = [await join('Olga Owner'), await join('Rita Reader')];
    const { bundle, root } = await makeBundle(owner);
    expect(root).toMatch(/^0x[0-9a-f]{64}$/);
    expect(await keep(reader.page, bundle)).toContain('Olga Owner');
    expect(await rootOf(reader.page)).toBe(root);
    await tab(reader.page, 'Rows');
    await reader.page.getByText('How deep is berth 1?').first().waitFor();
    await reader.page.getByText('12 rows').first().waitFor();
    expect(Buffer.compare((await downloadAgain(reader.page)).buffer, bundle.buffer)).toBe(0);
    for (const { complaints, foreign } of people) expect([...complaints, ...foreign]).toEqual([]);
  });

  it('that was changed in any place is refused with a reason, and nothing of it is kept', async () => {
    const owner = await join('Olga Owner');
    const { bundle } = await makeBundle(owner);
    await tab(owner.page, /^Proposals/);
    await owner.page.getByRole('button', { name: 'Make an invitation' }).click();
    const invitation = (await sign(owner.page)).file;

    const { parts, directory } = partsOf(bundle.buffer);
    expect(parts.map(({ name }) => name)).toEqual([
      'statement.json',
      'statements.jsonl',
      'croissant.json',
      'rows.jsonl'
    ]);
    const { buffer } = bundle;
    const damaged: [string, Buffer][] = [
      ...parts.flatMap(({ name, header, start, end }): [string, Buffer][] => [
        ...(end > start ? [[name, flipped(buffer, (start + end) >> 1)] as [string, Buffer]] : []),
        [`flags of ${name}`, flipped(buffer, header + 6)],
        [`date of ${name}`, flipped(buffer, header + 10)],
        [`size of ${name}`, flipped(buffer, header + 18)],
        [`name of ${name}`, flipped(buffer, header + 31)]
      ]),
      ['directory', flipped(buffer, directory + 12)],
      ['end of the directory', flipped(buffer, buffer.length - 10)],
      ['comment', flipped(buffer, buffer.length - 1)],
      ['half of it', buffer.subarray(0, buffer.length >> 1)],
      ['all but its last byte', buffer.subarray(0, -1)],
      ['one byte after it', Buffer.concat([buffer, Buffer.from([0])])],
      ['one byte before it', Buffer.concat([Buffer.from([0]), buffer])],
      ['twice', Buffer.concat([buffer, buffer])],
      ['nothing', Buffer.alloc(0)]
    ];
    const reader = await visit('datanets');
    people.push(reader);
    const { page } = reader;
    await page.getByLabel('Your name').waitFor();
    const before = await storedCounts(page, everything);
    const words = invitation.buffer.toString('utf8');
    const files: [string, PortableFile][] = [
      ...damaged.map(([what, bytes]): [string, PortableFile] => [what, { ...bundle, buffer: bytes }]),
      [
        'name in an invitation',
        { ...invitation, buffer: Buffer.from(words.replace('Harbour rules', 'Harbour rulez')) }
      ],
      ['invitation cut short', { ...invitation, buffer: Buffer.from(words.slice(0, -9)) }]
    ];
    for (const [what, file] of files) {
      await page.getByRole('button', { name: 'Open a file', exact: true }).setInputFiles(file);
      const alert = page.getByRole('alert');
      await alert
        .or(page.getByRole('button', { name: 'Keep it' }))
        .first()
        .waitFor();
      const reason = (await alert.isVisible())
        ? ((await alert.locator('p').first().textContent()) ?? '')
        : '';
      expect(reason, `with another ${what}`).toMatch(/\w+ \w+ \w+/);
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await alert.waitFor({ state: 'detached' });
    }
    expect(await storedCounts(page, everything)).toEqual(before);
    await page.reload();
    await page.getByRole('button', { name: 'Open the Pelhaven handbook' }).waitFor();
    // As it was, it is fine: what was refused was the damage.
    await offer(page, bundle);
    await page.getByRole('button', { name: 'Keep it' }).waitFor();
    expect(reader.complaints).toEqual([]);
  });
});

async function downloadAgain(page: Page): Promise<PortableFile> {
  await tab(page, 'Versions');
  return downloadBundle(page, 1);
}

describe('files of other programs', () => {
  it('become rows as the person maps them', async () => {
    const owner = await join('Olga Owner');
    const { page } = owner;
    await create(page, 'From everywhere');
    const choose = page.getByRole('button', { name: 'Choose files', exact: true });
    const bring = async (file: string | PortableFile, name: string) => {
      await choose.setInputFiles(file);
      await page.getByRole('heading', { name }).waitFor();
      await page.getByText('The first rows', { exact: true }).waitFor();
    };
    const take = async (said: RegExp) => {
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByRole('list', { name: 'What was imported' }).getByText(said).first().waitFor();
    };

    const csv =
      'theme;frage;antwort\nlight;"Who lights; the lamps?";"The ""keeper"" does."\nwater;Why wet?;Rain.\n';
    await bring({ name: 'lamps.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) }, 'lamps.csv');
    await page.getByRole('radio', { name: 'a question and an answer' }).check();
    await page.getByLabel('Question (user)').selectOption('frage');
    await page.getByLabel('Answer (assistant)').selectOption('antwort');
    await page.getByText('Where they come from').click();
    await page.getByLabel('Source', { exact: true }).fill('The lamp book');
    await page.getByLabel('Tags from column').selectOption('theme');
    await page
      .getByRole('region', { name: 'The first rows', exact: true })
      .getByText('The "keeper" does.')
      .waitFor();
    await take(/lamps\.csv: 2 rows added/);
    await bring('tests/goldens/import/chats-snappy.parquet', 'chats-snappy.parquet');
    await take(/chats-snappy\.parquet: [\d,]+ rows? added/);
    await bring('tests/goldens/import/handbook.docx', 'handbook.docx');
    await page.getByLabel('Characters of a part').fill('300');
    await page.getByLabel('Overlap').fill('0');
    await take(/handbook\.docx: [\d,]+ rows? added/);
    await bring('tests/goldens/import/flowed.pdf', 'flowed.pdf');
    await take(/flowed\.pdf: [\d,]+ rows? added/);

    await page.getByRole('button', { name: 'Back to the rows' }).click();
    await page.getByLabel('Search the rows').fill('lamp book');
    await page.getByText('2 rows found').waitFor();
    await page.getByRole('grid', { name: 'Rows' }).getByText('light', { exact: true }).waitFor();
    // Those that cannot be read say why, and add nothing.
    await page.getByRole('link', { name: 'Import', exact: true }).click();
    await choose.setInputFiles(['tests/goldens/import/scanned.pdf', 'tests/goldens/import/locked.pdf']);
    const failed = page.getByRole('list', { name: 'What was imported' }).getByRole('alert');
    await failed.nth(1).waitFor();
    for (const text of await failed.allTextContents()) expect(text).toMatch(/(scanned|locked)\.pdf/);
    expect(owner.complaints).toEqual([]);
    expect(owner.foreign).toEqual([]);
  });
});

describe('an import that ends too early', () => {
  const count = 60_000;
  const many: PortableFile = {
    name: 'many.jsonl',
    mimeType: 'application/jsonl',
    buffer: Buffer.from(
      Array.from({ length: count }, (_, i) =>
        chat(`What is in box ${i}?`, `Box ${i} holds ${i % 97} lamps and a note that says ${i * 31}.`)
      ).join('\n')
    )
  };

  /** Begins the import of all, and comes back when a good part of it is in the browser's storage. */
  async function halfWay(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Choose files', exact: true }).setInputFiles(many);
    await page.getByText('The first rows', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page
      .locator('.work')
      .getByText(/^[1-9]\d?,\d{3} rows$/)
      .waitFor();
    await expect
      .poll(async () => (await storedCounts(page, ['imports']))['imports'], { interval: 20 })
      .toBe(1);
  }

  it('leaves the Datanet as it was, cancelled or with its tab closed', async () => {
    const owner = await join('Olga Owner');
    const { page } = owner;
    await create(page, 'Boxes');
    await pasteRows(page, harbourRows);
    const address = page.url();
    const stores = ['blocks', 'tables', 'imports', 'datanets'];
    const before = await storedCounts(page, stores);
    expect(before['imports']).toBe(0);

    await halfWay(page);
    await page.locator('.work').getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.work').waitFor({ state: 'detached' });
    expect(await storedCounts(page, stores)).toEqual(before);
    await page.getByText('12 rows').first().waitFor();
    // What was not imported still waits, to be imported or left out.
    await page.getByRole('button', { name: 'Leave it out' }).click();

    await halfWay(page);
    await page.close();
    const again = await owner.context.newPage();
    await again.goto(address);
    await again.getByText('12 rows').first().waitFor();
    await expect.poll(() => storedCounts(again, stores), { interval: 100, timeout: 10_000 }).toEqual(before);
    await again.getByRole('grid', { name: 'Rows' }).getByText('How deep is berth 1?').waitFor();
    expect(owner.complaints).toEqual([]);
  });
});
