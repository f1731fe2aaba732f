/** Runs that do not go straight to their end: paused, stopped, cut off, refused. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseStarter, screenshots, secondTab, visit, waitForPhase, type Visit } from './support';

let visited: Visit;
beforeEach(async () => {
  visited = await visit('tune');
  await chooseStarter(visited.page);
});
afterEach(async () => visited.context.close());

const start = () => visited.page.getByRole('button', { name: 'Start training' }).press('Enter');

describe('a run', () => {
  it('pauses, goes on, stops, and leaves an adapter that chats', async () => {
    const { page } = visited;
    await start();
    await waitForPhase(page, /Training, step [2-9]/);
    // The button that was pressed is gone; the focus is where it was.
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('The run');
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = page.getByText(/Paused at step \d+/).first();
    await paused.waitFor();
    const step = await paused.textContent();
    await page.waitForTimeout(1500);
    expect(await paused.textContent()).toBe(step);
    await page.getByRole('button', { name: 'Go on' }).press('Enter');
    await waitForPhase(page, /Training, step/);
    // Other pages can be looked at meanwhile; nothing asks, and nothing is lost.
    await page.getByRole('link', { name: 'Datanets', exact: true }).click();
    await page.getByRole('heading', { name: 'Datanets', exact: true }).waitFor();
    await page.getByRole('link', { name: /^Training, step \d+ of \d+$/ }).click();
    await waitForPhase(page, /Training, step/);
    expect(await page.getByRole('img', { name: /^Loss over \d+ steps/ }).count()).toBe(1);
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
    await page.getByRole('button', { name: 'Stop and keep the adapter' }).click();
    await waitForPhase(page, 'Stopped');
    expect(await page.getByText('A run was interrupted.').count()).toBe(0);
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
