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
  const pauses = await watchPauses(page);
  await page.waitForTimeout(milliseconds);
  return pauses.longest();
}

/** Watches from now on how long the page's own thread does not answer. `longest` ends it, in milliseconds. */
export async function watchPauses(page: Page): Promise<{ longest(): Promise<number> }> {
  const watching = await page.evaluateHandle(() => {
    let last = performance.now();
    let longest = 0;
    const look = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    };
    const timer = setInterval(look, 10);
    return {
      end() {
        look();
        clearInterval(timer);
        return longest;
      }
    };
  });
  return { longest: () => watching.evaluate((each) => each.end()) };
}
