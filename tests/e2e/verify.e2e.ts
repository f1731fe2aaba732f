/** Files checked for somebody who trusts nobody: whole ones, changed ones, and the proof of a row with its bundle. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterEach, expect, it } from 'vitest';
import {
  chat,
  create,
  download,
  downloadBundle,
  license,
  pasteRows,
  person,
  publish,
  tab,
  type PortableFile
} from './datanets';
import { expectAccessible, expectNoSidewaysScroll, screenshots, visit, type Visit } from './support';

let visited: Visit;
afterEach(async () => {
  await visited.context.close();
  expect(visited.complaints).toEqual([]);
  expect(visited.foreign).toEqual([]);
});

const starter = 'static/starter/datanet/pelhaven.datanet';

async function give(page: Page, ...files: PortableFile[]): Promise<void> {
  await page.getByRole('button', { name: 'Choose files', exact: true }).setInputFiles(files);
}

const file = (name: string, buffer: Buffer): PortableFile => ({
  ...{ name, buffer, mimeType: 'application/octet-stream' }
});

it('the starter’s bundle holds; with one byte changed it fails, and the page says where', async () => {
  visited = await visit('verify');
  const { page } = visited;
  const whole = await readFile(starter);
  await give(page, file('pelhaven.datanet', whole));
  const report = page.getByRole('region', { name: /^A version of a Datanet/ });
  await report.getByText('Every check holds').waitFor();
  await report.getByText(/All 344 rows were read again/).waitFor();
  await report.getByText('What it says').click();
  await report.getByText(/Version 1 of the Datanet “The Pelhaven handbook”/).waitFor();

  const changed = Buffer.from(whole);
  changed[changed.indexOf('lighthouse')] ^= 1;
  await give(page, file('changed.datanet', changed));
  await report.getByText(/^\d checks? fails?$/).waitFor();
  const failing = report.getByRole('listitem').filter({ hasText: 'Fails' });
  expect(await failing.first().textContent()).toMatch(/parts.*"[a-z.]+" in the file was changed or damaged/);
  await expectAccessible(page);
});

it('the proof of a row, taken from the page, holds together with the bundle', async () => {
  visited = await person('Ada');
  const { page } = visited;
  await create(page, 'Harbour rules');
  await pasteRows(page, [chat('Who goes first?', 'The ferry.'), chat('Who waits?', 'The one who comes.')]);
  await license(page);
  await publish(page, 'The first rules.');
  const bundle = await downloadBundle(page, 1);
  await page.getByRole('button', { name: /proof/i }).first().click();
  const proof = await download(page, () =>
    page.getByRole('button', { name: /^Download the proof of: Who waits/ }).click()
  );
  await tab(page, 'Versions');
  await page.getByRole('link', { name: 'Verify', exact: true }).first().click();
  await page.getByRole('heading', { name: 'Verify', level: 1 }).waitFor();

  await give(page, proof);
  const report = page.getByRole('region', { name: 'The proof that a row is in a version' });
  await report.getByText('Nothing fails, 1 unknown').waitFor();
  await report.getByText(/Give the version’s bundle with it/).waitFor();
  await give(page, proof, bundle);
  await report.getByText('Every check holds').waitFor();
  await page
    .getByRole('region', { name: /^A version of a Datanet/ })
    .getByText('Every check holds')
    .waitFor();
  await page.getByText(/version 1 of “Harbour rules”, signed by “Ada”/).waitFor();

  const other = JSON.parse(proof.buffer.toString()) as { value: string[] };
  other.value[1] = 'Somebody else';
  await give(page, file('other.proof.json', Buffer.from(JSON.stringify(other))), bundle);
  await report.getByText(/The steps do not lead from this row and this contributor/).waitFor();
  for (const [width, scheme] of [
    [1280, 'light'],
    [1280, 'dark'],
    [360, 'light'],
    [360, 'dark']
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: scheme });
    await expectNoSidewaysScroll(page);
    await page.screenshot({ path: `${screenshots}/verify-${width}-${scheme}.png`, fullPage: true });
    await expectAccessible(page);
  }
});
