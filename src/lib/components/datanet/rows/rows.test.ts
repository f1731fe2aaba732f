import { describe, expect, it } from 'vitest';
import { deferred, fakeClient } from '$lib/components/testing';
import type { DatanetWorker, RowItem, RowQuery, RowView } from '$lib/workers/datanets/protocol';
import { pageRows, RowsState } from './rows.svelte';

function row(key: number, text = `row ${key}`): RowItem {
  return {
    key,
    cid: `cid${key}`,
    content: { text },
    contributor: 'Ines',
    tags: [],
    drafted: false,
    status: 'new',
    length: text.length,
    findings: []
  };
}

/** A worker with `total` rows, whose keys are ten times their places. */
function worker(total: number, asked: { queries: RowQuery[]; pages: number[] }): Partial<DatanetWorker> {
  return {
    view: async (_, query) => {
      asked.queries.push(query);
      return { view: `v${asked.queries.length}`, total };
    },
    items: async (_, from, count) => {
      asked.pages.push(from);
      return Array.from({ length: Math.min(count, total - from) }, (_row, at) => row(10 * (from + at)));
    },
    keys: async () => Uint32Array.from({ length: total }, (_row, at) => 10 * at)
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('rows that are looked at', () => {
  it('come in pieces, only those in sight, each once', async () => {
    const asked = { queries: [] as RowQuery[], pages: [] as number[] };
    const rows = new RowsState(fakeClient<DatanetWorker>(worker(100_000, asked)), { of: 'draft', id: 'a' });
    rows.want(0, 20);
    await rows.search({ text: 'light' });
    expect(rows.total).toBe(100_000);
    expect(asked.queries).toEqual([{ text: 'light' }]);
    rows.want(5, 30);
    rows.want(70_000, 70_020);
    await settled();
    expect(asked.pages).toEqual([0, 70_000]);
    expect(rows.item(70_010)?.key).toBe(700_100);
    expect(rows.item(40_000)).toBeUndefined();
  });

  it('are forgotten when they are far away', async () => {
    const asked = { queries: [] as RowQuery[], pages: [] as number[] };
    const rows = new RowsState(fakeClient<DatanetWorker>(worker(100_000, asked)), { of: 'draft', id: 'a' });
    await rows.search({});
    for (let page = 0; page < 60; page += 1) {
      rows.want(page * pageRows, page * pageRows + 1);
      await settled();
    }
    expect(rows.item(0)).toBeUndefined();
    expect(rows.item(59 * pageRows)?.key).toBe(590 * pageRows);
  });

  it('of an older question are dropped, and so is its failure', async () => {
    const [first, second] = [deferred<RowView>(), deferred<RowView>()];
    const answers = [first, second];
    const rows = new RowsState(
      fakeClient<DatanetWorker>({ view: async () => answers.shift()!.promise, items: async () => [] }),
      { of: 'draft', id: 'a' }
    );
    const older = rows.search({ text: 'a' });
    const newer = rows.search({ text: 'ab' });
    second.resolve({ view: 'new', total: 2 });
    first.reject(new Error('an older question failed'));
    await Promise.all([older, newer]);
    expect(rows.view).toEqual({ view: 'new', total: 2 });
    expect(rows.error).toBeUndefined();
    expect(rows.searching).toBe(false);
  });

  it('show a change at once, and say what failed', async () => {
    const asked = { queries: [] as RowQuery[], pages: [] as number[] };
    const rows = new RowsState(fakeClient<DatanetWorker>(worker(3, asked)), { of: 'draft', id: 'a' });
    rows.want(0, 3);
    await rows.search({});
    rows.replace(row(10, 'changed'));
    expect(rows.item(1)?.content).toEqual({ text: 'changed' });
    const failing = new RowsState(
      fakeClient<DatanetWorker>({
        view: async () => {
          throw new Error('storage is gone');
        }
      }),
      { of: 'draft', id: 'a' }
    );
    await failing.search({});
    expect(failing.error).toMatchObject({ message: 'storage is gone' });
  });
});

describe('rows that are chosen', () => {
  it('are one, a range, or all that the query finds, and stay when the query changes', async () => {
    const asked = { queries: [] as RowQuery[], pages: [] as number[] };
    const rows = new RowsState(fakeClient<DatanetWorker>(worker(200, asked)), { of: 'draft', id: 'a' });
    rows.want(0, 20);
    await rows.search({});
    rows.go(2);
    rows.toggle(2);
    await rows.selectTo(5);
    expect([...rows.selected].sort((a, b) => a - b)).toEqual([20, 30, 40, 50]);
    expect(rows.active).toBe(5);
    rows.toggle(3);
    expect(rows.selected.has(30)).toBe(false);
    await rows.search({ text: 'other' });
    expect(rows.selected.size).toBe(3);
    await rows.selectAll();
    expect(rows.selected.size).toBe(200);
    rows.clearSelection();
    expect(rows.selected.size).toBe(0);
  });

  it('stay within the list when the arrow keys go past its ends', async () => {
    const asked = { queries: [] as RowQuery[], pages: [] as number[] };
    const rows = new RowsState(fakeClient<DatanetWorker>(worker(3, asked)), { of: 'draft', id: 'a' });
    await rows.search({});
    rows.go(99);
    expect(rows.active).toBe(2);
    rows.go(-1);
    expect(rows.active).toBe(0);
  });

  it('leave a row with changes that are not saved only where the person agrees', async () => {
    const asked = { queries: [] as RowQuery[], pages: [] as number[] };
    let agrees = false;
    const client = fakeClient<DatanetWorker>(worker(3, asked));
    const rows = new RowsState(client, { of: 'draft', id: 'a' }, () => agrees);
    await rows.search({});
    rows.go(0);
    rows.unsaved = true;
    rows.go(1);
    expect(rows.active).toBe(0);
    agrees = true;
    rows.go(1);
    expect(rows.active).toBe(1);
  });
});
