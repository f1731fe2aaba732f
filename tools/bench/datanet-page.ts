/** The page of the Datanet benchmark: drives the data worker as the product's pages do, and watches its own thread. */
import { proxy } from 'comlink';
import type { DatanetFacts } from '../../src/lib/datanets/datanet';
import type { ImportInspection } from '../../src/lib/datanets/import/import';
import { dataClient } from '../../src/lib/workers/clients';
import type { DatanetBenchResult, DatanetStage, StageName } from '../../src/cli/bench/datanet-report';

const facts: DatanetFacts = {
  name: 'Benchmark',
  summary: '',
  description: '',
  tags: [],
  licence: { spdx: 'CC0-1.0' },
  language: 'en',
  purpose: '',
  contact: ''
};

const tick = 10;

/** Watches how long this page's thread, and a worker that is asked something small, leave a person waiting. */
class Watch {
  #pause = 0;
  #answer = 0;
  readonly #timer: ReturnType<typeof setInterval>;
  #asking = false;

  constructor(ask: () => Promise<unknown>) {
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#pause = Math.max(this.#pause, now - last - tick);
      last = now;
      if (this.#asking) return;
      this.#asking = true;
      void ask().finally(() => {
        this.#answer = Math.max(this.#answer, performance.now() - now);
        this.#asking = false;
      });
    }, tick);
  }

  end(): { longestPause: number; slowestAnswer: number } {
    clearInterval(this.#timer);
    return { longestPause: this.#pause, slowestAnswer: this.#answer };
  }
}

/** Runs all stages over one file. */
export async function measureDatanet(file: File, query: string): Promise<DatanetBenchResult> {
  const client = dataClient();
  const ignore = proxy(() => undefined);
  const stages: DatanetStage[] = [];
  const measure = async <T>(stage: StageName, run: () => Promise<T>): Promise<T> => {
    const watch = new Watch(() => client.call((data) => data.person()));
    const started = performance.now();
    try {
      return await run();
    } finally {
      stages.push({ stage, milliseconds: performance.now() - started, ...watch.end() });
    }
  };

  await client.call((data) => data.renamePerson('Benchmark'));
  const { id } = await client.call((data) => data.create(facts));
  const draft = { of: 'draft', id } as const;
  const input = { kind: 'file', file } as const;
  const { mapping } = await client.call(
    // Comlink spreads the union over the promise.
    (data) => data.inspectImport(input) as Promise<ImportInspection>
  );
  const report = await measure('import', () =>
    client.call((data) => data.importInto(id, input, mapping, ignore))
  );
  const checked = await measure('exact duplicates', () =>
    client.call((data) => data.check(draft, { checks: ['exact-duplicate'] }, ignore))
  );
  const near = await measure('near duplicates', () =>
    client.call((data) => data.check(draft, { checks: ['near-duplicate'] }, ignore))
  );
  const found = await measure('search', () =>
    client.call((data) => data.view(draft, { text: query }, ignore))
  );
  await measure('scroll', async () => {
    const all = await client.call((data) => data.view(draft, {}, ignore));
    for (let at = 0; at < all.total; at += Math.ceil(all.total / 50)) {
      await client.call((data) => data.items(all.view, at, 40));
    }
  });
  const root = await measure('version', async () => {
    const prepared = await client.call((data) =>
      data.prepare({ kind: 'version', id, permissioned: false, changes: 'first' }, ignore)
    );
    await client.call((data) => data.sign(prepared.prepared));
    return prepared.statement.kind === 'version' ? prepared.statement.rows.root : '';
  });
  const bundle = await measure('export', () =>
    client.call((data) => data.exportVersion(root, 'datanet', ignore))
  );
  const opened = await measure('open', () => client.call((data) => data.open(bundle, ignore)));
  return {
    rows: report.rows,
    bytes: file.size,
    bundleBytes: bundle.size,
    exactDuplicates: rowsOf(checked.byCheck, 'exact-duplicate'),
    nearDuplicates: rowsOf(near.byCheck, 'near-duplicate'),
    found: found.total,
    root,
    opened: opened.kind,
    stages
  };
}

function rowsOf(byCheck: readonly { check: string; rows: number }[], check: string): number {
  return byCheck.filter((each) => each.check === check).reduce((sum, each) => sum + each.rows, 0);
}
