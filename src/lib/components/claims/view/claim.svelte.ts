import { PageWallet } from '$lib/components/claims/wallet/page-wallet.svelte';
import { openWallet } from '$lib/components/datanet/sign/wallet-signature';
import { Signing } from '$lib/components/datanet/sign/signing.svelte';
import { TabtuneError } from '$lib/errors';
import type { Signed } from '$lib/datanets/trust/statements';
import type { VerifyReport } from '$lib/datanets/verify/verify';
import type { WalletConnection } from '$lib/wallet/connection';
import type { WorkerClient } from '$lib/workers/client';
import type { ClaimSummary, ClaimWorker, PayoutRecord } from '$lib/workers/claims/protocol';
import type { DatanetWorker, SignedFile } from '$lib/workers/datanets/protocol';
import { ActionFlow } from '../action/flow.svelte';

/** No claim is kept here under the CID of the address. */
export class NoSuchClaimError extends TabtuneError {}

export type ClaimClient = WorkerClient<ClaimWorker & DatanetWorker>;

export interface ClaimDetail {
  summary: ClaimSummary;
  signed: Signed;
  words: string[];
  report: VerifyReport;
  /** To hand over. */
  file: SignedFile;
  /** Made from it, where it is a receipt. */
  payouts: PayoutRecord[];
}

/** One claim, as its page and every part of it see it. */
export class ClaimState {
  readonly cid: string;
  readonly client: ClaimClient;
  /** Asks for signatures; its dialog is mounted once, by the page. */
  readonly signing: Signing;
  /** Sends transactions; its dialog is mounted once, by the page. */
  readonly flow = new ActionFlow();
  /** For what is done on a chain, and for what only a wallet signs. */
  readonly wallet: PageWallet<WalletConnection>;
  detail = $state.raw<ClaimDetail>();
  error = $state.raw<unknown>();

  constructor(client: ClaimClient, cid: string) {
    this.client = client;
    this.cid = cid;
    this.signing = new Signing(client);
    this.wallet = new PageWallet(openWallet);
  }

  /** Reads the claim anew. Call it after anything that changed it. */
  async reload(): Promise<void> {
    try {
      const [claims, payouts] = await Promise.all([
        this.client.call((worker) => worker.claims()),
        this.client.call((worker) => worker.payouts())
      ]);
      const summary = claims.find(({ cid }) => cid === this.cid);
      if (!summary) {
        throw new NoSuchClaimError(
          'This claim is not in this browser. Open its file or link under Datanets to keep it here.',
          { details: { cid: this.cid } }
        );
      }
      const [kept, file] = await Promise.all([
        this.client.call((worker) => worker.claim(this.cid)),
        this.client.call((worker) => worker.signedFile(this.cid))
      ]);
      this.detail = {
        ...kept,
        ...{ summary, file },
        payouts: payouts.filter(({ receipt }) => receipt === this.cid)
      };
    } catch (error) {
      this.error = error;
    }
  }

  /** The page is left. */
  end(): void {
    this.wallet.close();
    this.client.end();
  }
}
