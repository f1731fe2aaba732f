/**
 * The GPU process is ended by its id in the middle of things: our words or none, and all goes on by itself to the same bits.
 * Three moments by default; TABTUNE_LOSSES=all takes all nine, and a browser that then withholds the GPU.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatanetRow } from '../../src/lib/datanets/datanet';
import { makeBundle } from '../support/bundle';
import { endGpuProcess, patientBrowser, processesAreKnown } from '../support/gpu-process';
import { longWork, visit, waitForPhase, type Visit } from './support';

const all = process.env['TABTUNE_LOSSES'] === 'all';
const steps = 8;
const ourWords =
  /^The GPU was lost: its driver, or the process that runs it, stopped\. .* on a new device\.$/;

let visited: Visit;
let page: Page;

/** Few rows of few people: what is measured of them takes seconds. */
const rows: DatanetRow[] = ['Wen', 'Sal', 'Ada'].flatMap((contributor) => {
  const answer = `${contributor} keeps the lantern at the end of the pier.`;
  const asked = ['Who is there?', 'Tell me.', 'Do you know?', 'Who keeps it?', 'Well?'];
  return asked.map((question, at) => ({
    messages: [
      { role: 'user' as const, content: `${contributor}: ${question}` },
      { role: 'assistant' as const, content: answer }
    ],
    ...{ contributor, ...(at === 4 ? { split: 'test' as const } : {}) }
  }));
});

/** Opens the page with a short run on these rows ahead. */
async function openWorkshop(args: readonly string[]): Promise<Visit> {
  const opened = await visit('', { args });
  await opened.page.evaluate((most) => {
    const options = { maxSteps: most, batchSize: 4, epochs: 3 };
    localStorage.setItem('tabtune.changed parameters', JSON.stringify(options));
  }, steps);
  await opened.page.goto(`${opened.page.url()}tune`);
  await opened.page.getByRole('button', { name: 'Only choose it' }).click();
  await opened.page.locator('#model').getByText('tabtune-starter').waitFor();
  await opened.page
    .getByRole('button', { name: 'Choose files', exact: true })
    .first()
    .setInputFiles({
      ...{ name: 'pier.datanet', mimeType: 'application/octet-stream' },
      buffer: await makeBundle('pier', rows)
    });
  await opened.page.getByRole('checkbox', { name: /pier/, checked: true }).waitFor();
  await opened.page.evaluate(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    new MutationObserver(() => {
      for (const part of document.querySelectorAll('[role=alert], [role=status]')) {
        const text = (part.textContent ?? '').replace(/\s+/g, ' ').trim();
        if (text !== '' && !told.includes(text)) told.push(text);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return opened;
}

/** What the page has told since this was asked last: errors, and what happens on the way. */
async function told(): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { told: string[] }).told.splice(0));
}

/** Waits in the page itself until a part of it says something: what lasts for milliseconds is not missed. */
async function says(selector: string, words: RegExp, patience = longWork): Promise<void> {
  await page.evaluate(
    ([part, pattern, most]) =>
      new Promise<void>((resolve, reject) => {
        const says = () => new RegExp(pattern).test(document.querySelector(part)?.textContent ?? '');
        const look = () => {
          if (!says()) return;
          watch.disconnect();
          clearTimeout(timer);
          resolve();
        };
        const watch = new MutationObserver(look);
        const timer = setTimeout(() => reject(new Error(`${part} never said ${pattern}`)), most);
        watch.observe(document.body, {
          subtree: true,
          childList: true,
          characterData: true,
          attributes: true
        });
        look();
      }),
    [selector, words.source, patience] as const
  );
}

/** Ends the GPU process as soon as a part of the page says something. */
async function loseGpuWhen(selector: string, words: RegExp): Promise<void> {
  await says(selector, words);
  // Right after another loss it may not be there yet.
  await expect.poll(endGpuProcess, { interval: 20, timeout: 10_000 }).toBe(1);
}

/** All entries of a store of the page's database, with buffers as text that is equal where they are. */
async function stored(store: 'runs' | 'moments' | 'attributions'): Promise<Record<string, never>[]> {
  return page.evaluate(async (name) => {
    const opened = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error!);
      });
    const database = await opened(indexedDB.open('tabtune'));
    const entries = await opened(database.transaction(name).objectStore(name).getAll());
    database.close();
    const plain = (_: string, value: unknown) =>
      value instanceof ArrayBuffer ? Array.from(new Uint32Array(value)).join() : value;
    return JSON.parse(JSON.stringify(entries, plain)) as Record<string, never>[];
  }, store);
}

interface Made {
  adapter: string;
  losses: number[];
  heldOut: unknown;
  moments: unknown[];
}

/** What came of the newest run, bit for bit. */
async function madeLast(): Promise<Made> {
  const runs = (await stored('runs')) as unknown as {
    id: string;
    created: number;
    run: { sha256: { adapter: string }; steps: { loss: number }[]; heldOut: unknown };
  }[];
  const { id, run } = runs.sort((a, b) => b.created - a.created)[0];
  const moments = (await stored('moments')) as unknown as { run: string; step: number; values: string }[];
  return {
    adapter: run.sha256.adapter,
    losses: run.steps.map(({ loss }) => loss),
    heldOut: run.heldOut,
    moments: moments.filter((each) => each.run === id).map(({ step, values }) => ({ step, values }))
  };
}

const start = () => page.getByRole('button', { name: /Start training|Train again/ }).click();

/** Trains, and meanwhile does this. */
async function train(meanwhile: () => Promise<void> = async () => undefined): Promise<Made> {
  await start();
  await meanwhile();
  await waitForPhase(page, 'Done', longWork);
  return madeLast();
}

/** Asks a new conversation, and meanwhile does this; gives both answers. */
async function ask(meanwhile: () => Promise<void> = async () => undefined): Promise<string[]> {
  const chat = page.locator('#chat');
  const again = chat.getByRole('button', { name: 'Begin a new conversation' });
  if (await again.isVisible()) await again.click();
  await page.getByLabel('Your question').fill('Sal: Who keeps the lantern?');
  await chat.getByRole('button', { name: 'Ask', exact: true }).click();
  await meanwhile();
  await chat.getByRole('button', { name: 'Ask', exact: true }).waitFor({ timeout: longWork });
  return chat.locator('p.assistant').allTextContents();
}

/** Measures who made the model, and meanwhile does this; gives the shares. */
async function measure(meanwhile: () => Promise<void> = async () => undefined): Promise<unknown> {
  const button = page.locator('#attribution').getByRole('button', { name: /^Measure( again)?$/ });
  await button.click();
  await button.waitFor({ state: 'detached' });
  await meanwhile();
  await button.waitFor({ timeout: longWork });
  const [{ contributors, estimators }] = await stored('attributions');
  return { contributors, estimators };
}

/** Fails where something was told that is not ours. Where nothing was lost that was needed, nothing is told. */
function expectOurWords(words: string[]): void {
  expect(words.filter((each) => !ourWords.test(each))).toEqual([]);
}

/** Moments of a run: the words of the page at which the GPU goes, and those that are waited for before. */
const training: Record<string, readonly (RegExp | { after: RegExp })[]> = {
  'while the model is opened': [/Quantising to 4 bits/],
  'while programs are compiled': [/Compiling GPU programs/],
  'before anything is saved': [/Training, step 1 of/],
  'while a state is saved': [/Training, step 5 of/],
  'in the middle': [/Training, step 7 of/],
  'while held-out rows are measured': [{ after: /Training, step 8 of/ }, /Measuring on held-out rows/],
  'three times': [/Compiling GPU programs/, /Training, step 2 of/, /Training, step 6 of/]
};
const moments = all ? Object.keys(training) : ['in the middle'];

describe.skipIf(!processesAreKnown)('a GPU that is lost', () => {
  let whole: Made;

  beforeAll(async () => {
    visited = await openWorkshop(patientBrowser);
    page = visited.page;
    whole = await train();
    await told();
  });
  afterAll(async () => visited.context.close());

  it.each(moments)('%s: the run goes on to the same bits', async (moment) => {
    const made = await train(async () => {
      for (const words of training[moment]) {
        if ('after' in words) await says('#train', words.after);
        else await loseGpuWhen('#train', words);
      }
    });
    const words = await told();
    expectOurWords(words);
    expect(words.length).toBeGreaterThan(0);
    expect(made).toEqual(whole);
    expect(made.losses).toHaveLength(steps);
    expect(await page.locator('#train').getByText('The GPU was lost').filter({ visible: true }).count()).toBe(
      0
    );
  });

  it('in a conversation: the question is asked again, and the answer is the same', async () => {
    const answers = await ask();
    expect(answers).toHaveLength(2);
    const places = [
      '#chat section.tuned [data-streaming]',
      ...(all ? ['#chat section [data-streaming]', '#chat'] : [])
    ];
    for (const place of places) {
      expect(await ask(() => loseGpuWhen(place, place === '#chat' ? /Answering…/ : /\w/))).toEqual(answers);
      expectOurWords(await told());
    }
  });

  it('while it is measured who made the model: the part begins again, and the shares are the same', async () => {
    const lost = await measure(() => loseGpuWhen('#attribution', /Measuring what rows do/));
    const words = await told();
    expectOurWords(words);
    expect(words).toHaveLength(1);
    if (all) {
      expect(await measure(() => loseGpuWhen('#attribution', /Comparing/))).toEqual(lost);
      expectOurWords(await told());
    }
    expect(await measure()).toEqual(lost);
  });

  it('is asked of nobody else', () => {
    expect(visited.foreign).toEqual([]);
  });
});

describe.skipIf(!processesAreKnown || !all)('a browser that withholds the GPU after it was lost', () => {
  beforeAll(async () => {
    visited = await openWorkshop([]);
    page = visited.page;
  });
  afterAll(async () => visited.context.close());

  it('is asked again, which is told and can be stopped, and the run goes on when it is offered', async () => {
    await start();
    await loseGpuWhen('#train', /Training, step 1 of/);
    await loseGpuWhen('#train', /Training, step 5 of/);
    await page
      .locator('#train')
      .getByRole('status')
      .getByText(/The browser offers none now/)
      .waitFor();
    await waitForPhase(page, 'Done', longWork);
    expect((await told()).filter((each) => !/^The GPU was lost: /.test(each))).toEqual([]);
    // A third one is one too many for this browser.
    await start();
    await loseGpuWhen('#train', /Training, step 6 of/);
    await page
      .locator('#train')
      .getByRole('status')
      .getByText(/The browser offers none now/)
      .waitFor();
    await page
      .locator('#train')
      .getByRole('alert')
      .getByText(/The GPU was lost \d+ times, and since then the browser offers none\. Reload this page/)
      .waitFor({ timeout: longWork });
    await page.getByText(/A run was interrupted\./).waitFor();
    await page.getByRole('button', { name: 'Keep its adapter as it is' }).click();
    await page.getByText(/A run was interrupted\./).waitFor({ state: 'detached' });
  });
});
