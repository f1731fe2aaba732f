/** The main journey: one click on the start page, and a model that knows what it did not know before. */
import { readFile } from 'node:fs/promises';
import { strFromU8, unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  longWork,
  longestPause,
  screenshots,
  visit,
  waitForPhase,
  type Visit
} from './support';

interface HeldOutRow {
  messages: { content: string }[];
  /** Words that only a model that learned the fact says. */
  key: string;
}

let visited: Visit;
let page: Page;
let heldOut: HeldOutRow[];

beforeAll(async () => {
  const text = await readFile('tools/starter/datanet/held-out.jsonl', 'utf8');
  heldOut = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as HeldOutRow);
  // As on a Linux without a locale: neither the page nor the library of its charts may trip over the name.
  visited = await visit('', { language: 'en-US@posix' });
  page = visited.page;
});
afterAll(async () => visited.context.close());

/** The last answer of a side, once it is whole. */
async function answerOf(side: 'Base' | 'Tuned'): Promise<string> {
  const answers = page
    .getByRole('region', { name: side, exact: true })
    .locator('p.assistant:not([data-streaming])');
  return (await answers.last().textContent()) ?? '';
}

/** The part of the page that says what this is about; the README shows it. */
async function shootTrainAndChat(): Promise<void> {
  const top = await page.locator('#train').boundingBox();
  const bottom = await page.locator('#chat').boundingBox();
  const scrolled = await page.evaluate(() => scrollY);
  const y = top!.y + scrolled;
  const clip = { x: 0, y, width: 1280, height: bottom!.y + bottom!.height + scrolled - y };
  await page.screenshot({ path: `${screenshots}/train-and-chat-1280-light.png`, fullPage: true, clip });
}

describe('the starter, fine-tuned by clicking', () => {
  const started = Date.now();

  it('trains from one click, shows its phases, and leaves the page usable', async () => {
    await page.getByRole('link', { name: 'Fine-tune the starter model' }).click();
    await waitForPhase(page, /Training, step [2-9]/);
    expect(new URL(page.url()).search).toBe('');
    await page.getByRole('img', { name: /^Loss over \d+ steps/ }).waitFor();
    // Animation frames of the page while the GPU worker computes.
    expect(await longestPause(page, 3000)).toBeLessThan(1000);
    await page.screenshot({ path: `${screenshots}/training-1280-light.png`, fullPage: true });
    await expectAccessible(page);
    await waitForPhase(page, 'Done', longWork);
    await page.getByText('The adapter is ready and saved in this browser.').waitFor();
  });

  it('lowers the loss on rows that it never saw', async () => {
    const result = await page.locator('.result p').textContent();
    const figures = /never saw, loss went from\s+([\d.]+)\s+to\s+([\d.]+)\./.exec(result ?? '');
    const [before, after] = figures?.slice(1) ?? [];
    expect(Number(after)).toBeLessThan(Number(before) / 2);
  });

  it('answers held-out questions that the base cannot answer', async () => {
    const suggestions = await page
      .getByRole('group', { name: 'Questions to try' })
      .getByRole('button')
      .allTextContents();
    expect(suggestions.length).toBeGreaterThanOrEqual(4);
    let learned = 0;
    for (const [index, question] of suggestions.slice(0, 4).entries()) {
      if (index > 0) await page.getByRole('button', { name: 'Begin a new conversation' }).click();
      await page.getByRole('button', { name: question.trim(), exact: true }).click();
      await page.getByRole('button', { name: 'Ask', exact: true }).waitFor();
      const [base, tuned] = [await answerOf('Base'), await answerOf('Tuned')];
      expect(tuned).not.toBe(base);
      const key = heldOut.find((row) => row.messages[0].content === question.trim())!.key;
      if (tuned.includes(key) && !base.includes(key)) learned += 1;
    }
    expect(learned).toBeGreaterThanOrEqual(2);
    await page
      .getByText(/writes [\d.,]+ tokens\/s/)
      .first()
      .waitFor();
    await shootTrainAndChat();
    await expectAccessible(page);
  });

  it('gives the adapter away as PEFT files with a record of the run', async () => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: /^Download / }).click();
    const entries = unzipSync(new Uint8Array(await readFile(await (await download).path())));
    expect(Object.keys(entries).sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'run.json'
    ]);
    expect(JSON.parse(strFromU8(entries['adapter_config.json']))).toMatchObject({
      peft_type: 'LORA',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: 'tabtune-starter'
    });
    const run = JSON.parse(strFromU8(entries['run.json'])) as {
      steps: { loss: number }[];
      sha256: Record<string, string>;
      dispatchesPerStep: number;
    };
    expect(run.steps.length).toBeGreaterThan(5);
    expect(run.steps.at(-1)!.loss).toBeLessThan(run.steps[0].loss / 2);
    expect(Object.values(run.sha256).every((hash) => /^[0-9a-f]{64}$/.test(hash))).toBe(true);
    const size = new DataView(entries['adapter_model.safetensors'].slice().buffer).getUint32(0, true);
    const header = JSON.parse(
      strFromU8(entries['adapter_model.safetensors'].subarray(8, 8 + size))
    ) as object;
    expect(Object.keys(header)).toContain('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight');
  });

  it('is all there after a reload, and answers as before', async () => {
    const question = heldOut[0].messages[0].content;
    const ask = async () => {
      await page.getByLabel('Your question').fill(question);
      await page.getByLabel('Your question').press('Enter');
      await page.getByRole('button', { name: 'Stop' }).waitFor();
      await page.getByRole('button', { name: 'Ask', exact: true }).waitFor();
      return answerOf('Tuned');
    };
    await page.getByRole('button', { name: 'Begin a new conversation' }).click();
    const before = await ask();
    await page.reload();
    await page.getByRole('checkbox', { name: /Pelhaven/, checked: true }).waitFor();
    await page.locator('#model').getByText('tabtune-starter').waitFor();
    await page.getByRole('button', { name: /^Download / }).waitFor();
    await page.getByText('1 run in this browser').click();
    await page.getByRole('region', { name: 'Runs' }).getByText('done').waitFor();
    expect(await ask()).toBe(before);
    await page.setViewportSize({ width: 360, height: 800 });
    await expectNoSidewaysScroll(page);
    await page.screenshot({ path: `${screenshots}/after-360-light.png`, fullPage: true });
  });

  it('takes less than four minutes, asks nobody else for anything, and complains about nothing', () => {
    expect(Date.now() - started).toBeLessThan(240_000);
    expect(visited.foreign).toEqual([]);
    expect(visited.complaints).toEqual([]);
  });
});
