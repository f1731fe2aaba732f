/** Every page in both colour schemes and at both ends of the widths: readable, reachable, and silent. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  chooseStarter,
  expectAccessible,
  expectNoSidewaysScroll,
  firstStarterRow,
  screenshots,
  visit,
  type Visit
} from './support';

let visited: Visit | undefined;
afterEach(async () => {
  await visited?.context.close();
  visited = undefined;
});

const looks = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 360, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' }
] as const;

describe.each(looks)('at $width px, $colorScheme', ({ width, colorScheme }) => {
  const options = { viewport: { width, height: 800 }, colorScheme };
  const shot = (name: string) => `${screenshots}/${name}-${width}-${colorScheme}.png`;

  it('the start page is accessible, fits, and asks nobody else for anything', async () => {
    visited = await visit('', options);
    const { page, complaints, foreign } = visited;
    await page.getByRole('link', { name: 'Fine-tune the starter model' }).waitFor();
    await page.screenshot({ path: shot('home'), fullPage: true });
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
  });

  it('the workshop is accessible and fits, empty and with model and rows', async () => {
    visited = await visit('tune', options);
    const { page, complaints, foreign } = visited;
    await page.getByText('Choose a model first').first().waitFor();
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await chooseStarter(page);
    await page.locator('#data mark').nth(3).waitFor();
    await page.getByRole('img', { name: /^Rows by length/ }).waitFor();
    for (const summary of ['Advanced', 'Paste rows', 'Sampling'])
      await page.getByText(summary, { exact: true }).click();
    await page.screenshot({ path: shot('workshop'), fullPage: true });
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    for (const tab of ['This computer', 'Hugging Face']) {
      await page.getByRole('tab', { name: tab }).click();
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
    }
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
  });
});

it('a link that asks for a run of the starter is asked about, and does nothing by itself', async () => {
  visited = await visit('tune?run=starter');
  const { page } = visited;
  const offer = page.getByRole('region', { name: 'Fine-tune the starter model?' });
  await offer.getByText('Nothing has happened yet.').waitFor();
  expect(new URL(page.url()).search).toBe('');
  await page.getByText('Choose a model first').first().waitFor();
  await page.screenshot({ path: `${screenshots}/starter-offer-1280-light.png` });
  await expectAccessible(page);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await offer.getByRole('button', { name: 'Leave all as it is' }).click();
  await offer.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByText('Choose a model first').first().waitFor();
  expect(await offer.count()).toBe(0);
});

it('the workshop can be walked with the keyboard alone', async () => {
  visited = await visit('tune');
  const { page } = visited;
  await page.getByText('Choose a model first').first().waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
  const reached = new Set<string>();
  for (let press = 0; press < 60; press += 1) {
    await page.keyboard.press('Tab');
    reached.add(
      await page.evaluate(() => {
        const element = document.activeElement;
        if (element === document.body) return '';
        // What has the focus must show it.
        const shadow = element ? getComputedStyle(element).boxShadow : 'none';
        const label = element?.closest('.drop')?.querySelector('label');
        const visible = shadow !== 'none' || (label && getComputedStyle(label).boxShadow !== 'none');
        return `${visible ? '' : 'unseen '}${element?.getAttribute('aria-label') ?? element?.textContent?.trim().slice(0, 40) ?? ''}`;
      })
    );
  }
  expect([...reached].filter((name) => name.startsWith('unseen'))).toEqual([]);
  for (const name of [
    'Starter',
    'Only choose it',
    'Use the starter rows',
    'Advanced',
    'Back to the defaults'
  ]) {
    expect([...reached]).toContain(name);
  }
});

it('a browser without WebGPU is told what to do, and still shows rows', async () => {
  visited = await visit('tune', { withoutWebgpu: true });
  const { page } = visited;
  await page.getByRole('heading', { name: 'This browser cannot train yet' }).waitFor();
  await page
    .getByText(/Chrome or Edge 113/)
    .first()
    .waitFor();
  await chooseStarter(page);
  await page
    .locator('mark', { hasText: (await firstStarterRow()).answer })
    .first()
    .waitFor();
  expect(await page.getByRole('button', { name: 'Start training' }).isDisabled()).toBe(true);
  await page.getByText('Training needs WebGPU: see the note at the top of this page.').waitFor();
  await expectAccessible(page);
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${screenshots}/no-webgpu-1280-light.png` });
});
