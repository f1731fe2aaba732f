/** Wallets of the journeys: real keys over real chains in this process, announced to pages as any is (EIP-6963). */
import type { Page, Response } from 'playwright-core';
import type { AnvilWallet } from '../support/anvil-wallet';
import type { Visit } from './support';

export interface InstalledWallet {
  wallet: AnvilWallet;
  /** What the person does in the wallet while it asks: called once. */
  meanwhile?: (() => void) | undefined;
  /** The person locks the wallet: pages see no account any more. */
  lock(): void;
}

interface WalletScope {
  walletRequest(json: string): Promise<string>;
  walletEmit?: (event: string, value: unknown) => void;
}

/** Announces a wallet in every page of the browser. Its keys and its way to the chains stay in this process. */
export async function installWallet(
  { context, page }: Visit,
  wallet: AnvilWallet,
  name = 'Test Wallet'
): Promise<InstalledWallet> {
  /** Pages know of an event before the answer to what they asked for arrives. */
  let telling: Promise<unknown>[] = [];
  const tell = (event: string, value: unknown) => {
    for (const each of context.pages()) {
      telling.push(
        each.evaluate(
          ([name, told]) => (window as unknown as WalletScope).walletEmit?.(name as string, told),
          [event, value]
        )
      );
    }
  };
  for (const event of ['accountsChanged', 'chainChanged']) wallet.on(event, (value) => tell(event, value));
  const installed: InstalledWallet = {
    wallet,
    lock() {
      wallet.accounts = [];
      tell('accountsChanged', []);
    }
  };
  await context.exposeFunction('walletRequest', async (json: string) => {
    const request = JSON.parse(json) as { method: string; params?: unknown };
    try {
      const answer = await wallet.request(request);
      const { meanwhile } = installed;
      if (meanwhile && /^eth_(sign|send)/.test(request.method)) {
        installed.meanwhile = undefined;
        meanwhile();
      }
      await Promise.all(telling);
      telling = [];
      return JSON.stringify({ answer: answer ?? null });
    } catch (failed) {
      const { code, message, data } = failed as { code?: number; message: string; data?: unknown };
      return JSON.stringify({ failed: { code: code ?? -32603, message, data } });
    }
  });
  await context.addInitScript(announceWallet, name);
  await page.reload();
  return installed;
}

/** Runs in the page. */
function announceWallet(name: string): void {
  const scope = window as unknown as WalletScope;
  const listeners = new Map<string, Set<(value: unknown) => void>>();
  const provider = {
    on(event: string, listener: (value: unknown) => void) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
      return provider;
    },
    removeListener(event: string, listener: (value: unknown) => void) {
      listeners.get(event)?.delete(listener);
      return provider;
    },
    async request(request: { method: string; params?: unknown[] }) {
      const { answer, failed } = JSON.parse(await scope.walletRequest(JSON.stringify(request))) as {
        answer?: unknown;
        failed?: { code: number; message: string; data?: unknown };
      };
      if (failed) throw Object.assign(new Error(failed.message), failed);
      return answer;
    }
  };
  scope.walletEmit = (event, value) => {
    for (const listener of listeners.get(event) ?? []) listener(value);
  };
  const info = { uuid: crypto.randomUUID(), name, icon: 'data:,', rdns: 'org.example.wallet' };
  const announce = () =>
    window.dispatchEvent(
      new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) })
    );
  window.addEventListener('eip6963:requestProvider', announce);
  announce();
}

/** Whether any script that a page loaded so far is of the wallet library. */
export async function loadedWalletCode(responses: readonly Response[]): Promise<boolean> {
  const scripts = responses.filter((response) => new URL(response.url()).pathname.endsWith('.js'));
  const texts = await Promise.all(scripts.map((response) => response.text().catch(() => '')));
  return texts.some((text) => text.includes('eth_signTypedData_v4'));
}

/** Has a wallet sign, too, in the open dialog: chooses and connects it. */
export async function connectInDialog(page: Page, name = 'Test Wallet'): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name }).check();
  await dialog.getByRole('button', { name: `Connect ${name}` }).click();
  await dialog.getByRole('status').getByText('signs, too.').waitFor();
}
