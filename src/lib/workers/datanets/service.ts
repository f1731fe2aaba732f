/** All that the page asks about Datanets, put together from the parts that do it. Runs in the data worker. */
import type { Finding } from '../../datanets/checks/finding';
import { rowContent } from '../../datanets/content/cid';
import type { DatanetFacts, Split } from '../../datanets/datanet';
import type { ImportInput, ImportInspection, ImportMapping } from '../../datanets/import/import';
import { inspectImport } from '../../datanets/import/inspect';
import { previewImport } from '../../datanets/import/open';
import type { Policy } from '../../datanets/policy/policy';
import type { RowContent } from '../../datanets/row';
import { sweepImports } from '../../datanets/store/staging';
import type { Store } from '../../datanets/store/store';
import type { Person, WalletSignature } from '../../datanets/trust/statements';
import { StoppedError } from '../../errors';
import type { ChainRequest } from '../../datanets/verify/chain-request';
import { unlessUsed } from '../in-use';
import { usesOf } from '../run-uses';
import { Checking } from './checking';
import { datanetOfCroissant, type DescribedDatanet } from './describing';
import { Drafts } from './drafts';
import { Exchanging } from './exchange';
import { Importing } from './importing';
import type {
  CheckOptions,
  CheckReport,
  DatanetDetail,
  DatanetEvent,
  DatanetSummary,
  DatanetUse,
  DatanetWorker,
  Exchange,
  ExportFormat,
  ImportProblem,
  ImportReport,
  PreparedStatement,
  Received,
  RowChange,
  RowItem,
  RowQuery,
  RowsRef,
  RowView,
  SignedFile,
  StatementRequest,
  VerifyReport,
  VersionDiff,
  WalletLinkItem
} from './protocol';
import { RowsAccess } from './service-rows';
import { detailOf, summarise } from './service-summaries';
import { Splitting } from './splitting';
import { verifyGiven } from './verifying';
import { Versions } from './versions';
import { Views } from './views';

/** The parts, once the database is open. */
interface Parts {
  store: Store;
  rows: RowsAccess;
  drafts: Drafts;
  views: Views;
  importing: Importing;
  checking: Checking;
  splitting: Splitting;
  versions: Versions;
  exchange: Exchanging;
}

type OnEvent = (event: DatanetEvent) => void;

/** Puts the parts together, and clears what imports left that were cut off, and rows that are gone. */
async function assemble(store: Store, locks: LockManager | undefined): Promise<Parts> {
  await sweepImports(store, locks);
  // Nobody waits for space; what cannot be freed now is freed the next time.
  freeSpace(store).catch(() => undefined);
  const rows = new RowsAccess(store);
  const drafts = new Drafts(store, rows);
  return {
    ...{ store, rows, drafts },
    views: new Views(store, rows),
    importing: new Importing(store, drafts, locks),
    checking: new Checking(store, rows, drafts),
    splitting: new Splitting(rows, drafts),
    versions: new Versions(store, rows),
    exchange: new Exchanging({ store, rows, drafts, locks })
  };
}

async function freeSpace(store: Store): Promise<void> {
  for (const { id } of await store.datanets.list()) await store.datanets.freeUnused(id);
}

/** Called on the page as `client.call((data) => data.list())`; see `data.worker.ts`. */
export class DatanetService implements DatanetWorker {
  readonly #parts: Promise<Parts>;
  readonly #locks: LockManager | undefined;
  /** Long calls that go on. */
  readonly #works = new Set<AbortController>();

  /** @param locks tell tabs of each other's imports, and of what they work with; absent where a browser has none */
  constructor(store: Promise<Store>, locks: LockManager | undefined) {
    this.#locks = locks;
    this.#parts = store.then((opened) => assemble(opened, locks));
    // A database that does not open fails each call that needs it.
    this.#parts.catch(() => undefined);
  }

  async person(): Promise<Person> {
    return (await this.#parts).exchange.people.person();
  }

  async renamePerson(name: string): Promise<Person> {
    return (await this.#parts).exchange.people.rename(name);
  }

  async list(): Promise<DatanetSummary[]> {
    const { store } = await this.#parts;
    const me = await this.person();
    return Promise.all((await store.datanets.list()).map((record) => summarise(store, record, me)));
  }

  async detail(id: string): Promise<DatanetDetail> {
    const { store, rows } = await this.#parts;
    return detailOf(store, rows, await store.datanets.get(id), await this.person());
  }

  async create(facts: DatanetFacts): Promise<DatanetSummary> {
    const { store, drafts } = await this.#parts;
    const me = await this.person();
    return summarise(store, await drafts.create(facts, me), me);
  }

  createFromCroissant(files: File[], onEvent: OnEvent): Promise<DescribedDatanet> {
    return this.#long(async (signal, parts) =>
      datanetOfCroissant(parts, files, await this.person(), signal, onEvent)
    );
  }

  async describe(id: string, facts: DatanetFacts): Promise<void> {
    await (await this.#parts).drafts.describe(id, facts);
  }

  async setPolicy(id: string, policy: Policy): Promise<void> {
    await (await this.#parts).drafts.setPolicy(id, policy);
  }

  async remove(id: string): Promise<void> {
    const { store } = await this.#parts;
    const { datanet } = await store.datanets.get(id);
    await unlessUsed(this.#locks, { kind: 'Datanet', id: datanet }, () => store.datanets.remove(id));
  }

  async view(rows: RowsRef, query: RowQuery, onEvent: OnEvent): Promise<RowView> {
    return (await this.#parts).views.view(rows, query, onEvent);
  }

  async items(view: string, from: number, count: number): Promise<RowItem[]> {
    return (await this.#parts).views.items(view, from, count);
  }

  async keys(view: string): Promise<Uint32Array> {
    return (await this.#parts).views.keys(view);
  }

  async addRow(id: string, content: RowContent, change: RowChange & { drafted?: boolean }): Promise<RowItem> {
    const { drafts, views } = await this.#parts;
    return views.item(id, await drafts.addRow(id, content, change, await this.person()));
  }

  async changeRow(id: string, key: number, change: RowChange): Promise<RowItem> {
    const { drafts, views } = await this.#parts;
    await drafts.changeRow(id, key, change);
    return views.item(id, key);
  }

  async removeRows(id: string, keys: number[]): Promise<void> {
    await (await this.#parts).drafts.removeRows(id, keys);
  }

  async tagRows(id: string, keys: number[], add: string[], remove: string[]): Promise<void> {
    await (await this.#parts).drafts.tagRows(id, keys, add, remove);
  }

  inspectImport(input: ImportInput): Promise<ImportInspection> {
    return this.#long((signal) => inspectImport(input, { signal }));
  }

  previewImport(
    input: ImportInput,
    mapping: ImportMapping,
    count: number
  ): Promise<{ rows: RowContent[]; problems: ImportProblem[] }> {
    return this.#long(async (signal) => {
      const { rows, problems } = await previewImport(input, mapping, count, { signal });
      return { rows: rows.map(rowContent), problems };
    });
  }

  importInto(
    id: string,
    input: ImportInput,
    mapping: ImportMapping,
    onEvent: OnEvent
  ): Promise<ImportReport> {
    return this.#long(async (signal, { importing }) =>
      importing.importInto(id, input, mapping, await this.person(), signal, onEvent)
    );
  }

  splitRows(
    id: string,
    shares: Record<Split, number>,
    seed: number,
    onEvent: OnEvent
  ): Promise<Record<Split, number>> {
    return this.#long(async (signal, { splitting }) =>
      splitting.splitRows(id, shares, seed, signal, onEvent)
    );
  }

  check(rows: RowsRef, options: CheckOptions, onEvent: OnEvent): Promise<CheckReport> {
    return this.#long(async (signal, { checking }) => checking.check(rows, options, signal, onEvent));
  }

  async report(rows: RowsRef): Promise<CheckReport | undefined> {
    return (await this.#parts).checking.report(rows);
  }

  async mask(id: string, findings: Finding[]): Promise<number> {
    return (await this.#parts).checking.mask(id, findings);
  }

  prepare(request: StatementRequest, onEvent: OnEvent): Promise<PreparedStatement> {
    return this.#long(async (signal, { exchange }) => exchange.prepare(request, onEvent, signal));
  }

  async sign(prepared: string, wallet?: WalletSignature, chain?: ChainRequest): Promise<SignedFile> {
    return (await this.#parts).exchange.sign(prepared, wallet, chain);
  }

  open(source: File | string, onEvent: OnEvent): Promise<Received> {
    return this.#long(async (signal, { exchange }) => exchange.open(source, onEvent, signal));
  }

  async keep(received: string): Promise<string> {
    return (await this.#parts).exchange.keep(received);
  }

  async exchange(id: string): Promise<Exchange> {
    return (await this.#parts).exchange.exchange(id);
  }

  async walletLinks(): Promise<WalletLinkItem[]> {
    return (await this.#parts).exchange.walletLinks();
  }

  async signedFile(cid: string): Promise<SignedFile> {
    return (await this.#parts).exchange.signedFile(cid);
  }

  diff(from: string, to: string): Promise<VersionDiff> {
    return this.#long(async (signal, { versions }) => versions.diff(from, to, { signal }));
  }

  proof(root: string, key: number): Promise<File> {
    return this.#long(async (signal, { versions }) => versions.proof(root, key, { signal }));
  }

  exportVersion(version: string, format: ExportFormat, onEvent: OnEvent): Promise<File> {
    return this.#long(async (signal, { versions }) => versions.export(version, format, onEvent, signal));
  }

  async cancel(): Promise<void> {
    for (const work of this.#works) work.abort(new StoppedError());
  }

  verify(files: File[], onEvent: OnEvent, chain?: ChainRequest): Promise<VerifyReport[]> {
    return this.#storeless((signal) => verifyGiven(files, onEvent, signal, chain));
  }

  async uses(id: string): Promise<DatanetUse[]> {
    const { store } = await this.#parts;
    return usesOf(store, (await store.datanets.get(id)).datanet);
  }

  /** A call that `cancel` ends. */
  #long<T>(work: (signal: AbortSignal, parts: Parts) => Promise<T>): Promise<T> {
    return this.#storeless(async (signal) => work(signal, await this.#parts));
  }

  /** The same, where a database that does not open is no hindrance. */
  async #storeless<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const control = new AbortController();
    this.#works.add(control);
    try {
      return await work(control.signal);
    } finally {
      this.#works.delete(control);
    }
  }
}
