/** What the journeys of Datanets share: people with a browser each, and the files that go between them. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { inject } from 'vitest';
import { visit, type Visit } from './support';
import type { LaunchOptions } from '../support/browser';

/** A file as one person gives it to another. */
export interface PortableFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** A conversation of one question, as a line of JSON Lines. */
export const chat = (question: string, answer: string) =>
  JSON.stringify({
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content: answer }
    ]
  });

/** A browser of its own, whose person has a name. */
export async function person(name: string, options: LaunchOptions = {}): Promise<Visit> {
  const visited = await visit('datanets', options);
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

/** What a press lets the browser download. */
export async function download(page: Page, press: () => Promise<void>): Promise<PortableFile> {
  const [file] = await Promise.all([page.waitForEvent('download'), press()]);
  return {
    name: file.suggestedFilename(),
    mimeType: 'application/octet-stream',
    buffer: await readFile(await file.path())
  };
}

/** Signs what the open dialog shows, and takes the file. The words are what the person read. */
export async function sign(page: Page): Promise<{ words: string; file: PortableFile }> {
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

/** Gives a file to the page as anybody would; what it makes of it is for the caller to see. */
export async function offer(page: Page, file: PortableFile): Promise<void> {
  await page.goto(`${inject('siteUrl')}datanets`);
  await page.getByRole('button', { name: 'Open a file', exact: true }).setInputFiles(file);
}

/** Opens a file as anybody would, reads what it says, and keeps it. */
export async function keep(page: Page, file: PortableFile): Promise<string> {
  await offer(page, file);
  const words = page.getByRole('region', { name: 'What it says' });
  await words.or(page.getByRole('alert')).first().waitFor();
  const said = (await words.or(page.getByRole('alert')).first().textContent()) ?? '';
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.waitForURL(/datanets\/view/);
  return said;
}

export const tab = (page: Page, name: string | RegExp) => page.getByRole('tab', { name }).click();

/** Makes a Datanet on the list's page, and is on its own page then. */
export async function create(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name of the new Datanet').fill(name);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.waitForURL(/datanets\/view/);
  await page.getByRole('tab', { name: 'Rows' }).waitFor();
}

/** Brings rows by pasting them where the page asks for the first ones. */
export async function pasteRows(page: Page, rows: string[]): Promise<void> {
  await page.getByText('Paste text or rows').click();
  await page.getByLabel('Text or rows').fill(rows.join('\n'));
  await page.getByRole('button', { name: 'Look at it' }).click();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText(`${rows.length} rows`).first().waitFor();
}

/** Says under About which licence the rows have, without which nothing can be published. */
export async function license(page: Page, spdx = 'CC-BY-4.0'): Promise<void> {
  await tab(page, 'About');
  await page.getByLabel('Licence', { exact: true }).fill(spdx);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved.').waitFor();
}

/** Publishes the draft, and takes what was signed. */
export async function publish(page: Page, changes: string, permissioned = false): Promise<PortableFile> {
  await tab(page, 'Versions');
  await page.getByLabel(/^What (this first version is|changed since)/).fill(changes);
  await page.getByRole('radio', { name: permissioned ? /^Permissioned/ : /^Open/ }).check();
  await page.getByRole('button', { name: /^Publish version/ }).click();
  return (await sign(page)).file;
}

/** The bundle of a version, from its own button. */
export function downloadBundle(page: Page, number: number): Promise<PortableFile> {
  return download(page, () =>
    page.getByRole('button', { name: `Download version ${number} as Bundle` }).click()
  );
}

/** Counts the records of stores of this site's database. */
export async function storedCounts(page: Page, stores: string[]): Promise<Record<string, number>> {
  return page.evaluate(async (names) => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('tabtune');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error!);
    });
    const counts = await Promise.all(
      names.map(
        (name) =>
          new Promise<[string, number]>((resolve, reject) => {
            const request = db.transaction(name).objectStore(name).count();
            request.onsuccess = () => resolve([name, request.result]);
            request.onerror = () => reject(request.error!);
          })
      )
    );
    db.close();
    return Object.fromEntries(counts);
  }, stores);
}

/** Everything that this browser stores for the site, as one text: strings, bytes and files alike. */
export async function storedText(page: Page): Promise<string> {
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

/** From the next load on, pages and workers of a browser live so many days later than they do. */
export async function moveClock({ context }: Visit, days: number): Promise<void> {
  const later = `globalThis.Date = class extends Date {
    constructor(...parts) { if (parts.length > 0) super(...parts); else super(globalThis.Date.now()); }
    static now() { return super.now() + ${days * 86_400_000}; }
  };\n`;
  await context.addInitScript(later);
  // A worker has a clock of its own, which only its script can reach.
  await context.route(/\/workers\/[^/]+\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: later + (await response.text()) });
  });
}
