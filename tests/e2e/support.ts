/** What the journeys share: a page in a fresh browser, and what every page must keep to. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type axeCore from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import { launchBrowser, type LaunchOptions } from '../support/browser';

export const screenshots = 'test-results/screenshots';

export interface Visit {
  context: BrowserContext;
  page: Page;
  /** What went wrong in the page, as its console says. */
  complaints: string[];
  /** Requests to anywhere but this site. */
  foreign: string[];
}

/** Opens the site in a browser of its own. Close `context` when done. */
export async function visit(path: string, options: LaunchOptions = {}): Promise<Visit> {
  const context = await launchBrowser(options);
  const complaints: string[] = [];
  const foreign: string[] = [];
  const site = new URL(inject('siteUrl')).origin;
  context.on('request', (request) => {
    const address = request.url();
    if (!address.startsWith(site) && !/^(data|blob):/.test(address)) foreign.push(address);
  });
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(error.error().message));
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(60_000);
  await page.goto(inject('siteUrl') + path);
  return { context, page, complaints, foreign };
}

/** Opens the site in another tab of the same browser. */
export async function secondTab({ context }: Visit, path: string): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(inject('siteUrl') + path);
  return page;
}

/** Chooses the starter model and brings its Datanet. */
export async function chooseStarter(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Only choose it' }).click();
  await page.locator('#model').getByText('tabtune-starter').waitFor();
  await page.getByRole('button', { name: 'Use the starter rows' }).click();
  await page.getByRole('checkbox', { name: /Pelhaven/, checked: true }).waitFor();
}

/** Question and answer of the first row of the starter's Datanet. */
export async function firstStarterRow(): Promise<{ question: string; answer: string }> {
  const rows = await readFile('tools/starter/datanet/rows.jsonl', 'utf8');
  const [first] = rows.split('\n');
  const [question, answer] = (JSON.parse(first) as { messages: { content: string }[] }).messages;
  return { question: question.content, answer: answer.content };
}

/** Fails with every accessibility violation that axe finds, each with where it is. */
export async function expectAccessible(page: Page): Promise<void> {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Through the debugger, as the page's own policy rightly refuses foreign scripts.
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const runner = (window as unknown as { axe: typeof axeCore }).axe;
    const results = await runner.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    });
    return results.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`
    );
  });
  expect(violations).toEqual([]);
}

/** Fails where the page is wider than its window, naming what sticks out. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const culprits = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > width + 0.5)
      .map((element) => `${element.tagName}.${element.className} ${element.getBoundingClientRect().right}`);
  });
  expect(culprits).toEqual([]);
}

/** Milliseconds that training or measuring may take on a machine that has much else to do. */
export const longWork = 500_000;

/** Waits until the progress of the run says `label`; fails at once with what the page reports instead. */
export async function waitForPhase(page: Page, label: string | RegExp, timeout = 120_000): Promise<void> {
  const train = page.locator('#train');
  const reached = train.getByText(label).filter({ visible: true }).first();
  const alert = train.getByRole('alert').first();
  await reached.or(alert).first().waitFor({ timeout });
  if (await alert.isVisible()) throw new Error(`The page reports: ${await alert.textContent()}`);
}

/** The longest time in milliseconds that the page's own thread did not answer while it was watched. */
export async function longestPause(page: Page, milliseconds: number): Promise<number> {
  return page.evaluate(
    (duration) =>
      new Promise<number>((resolve) => {
        const begin = performance.now();
        let last = begin;
        let longest = 0;
        const timer = setInterval(() => {
          const now = performance.now();
          longest = Math.max(longest, now - last);
          last = now;
          if (now - begin < duration) return;
          clearInterval(timer);
          resolve(longest);
        }, 20);
      }),
    milliseconds
  );
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** What the event took of its thread's own time, in microseconds; waiting for a core is not in it. */
  tdur?: number;
  args: { name?: string };
}

/**
 * The longest time in milliseconds that the page's own thread was at one task while `work` was done: nothing that the
 * person does is answered meanwhile. Of the thread's own time, so that a busy machine changes nothing.
 */
export async function longestTask(page: Page, work: () => Promise<void>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as TraceEvent[])));
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline'] }
  });
  await work();
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  const key = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const pages = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(key)
  );
  const tasks = events.filter((event) => /RunTask$/.test(event.name) && pages.has(key(event)));
  expect(tasks.length).toBeGreaterThan(0);
  return Math.max(...tasks.map(({ tdur }) => (tdur ?? 0) / 1000));
}
