import { proxy } from 'comlink';
import { SvelteSet } from 'svelte/reactivity';
import type { CheckName, Finding } from '$lib/datanets/checks/finding';
import type { RowItem } from '$lib/workers/datanets/protocol';
import type { DatanetPage } from '../page.svelte';
import { countKinds, kindOf, uniqueBy } from './mask-kinds';

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
  readonly left = new SvelteSet<string>();
  reading = $state(false);
  /** Rows that the last mask changed. */
  changed = $state<number>();
  readonly #page: DatanetPage;

  constructor(page: DatanetPage) {
    this.#page = page;
  }

  /** Kinds that were found, most first. */
  readonly kinds: { kind: string; count: number }[] = $derived.by(() => countKinds(this.findings));

  readonly chosen: Finding[] = $derived.by(() =>
    this.findings.filter((finding) => !this.left.has(kindOf(finding)))
  );

  toggle(kind: string): void {
    if (!this.left.delete(kind)) this.left.add(kind);
  }

  /** Whether a finding would be masked. */
  covers(finding: Finding): boolean {
    return finding.mask !== undefined && !this.left.has(kindOf(finding));
  }

  /** Collects what the last report found. */
  async read(): Promise<void> {
    this.reading = true;
    const rows: RowItem[] = [];
    const findings: Finding[] = [];
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
            findings.push(...found);
            if (found.length > 0 && rows.length < 2 * shownRows) rows.push(item);
          }
        }
      }
    });
    // A row with both a secret and an address is in both views.
    this.rows = uniqueBy(rows, ({ key }) => String(key)).slice(0, shownRows);
    this.findings = uniqueBy(findings, ({ row, span }) => `${row} ${JSON.stringify(span)}`);
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
