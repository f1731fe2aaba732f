import { IDBFactory } from 'fake-indexeddb';
import type { DatanetFacts } from '../../datanets/datanet';
import { openDB, type IDBPDatabase } from 'idb';
import { canonicalJson } from '../../datanets/canonical';
import type { DatanetRecord } from '../../datanets/store/datanet-schema';
import { DATABASE_NAME, Store } from '../../datanets/store/store';
import { readSigned, signStatement } from '../../datanets/trust/sign';
import type { Person, Statement, StatementKind } from '../../datanets/trust/statements';
import { statementRecord } from './exchange-lookup';
import { Drafts } from './drafts';
import { Exchanging } from './exchange';
import type { Received, SignedFile, StatementRequest } from './protocol';
import { RowsAccess } from './service-rows';

/** What tests of the exchange between people share. */

export const FACTS: DatanetFacts = {
  name: 'Pelhaven',
  summary: 'Questions about a harbour town',
  description: '',
  tags: [],
  licence: { spdx: 'CC-BY-4.0' },
  language: 'en',
  purpose: '',
  contact: ''
};

const ignore = () => undefined;

/** A person with a browser of their own: another database, other keys. */
export class Browser {
  readonly store: Store;
  readonly rows: RowsAccess;
  readonly drafts: Drafts;
  readonly exchange: Exchanging;
  person!: Person;
  #factory!: IDBFactory;
  /** What the clock of this browser shows: far ahead, as some parts look at the real one. */
  now = new Date('2126-11-24T09:30:00.000Z');

  private constructor(store: Store) {
    this.store = store;
    this.rows = new RowsAccess(store);
    this.drafts = new Drafts(store, this.rows);
    this.exchange = new Exchanging({
      ...{ store, rows: this.rows, drafts: this.drafts, locks: undefined },
      now: () => this.now
    });
  }

  static async of(name: string): Promise<Browser> {
    const browser = await Browser.nameless();
    browser.person = await browser.exchange.people.rename(name);
    return browser;
  }

  static async nameless(): Promise<Browser> {
    globalThis.indexedDB = new IDBFactory();
    const browser = new Browser(await Store.open());
    browser.#factory = globalThis.indexedDB;
    browser.person = await browser.exchange.people.person();
    return browser;
  }

  async create(facts: DatanetFacts = FACTS): Promise<string> {
    return (await this.drafts.create(facts, this.person)).id;
  }

  async write(id: string, ...texts: string[]): Promise<void> {
    for (const text of texts) await this.drafts.addRow(id, { text }, {}, this.person);
  }

  async sign(request: StatementRequest): Promise<SignedFile> {
    const { prepared } = await this.exchange.prepare(request, ignore);
    return this.exchange.sign(prepared);
  }

  open(source: File | string): Promise<Received> {
    return this.exchange.open(source, ignore);
  }

  /** Opens and takes in. @returns the local id */
  async take(file: SignedFile): Promise<string> {
    return this.exchange.keep((await this.open(file.file)).received);
  }

  /** Texts of the draft, in order. */
  async texts(id: string): Promise<string[]> {
    const texts: string[] = [];
    for await (const { content } of this.rows.stream(await this.rows.open({ of: 'draft', id }))) {
      texts.push('text' in content ? content.text : '');
    }
    return texts;
  }

  /** Texts of a version, by its root. */
  async versionTexts(root: string): Promise<string[]> {
    const texts: string[] = [];
    for await (const { content } of this.rows.stream(await this.rows.open({ of: 'version', root }))) {
      texts.push('text' in content ? content.text : '');
    }
    return texts;
  }

  async count(datanet: string, kind: StatementKind): Promise<number> {
    return (await this.store.statements.of(datanet, kind)).length;
  }

  /** Signs any statement with this person's keys, as somebody would who does not use the page. */
  async signAs(said: StatementSaid): Promise<File> {
    const identity = await this.exchange.people.identity();
    const statement = { ...said, by: identity.person, created: this.now.toISOString() } as Statement;
    return new File([canonicalJson(await signStatement(identity, statement))], 'x.tabtune.json');
  }

  /** Puts a signed statement into the store without asking whether it belongs there. */
  async keepStatementOf({ file }: SignedFile): Promise<void> {
    await this.store.statements.add(statementRecord(await readSigned(await file.text())));
  }

  /** Loses statements of one kind. */
  async forgetStatements(id: string, kind: StatementKind): Promise<void> {
    const { datanet } = await this.store.datanets.get(id);
    const gone = await this.store.statements.of(datanet, kind);
    await this.#raw(async (db) => {
      for (const { cid } of gone) await db.delete('statements', cid);
    });
  }

  /** Gives a Datanet the id of another. */
  async renameDatanet(id: string, datanet: string): Promise<void> {
    await this.#raw(async (db) => {
      const record = (await db.get('datanets', id)) as DatanetRecord;
      await db.put('datanets', { ...record, datanet });
    });
  }

  /** All that is stored. */
  dump(): Promise<unknown[]> {
    return this.#raw(async (db) => {
      const all: unknown[] = [];
      for (const name of db.objectStoreNames) all.push(...((await db.getAll(name)) as unknown[]));
      return all;
    });
  }

  async #raw<T>(work: (db: IDBPDatabase) => Promise<T>): Promise<T> {
    globalThis.indexedDB = this.#factory;
    const db = await openDB(DATABASE_NAME);
    try {
      return await work(db);
    } finally {
      db.close();
    }
  }
}

type StatementSaid = {
  [K in StatementKind]: Omit<Extract<Statement, { kind: K }>, 'by' | 'created'>;
}[StatementKind];
