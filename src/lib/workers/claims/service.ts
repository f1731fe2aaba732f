/** All that the page asks about claims, besides signing them. Runs in the data worker. */
import { canonicalJson } from '../../datanets/canonical';
import type { Store } from '../../datanets/store/store';
import { wordsOf } from '../../datanets/trust/words';
import type { Signed } from '../../datanets/trust/statements';
import type { VerifyReport } from '../../datanets/verify/verify';
import { walletsOf } from './people';
import type { ClaimAnchor, ClaimSummary, ClaimWorker, PayoutRecord, Provenance } from './protocol';
import { provenanceOf } from './provenance';
import { reportOf } from './reports';
import { summariseClaims } from './summaries';

/** Called on the page as `client.call((data) => data.claims())`; see `data.worker.ts`. */
export class ClaimService implements ClaimWorker {
  readonly #store: Promise<Store>;
  readonly #now: () => Date;

  constructor(store: Promise<Store>, now: () => Date = () => new Date()) {
    this.#store = store;
    this.#now = now;
    // A database that does not open fails each call that needs it.
    store.catch(() => undefined);
  }

  async claims(): Promise<ClaimSummary[]> {
    return summariseClaims(await this.#store, this.#now());
  }

  /** @throws NotStoredError */
  async claim(cid: string): Promise<{ signed: Signed; words: string[]; report: VerifyReport }> {
    const store = await this.#store;
    const { signed } = await store.statements.get(cid);
    const report = await reportOf(store, canonicalJson(signed), { now: this.#now(), signed });
    return { signed, words: wordsOf(signed.statement), report };
  }

  /** @throws NotStoredError where there is no such adapter */
  async provenance(adapter: string): Promise<Provenance> {
    return provenanceOf(await this.#store, adapter, this.#now());
  }

  /** @throws NotStoredError where the claim is not here */
  async noteAnchor(cid: string, anchor: ClaimAnchor): Promise<void> {
    const store = await this.#store;
    await store.statements.get(cid);
    await store.claims.setAnchor({ ...anchor, cid });
  }

  async payouts(): Promise<PayoutRecord[]> {
    return (await this.#store).claims.payouts();
  }

  async notePayout(payout: PayoutRecord): Promise<void> {
    await (await this.#store).claims.setPayout(payout);
  }

  async walletsOf(contributors: string[]): Promise<Record<string, string>> {
    return walletsOf(await this.#store, contributors);
  }
}
