/** Runs that do not go straight to their end: paused, stopped, cut off, refused. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { chooseStarter, screenshots, secondTab, visit, waitForPhase, type Visit } from './support';

let visited: Visit;
beforeEach(async () => {
  visited = await visit('tune');
  await chooseStarter(visited.page);
});
afterEach(async () => visited.context.close());

const start = () => visited.page.getByRole('button', { name: 'Start training' }).click();

async function stop(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Stop and keep the adapter' }).click();
  await waitForPhase(page, 'Stopped');
}

describe('a run', () => {
  it('pauses, goes on, stops, and leaves an adapter that chats', async () => {
    const { page } = visited;
    await start();
    await waitForPhase(page, /Training, step [2-9]/);
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = page.getByText(/Paused at step \d+/).first();
    await paused.waitFor();
    const step = await paused.textContent();
    await page.waitForTimeout(1500);
    expect(await paused.textContent()).toBe(step);
    await page.getByRole('button', { name: 'Go on' }).click();
    await waitForPhase(page, /Training, step/);
    await page.getByRole('button', { name: 'Stop and keep the adapter' }).click();
    await waitForPhase(page, 'Stopped');
    await page.getByText(/Stopped at step \d+\. The adapter of that step is saved/).waitFor();
    await page.getByLabel('Your question').fill('Who runs the harbour office?');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page
      .getByRole('region', { name: 'Tuned', exact: true })
      .locator('p.assistant:not([data-streaming])')
      .waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('in another tab is told, and leaves this one free afterwards', async () => {
    const { page } = visited;
    await start();
    await waitForPhase(page, /Training, step/);
    const other = await secondTab(visited, 'tune');
    await other.getByRole('button', { name: 'Start training' }).click();
    await other
      .getByRole('alert')
      .getByText(/Another tab of this browser is training/)
      .waitFor();
    expect(await other.getByText('A run was interrupted').count()).toBe(0);
    await page.getByRole('button', { name: 'Stop and keep the adapter' }).click();
    await waitForPhase(page, 'Stopped');
    await other.getByRole('button', { name: /Start training|Train again/ }).click();
    await waitForPhase(other, /Training, step/);
  });

  it('that a closed tab cut off is offered, and goes on where it was saved', async () => {
    const { page } = visited;
    await start();
    // Past the first state that is saved.
    await waitForPhase(page, /Training, step ([7-9]|\d\d)/);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await page.getByText('A run was interrupted.').waitFor();
    await page.locator('#train').screenshot({ path: `${screenshots}/interrupted-1280-light.png` });
    const button = page.getByRole('button', { name: /^Go on from step \d+$/ });
    const saved = Number(/\d+/.exec((await button.textContent()) ?? '')![0]);
    await button.click();
    await waitForPhase(page, /Training, step/);
    const label = await page.getByRole('progressbar').first().getAttribute('aria-label');
    expect(Number(/step (\d+)/.exec(label ?? '')![1])).toBeGreaterThan(saved);
    await stop(page);
    expect(await page.getByText('A run was interrupted.').count()).toBe(0);
    // It tells of the whole run, not of what came since.
    const sentence = await page.getByText(/Training loss went from/).innerText();
    const [, first, last] = /from ([\d.]+) to ([\d.]+\d)/.exec(sentence.replace(/\s+/g, ' '))!;
    await page.getByText('1 run in this browser').click();
    await page.getByRole('cell', { name: `${first} → ${last}` }).waitFor();
    await page.getByRole('img', { name: `steps: from ${first} to ${last}` }).waitFor();
  });

  it('keeps what it needs from other tabs, and is listed there as what it is', async () => {
    const { page } = visited;
    await start();
    await waitForPhase(page, /Training, step [2-9]/);
    const other = await secondTab(visited, 'tune');
    await other.getByText('1 run in this browser').click();
    await other.getByRole('cell', { name: 'running in another tab' }).waitFor();
    const remove = other.getByRole('button', { name: /^Delete the run of/ });
    expect(await remove.isDisabled()).toBe(true);
    const datanets = await secondTab(visited, 'datanets');
    await datanets.getByRole('button', { name: /^Delete .*Pelhaven/ }).click();
    await datanets.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await datanets
      .getByRole('alert')
      .getByText(/This Datanet is in use: a run goes on that needs it/)
      .waitFor();
    await stop(page);
    await other.reload();
    await other.getByText('1 run in this browser').click();
    await other.getByRole('cell', { name: 'stopped' }).waitFor();
    await remove.click();
    await other.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await other.getByText('1 run in this browser').waitFor({ state: 'detached' });
  });

  it('is saved before a newer Tabtune in another tab gets what this browser keeps', async () => {
    const { page } = visited;
    await start();
    await waitForPhase(page, /Training, step [2-9]/);
    const newer = await secondTab(visited, 'verify');
    const opening = newer.evaluate(
      () =>
        new Promise<number>((resolve, reject) => {
          const request = indexedDB.open('tabtune', 1000);
          request.onsuccess = () => {
            const all = request.result.transaction('adapters').objectStore('adapters').count();
            all.onsuccess = () => resolve(all.result);
          };
          request.onerror = () => reject(new Error(request.error?.message));
        })
    );
    await waitForPhase(page, /Training, step \d\d/);
    await page.getByRole('button', { name: 'Stop and keep the adapter' }).click();
    expect(await opening).toBe(1);
    await page
      .getByText(/newer Tabtune was opened in another tab and has waited .* The adapter is saved/)
      .waitFor();
    expect(await page.locator('#train').innerText()).not.toMatch(/connection is closing/);
  });

  it('leaves its adapter where all that the site keeps is cleared meanwhile', async () => {
    const { page, context } = visited;
    await start();
    await waitForPhase(page, /Training, step ([7-9]|\d\d)/);
    const session = await context.newCDPSession(page);
    const { origin } = new URL(page.url());
    await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb,cache_storage' });
    await waitForPhase(page, /Training, step [1-9]\d/);
    await stop(page);
    await page.getByText(/with all that this site keeps\. It was written anew\./).waitFor();
    await page.getByRole('button', { name: /^Download / }).waitFor();
  });

  it('with a parameter out of its range is not started, and the page says what is allowed', async () => {
    const { page } = visited;
    await page.getByLabel('Learning rate', { exact: true }).fill('1e6');
    await page.getByLabel('Learning rate', { exact: true }).blur();
    await page.getByText('At most 1.').waitFor();
    expect(await page.getByRole('button', { name: 'Start training' }).isDisabled()).toBe(true);
    await page.getByText('Correct the parameters that are marked.').waitFor();
  });
});
