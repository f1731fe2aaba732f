import { proxy } from 'comlink';
import type { CheckName, Finding } from '$lib/datanets/checks/finding';
import type { RowItem } from '$lib/workers/datanets/protocol';
import type { DatanetPage } from '../page.svelte';

/** Rows that are fetched at once, and rows that are shown. */
const batchRows = 200;
const shownRows = 20;

/** Checks whose findings can be masked. */
export const maskable: readonly CheckName[] = ['personal-data', 'secret'];

/** What would be masked in a draft: all of it counted, the first rows shown. */
export class Masking {
  /** Rows with something to mask: the first of them. */
  rows = $state.raw<RowItem[]>([]);
  findings = $state.raw<Finding[]>([]);
  /** Kinds (`email`, `iban`…) that are left as they are. */
  left = $state.raw<ReadonlySet<string>>(new Set());
  reading = $state(false);
  /** Rows that the last mask changed. */
  changed = $state<number>();
  readonly #page: DatanetPage;

  constructor(page: DatanetPage) {
    this.#page = page;
  }

  /** Kinds that were found, most first. */
  readonly kinds: { kind: string; count: number }[] = $derived.by(() => {
    const counts = new Map<string, number>();
    for (const { kind, check } of this.findings)
      counts.set(kind ?? check, (counts.get(kind ?? check) ?? 0) + 1);
    return [...counts].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count);
  });

  readonly chosen: Finding[] = $derived.by(() =>
    this.findings.filter(({ kind, check }) => !this.left.has(kind ?? check))
  );

  toggle(kind: string): void {
    const left = new Set(this.left);
    if (!left.delete(kind)) left.add(kind);
    this.left = left;
  }

  /** Whether a finding would be masked. */
  covers(finding: Finding): boolean {
    return finding.mask !== undefined && !this.left.has(finding.kind ?? finding.check);
  }

  /** Collects what the last report found. */
  async read(): Promise<void> {
    this.reading = true;
    const rows = new Map<number, RowItem>();
    const findings = new Map<string, Finding>();
    await this.#page.attempt(async (datanets) => {
      for (const check of maskable) {
        const view = await datanets.view(
          { of: 'draft', id: this.#page.id },
          { finding: check },
          proxy(() => undefined)
        );
        for (let from = 0; from < view.total; from += batchRows) {
          for (const item of await datanets.items(view.view, from, batchRows)) {
            const found = item.findings.filter(({ mask, span }) => mask !== undefined && span !== undefined);
            // A row with both a secret and an address is in both views.
            for (const finding of found) findings.set(`${item.key} ${JSON.stringify(finding.span)}`, finding);
            if (found.length > 0 && rows.size < shownRows) rows.set(item.key, item);
          }
        }
      }
    });
    this.rows = [...rows.values()];
    this.findings = [...findings.values()];
    this.reading = false;
  }

  /** Masks what is chosen. Gives false where it failed, which the page shows. */
  async mask(): Promise<boolean> {
    const findings = this.chosen;
    const changed = await this.#page.attempt((datanets) => datanets.mask(this.#page.id, findings));
    if (changed === undefined) return false;
    this.changed = changed;
    this.rows = [];
    this.findings = [];
    return true;
  }
}
