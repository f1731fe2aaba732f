/** Runs once before the project `chromium`: says what to do on a machine without any browser. */
import { findBrowser, noBrowserMessage } from '../../tools/browser.mjs';

export async function setup(): Promise<void> {
  if (!(await findBrowser())) throw new Error(noBrowserMessage);
}
