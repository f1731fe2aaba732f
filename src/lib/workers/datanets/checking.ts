/** Checks of drafts, versions and proposals, the reports that they leave, and masks over what they found. */
import type { KeyedRow } from '../../datanets/checks/check';
import { rowChecks, runChecks, type CheckContext, type RunOptions } from '../../datanets/checks/checks';
import type { CheckName, Finding } from '../../datanets/checks/finding';
import { maskContent } from '../../datanets/checks/mask';
import type { CheckReport } from '../../datanets/checks/report';
import type { Licence } from '../../datanets/datanet';
import type { DatanetRecord } from '../../datanets/store/datanet-schema';
import type { Store } from '../../datanets/store/store';
import { requireRow, type Drafts } from './drafts';
import type { CheckOptions, DatanetEvent, RowsRef } from './protocol';
import { openShown } from './service-access';
import { datanetRow, type OpenRows, type RowsAccess } from './service-rows';

/** The checks whose findings have masks. */
const MASKED: readonly CheckName[] = ['personal-data', 'secret', 'hidden-characters'];

export class Checking {
  readonly #store: Store;
  readonly #rows: RowsAccess;
  readonly #drafts: Drafts;

  constructor(store: Store, rows: RowsAccess, drafts: Drafts) {
    this.#store = store;
    this.#rows = rows;
    this.#drafts = drafts;
  }

  /**
   * Checks rows and keeps what was found; a report before goes. A proposal is compared with the draft it is meant for as
   * well. Cancelled, the report before stays.
   * @throws RowsNotShownError, NotStoredError, the signal's reason, and what `runChecks` throws
   */
  async check(
    ref: RowsRef,
    options: CheckOptions,
    signal: AbortSignal,
    onEvent: (event: DatanetEvent) => void
  ): Promise<CheckReport> {
    const tell = (phase: 'opening' | 'checking') => (done: number, total: number) =>
      onEvent({ phase, done, total });
    const rows = await openShown(this.#store, this.#rows, ref, { signal, onProgress: tell('opening') });
    const record = await this.#store.datanets.get(rows.datanet);
    const { report, findings } = await runChecks(this.#keyed(rows), {
      ...(await this.#context(record)),
      ...options,
      count: rows.table.count,
      against: await this.#against(ref, record),
      signal,
      onProgress: tell('checking')
    });
    await this.#store.tables.setReport({
      ...rows.ref,
      datanet: rows.datanet,
      ...(ref.of === 'draft' ? { rowsRevision: rows.seen } : {}),
      report: { ...report },
      findings
    });
    return report;
  }

  /** The last report on these rows. @throws RowsNotShownError, NotStoredError */
  async report(ref: RowsRef): Promise<CheckReport | undefined> {
    const rows = await openShown(this.#store, this.#rows, ref);
    const kept = await this.#store.tables.report(rows.ref);
    return kept?.report as CheckReport | undefined;
  }

  /**
   * Masks what findings point at, in all their rows or in none.
   * @returns how many rows changed
   * @throws StaleFindingError where a row is not what it was when it was checked
   */
  async mask(id: string, findings: readonly Finding[]): Promise<number> {
    const byRow = new Map<number, Finding[]>();
    for (const finding of findings) byRow.set(finding.row, [...(byRow.get(finding.row) ?? []), finding]);
    const context = await this.#context(await this.#store.datanets.get(id));
    const check = await rowChecks({ ...context, checks: MASKED });
    return this.#drafts.edit(id, 'the masked rows', async ({ table, packer, stale }) => {
      const rows = await this.#rows.open({ of: 'draft', id });
      let changed = 0;
      for (const [key, found] of byRow) {
        const index = table.indexOf(key);
        // Somebody removed it meanwhile, and with it what was to be masked.
        if (index < 0) continue;
        const entry = table.at(index);
        const content = await rows.content(entry);
        const masked = maskContent(content, found, (row) => check({ key, row }));
        if (masked === content) continue;
        requireRow(datanetRow(entry, masked));
        table.update(index, packer.add(masked), entry);
        stale.add(key);
        changed += 1;
      }
      return changed;
    });
  }

  async #context(record: DatanetRecord): Promise<Omit<CheckContext, 'checks'>> {
    const contributions = await this.#store.statements.of(record.datanet, 'contribution');
    const licences = contributions.map(({ cid, signed }): [string, Licence] => [
      cid,
      signed.statement.licence
    ]);
    return {
      datanet: { facts: record.facts, policy: record.policy },
      contributions: new Map(licences)
    };
  }

  /** The draft that a proposal would go into, without what of the proposal is in it already. */
  async #against(ref: RowsRef, record: DatanetRecord): Promise<RunOptions['against']> {
    if (ref.of !== 'proposal' || record.role !== 'owner') return undefined;
    const draft = await this.#rows.open({ of: 'draft', id: record.id });
    return {
      rows: this.#keyed(draft, ref.contribution),
      count: draft.table.count
    };
  }

  async *#keyed(rows: OpenRows, without?: string): AsyncGenerator<KeyedRow> {
    // Rows of a proposal learn of their contribution as they are approved; its licence is theirs before.
    const proposed = rows.ref.of === 'proposal' ? rows.ref.name : undefined;
    for await (const { entry, content } of this.#rows.stream(rows)) {
      if (without !== undefined && entry.contribution === without) continue;
      const { contribution = proposed } = entry;
      yield { key: entry.key, row: datanetRow({ ...entry, contribution }, content), digest: entry.digest };
    }
  }
}
