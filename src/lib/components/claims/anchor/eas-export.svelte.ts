import type { OffchainDomain, PreparedOffchain } from '$lib/attribution/claims/eas-offchain';
import { fileName } from '$lib/components/adapters/adapters.svelte';
import type { WalletStatement } from '$lib/attribution/claims/typed-data';
import type { Signed } from '$lib/datanets/trust/statements';
import type { WalletAccount } from '$lib/wallet/connection';
import { attestationNow } from './offchain';
import type { PageConnection, PageWallet } from '../wallet/page-wallet.svelte';

export type ExportStage = 'closed' | 'preparing' | 'asking' | 'signing' | 'signed' | 'failed';

/** An off-chain attestation of a claim: shown field by field, signed by the wallet, and given as a file. */
export class EasExport {
  stage = $state<ExportStage>('closed');
  prepared = $state.raw<PreparedOffchain>();
  /** Whose wallet signs it, where. */
  shown = $state.raw<WalletAccount>();
  file = $state.raw<File>();
  error = $state.raw<unknown>();
  readonly #wallet: PageWallet<PageConnection>;
  /** What comes of a question that was closed is dropped. */
  #turn = 0;

  constructor(wallet: PageWallet<PageConnection>) {
    this.#wallet = wallet;
  }

  get open(): boolean {
    return this.stage !== 'closed';
  }

  /** Makes the attestation, to be shown. Nothing is signed. */
  async ask(claim: Signed<WalletStatement>, domain: OffchainDomain): Promise<void> {
    if (this.open) return;
    const turn = ++this.#turn;
    this.stage = 'preparing';
    this.error = undefined;
    this.file = undefined;
    try {
      this.shown = this.#wallet.connected().account;
      const prepared = await attestationNow(claim, domain);
      if (turn !== this.#turn) return;
      this.prepared = prepared;
      this.stage = 'asking';
    } catch (error) {
      if (turn !== this.#turn) return;
      this.error = error;
      this.stage = 'failed';
    }
  }

  /** The person agrees to what is shown. Where the wallet does not, it is still there. @param title for the file */
  async sign(title: string): Promise<void> {
    const { prepared, shown } = this;
    if (this.stage !== 'asking' || !prepared || !shown) return;
    this.stage = 'signing';
    this.error = undefined;
    try {
      const value = await this.#wallet.use(shown, (connection) =>
        connection.sign(prepared.typedData, shown.address)
      );
      const { offchainFile } = await import('$lib/attribution/claims/eas-offchain');
      const json = JSON.stringify(await offchainFile(prepared, shown.address, value), undefined, 2);
      this.file = new File([json], `${fileName(title)}.eas.json`, { type: 'application/json' });
      this.stage = 'signed';
    } catch (error) {
      this.error = error;
      this.stage = 'asking';
    }
  }

  close(): void {
    if (this.stage === 'signing') return;
    this.#turn += 1;
    this.stage = 'closed';
  }
}
