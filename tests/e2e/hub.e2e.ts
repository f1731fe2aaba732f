/**
 * A model of the hub: judged, chosen among several files, fetched at a revision, cut off, gone on with, kept over a reload,
 * cleared. The hub is played by the test.
 */
import { readFile } from 'node:fs/promises';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { screenshots, visit, type Visit } from './support';

const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
const cors = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };

/** Answers for the hub with the starter model; `cutAt` ends the weights' first answer early. */
async function playHub(context: BrowserContext, asked: string[], cutAt: number): Promise<void> {
  const files = new Map<string, Buffer>();
  for (const name of names) files.set(name, await readFile(`static/starter/model/${name}`));
  const gguf = await readFile('tests/goldens/gguf/llama.gguf');
  let cut = false;
  await context.route('https://huggingface.co/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    asked.push(pathname);
    const model = /^\/api\/models\/owner\/(starter|other|ggufs)\/revision\/(main|v2)$/.exec(pathname);
    if (model) {
      const [, id, revision] = model;
      const listed = id === 'ggufs' ? ['tiny-q4.gguf', 'tiny-q8.gguf'] : names;
      const siblings = listed.map((name) => ({ rfilename: name, size: (files.get(name) ?? gguf).length }));
      const sha = (revision === 'main' ? '1' : '2').repeat(40);
      await route.fulfill({ json: { id: `owner/${id}`, sha, siblings }, headers: cors });
      return;
    }
    if (pathname.startsWith('/api/')) {
      await route.fulfill({ status: 404, headers: cors, json: { error: 'Repository not found' } });
      return;
    }
    const name = pathname.split('/').at(-1)!;
    const other = pathname.startsWith('/owner/other/') && name === 'config.json';
    const whole = other
      ? Buffer.from('{"model_type": "gpt2"}'.padEnd(files.get(name)!.length))
      : (files.get(name) ?? gguf);
    const start = Number(/bytes=(\d+)-/.exec(route.request().headers()['range'] ?? '')?.[1] ?? 0);
    if (name === 'model.safetensors' && start === 0 && !cut) {
      cut = true;
      // The connection breaks after some bytes: a length that is promised and not kept.
      await route.fulfill({ body: whole.subarray(0, cutAt), headers: { ...cors, etag: '"1"' } });
      return;
    }
    const range = { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` };
    await route.fulfill({
      status: start > 0 ? 206 : 200,
      body: whole.subarray(start),
      headers: { ...cors, etag: '"1"', ...(start > 0 ? range : {}) }
    });
  });
}

describe('a model of the hub', () => {
  let visited: Visit;
  const asked: string[] = [];
  beforeAll(async () => {
    visited = await visit('tune');
    await playHub(visited.context, asked, 1_000_000);
    await visited.page.getByRole('tab', { name: 'Hugging Face' }).click();
  });
  afterAll(async () => visited.context.close());

  it('that does not exist is said so by name', async () => {
    const { page } = visited;
    await page.getByLabel('Model id').fill('owner/nothing');
    await page.getByRole('button', { name: 'Get it' }).click();
    await page
      .getByRole('alert')
      .getByText(/^The hub has nothing at .*owner\/nothing/)
      .waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
  });

  it('of another family is refused before more than its config.json has come', async () => {
    const { page } = visited;
    asked.length = 0;
    await page.getByLabel('Model id').fill('owner/other');
    await page.getByRole('button', { name: 'Get it' }).click();
    await page
      .getByRole('alert')
      .getByText(/^The model is of type "gpt2"/)
      .waitFor();
    expect(asked.filter((path) => path.includes('/resolve/')).map((path) => path.split('/').at(-1))).toEqual([
      'config.json'
    ]);
    await page.getByRole('button', { name: 'Dismiss' }).click();
  });

  it('with several GGUF files offers them, and takes the one that is chosen, at the revision that is named', async () => {
    const { page } = visited;
    asked.length = 0;
    await page.getByLabel('Model id').fill('owner/ggufs');
    await page.getByText('Another revision, or a gated model').click();
    await page.getByLabel('Revision').fill('v2');
    await page.getByRole('button', { name: 'Get it' }).click();
    const choice = page.getByRole('group', { name: 'GGUF files of owner/ggufs' });
    await choice.getByRole('button', { name: /^tiny-q8\.gguf/ }).click();
    await page.locator('.chosen', { hasText: 'owner/ggufs' }).waitFor();
    await page.getByRole('button', { name: 'Delete owner/ggufs at v2' }).waitFor();
    expect(asked.at(-1)).toBe(`/owner/ggufs/resolve/${'2'.repeat(40)}/tiny-q8.gguf`);
    await page.getByLabel('Revision').fill('');
  });

  it('is fetched over a broken connection and opens', async () => {
    const { page } = visited;
    await page.getByLabel('Model id').fill('owner/starter');
    await page.getByRole('button', { name: 'Get it' }).click();
    await page
      .locator('.chosen', { hasText: 'owner/starter' })
      .getByText(/^[\d.]+ million$/)
      .waitFor();
    await page.screenshot({ path: `${screenshots}/hub-1280-light.png` });
  });

  it('is there after a reload without asking the hub, and can be cleared', async () => {
    const { page } = visited;
    asked.length = 0;
    await page.reload();
    await page.locator('.chosen', { hasText: 'owner/starter' }).waitFor();
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'Delete owner/starter' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await page.locator('.chosen', { hasText: 'owner/starter' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: 'Delete owner/starter' }).count()).toBe(0);
  });
});
