/** All that passes between people about Datanets: who one is, what one signs, what comes in, what was said so far. */
import type { DatanetRecord, StatementRecord } from '../../datanets/store/datanet-schema';
import { datanetOf, isUnasked } from '../../datanets/store/statement-store';
import type { Store } from '../../datanets/store/store';
import type { Signed, WalletSignature } from '../../datanets/trust/statements';
import type { ChainRequest } from '../../datanets/verify/chain-request';
import type { Drafts } from './drafts';
import { signedFile } from './exchange-files';
import { NotFittingError } from './exchange-lookup';
import { People } from './exchange-people';
import type {
  DatanetEvent,
  Exchange,
  PreparedStatement,
  Proposal,
  Received,
  ShownWallet,
  SignedFile,
  StatementRequest,
  WalletLinkItem
} from './protocol';
import { Receiving } from './receiving';
import type { RowsAccess } from './service-rows';
import { Signing } from './signing';

type OnEvent = (event: DatanetEvent) => void;

export interface ExchangeParts {
  store: Store;
  rows: RowsAccess;
  drafts: Drafts;
  /** Tell other tabs that an import goes on. */
  locks: LockManager | undefined;
  now?: () => Date;
}

export class Exchanging {
  readonly people: People;
  readonly #store: Store;
  readonly #signing: Signing;
  readonly #receiving: Receiving;

  constructor({ store, rows, drafts, locks, now = () => new Date() }: ExchangeParts) {
    this.people = new People(store);
    this.#store = store;
    this.#signing = new Signing({ store, rows, drafts }, this.people, now);
    this.#receiving = new Receiving({ store, drafts, locks }, this.people, now);
  }

  prepare(request: StatementRequest, onEvent: OnEvent, signal?: AbortSignal): Promise<PreparedStatement> {
    return this.#signing.prepare(request, onEvent, signal);
  }

  sign(prepared: string, wallet?: WalletSignature, chain?: ChainRequest): Promise<SignedFile> {
    return this.#signing.sign(prepared, wallet, chain);
  }

  open(source: File | string, onEvent: OnEvent, signal?: AbortSignal): Promise<Received> {
    return this.#receiving.open(source, onEvent, signal);
  }

  keep(received: string): Promise<string> {
    return this.#receiving.keep(received);
  }

  /** What was said about a Datanet, as far as it concerns this browser's person in this role. */
  async exchange(id: string): Promise<Exchange> {
    const record = await this.#store.datanets.get(id);
    const person = await this.people.person();
    const all = await this.#statements(record);
    const owner = record.owner.id;
    const by = ({ signed }: { signed: Signed }, who: string) => signed.statement.by.id === who;
    const mine = record.role === 'owner' ? () => true : (each: { signed: Signed }) => by(each, person.id);
    const withCid = <S extends Signed>({ cid, signed }: { cid: string; signed: S }) => ({ ...signed, cid });

    const decisions = new Map(
      all.decision
        .filter((each) => by(each, owner))
        .map((each) => [each.signed.statement.contribution, withCid(each)])
    );
    const withdrawals = new Map(
      all.withdrawal.map((each) => [
        `${each.signed.statement.contribution} ${each.signed.statement.by.id}`,
        withCid(each)
      ])
    );
    // Of a refusal and a grant, the grant is the last word.
    const answers = new Map(
      [
        ...all.refusal.filter((each) => by(each, owner)).map(withCid),
        ...all['access-grant'].filter((each) => by(each, owner)).map(withCid)
      ].map((answer) => [answer.statement.request, answer])
    );
    const revocations = new Map(
      all.revocation
        .filter((each) => by(each, owner))
        .map((each) => [each.signed.statement.grant, withCid(each)])
    );
    const links = await this.walletLinks();
    // What a retraction takes back belongs to no Datanet by itself.
    const retracted = new Set(
      (await this.#store.statements.of('', 'retraction')).map(
        ({ signed: { statement } }) => `${statement.claim} ${statement.by.id}`
      )
    );
    const walletsOf = (record: Pick<StatementRecord, 'signed' | 'walletHolds'>): ShownWallet[] => {
      const { statement, wallet } = record.signed;
      const linked = links
        .filter((link) => link.by.id === statement.by.id)
        .map(({ address, unasked }) => ({ address, linked: true, unasked: unasked ?? false }));
      const beside = wallet ? [{ address: wallet.address, linked: false, unasked: isUnasked(record) }] : [];
      // Of what is said of an address, what says most is shown.
      const shown = [...linked, ...beside].sort((a, b) => Number(a.unasked) - Number(b.unasked));
      return shown.filter(({ address }, at) => shown.findIndex((each) => each.address === address) === at);
    };
    return {
      invitations: all.invitation.filter((each) => by(each, owner)).map(withCid),
      proposals: all.contribution.filter(mine).map((record): Proposal => {
        const { cid, received } = record;
        const { statement } = record.signed;
        const decision = decisions.get(cid);
        const withdrawn = withdrawals.get(`${cid} ${statement.by.id}`);
        return {
          ...{ contribution: cid, statement, received, wallets: walletsOf(record) },
          ...(decision ? { decision } : {}),
          ...(withdrawn ? { withdrawn } : {})
        };
      }),
      requests: all['access-request'].filter(mine).map((each) => {
        const answer = answers.get(each.cid);
        return { ...withCid(each), ...(answer ? { answer } : {}) };
      }),
      grants: all['access-grant']
        .filter(
          (each) => by(each, owner) && (record.role === 'owner' || each.signed.statement.to.id === person.id)
        )
        .map((each) => {
          const revoked = revocations.get(each.cid);
          return { ...withCid(each), ...(revoked ? { revoked } : {}) };
        }),
      validations: all.validation
        .filter(({ cid, signed }) => !retracted.has(`${cid} ${signed.statement.by.id}`))
        .map(withCid)
    };
  }

  /** Who said of which wallet that it is theirs. Each was checked when it was made or taken in, as far as it could be. */
  async walletLinks(): Promise<WalletLinkItem[]> {
    const links = await this.#store.statements.of('', 'wallet-link');
    return links.map((record) => {
      const { by, address } = record.signed.statement;
      return { cid: record.cid, by, address, ...(isUnasked(record) && { unasked: true }) };
    });
  }

  /**
   * A signed statement of this browser again, to hand over once more.
   * @throws NotStoredError, NotFittingError where its file is not here
   */
  async signedFile(cid: string): Promise<SignedFile> {
    const { signed } = await this.#store.statements.get(cid);
    const [record] = await this.#store.datanets.ofDatanet(datanetOf(signed.statement));
    const name = record?.facts.name ?? '';
    const { kind } = signed.statement;
    if (kind !== 'contribution' && kind !== 'version') return signedFile(signed, name);
    const bundle = await this.#store.versions.bundle(cid);
    if (bundle) return signedFile(signed, name, bundle.blob);
    throw new NotFittingError(
      `The file of this ${kind} is not in the browser: only what was signed of it is.`,
      {
        details: { cid, kind }
      }
    );
  }

  async #statements({ datanet }: DatanetRecord) {
    const of = this.#store.statements.of.bind(this.#store.statements);
    return {
      invitation: await of(datanet, 'invitation'),
      contribution: await of(datanet, 'contribution'),
      decision: await of(datanet, 'decision'),
      withdrawal: await of(datanet, 'withdrawal'),
      validation: await of(datanet, 'validation'),
      'access-request': await of(datanet, 'access-request'),
      'access-grant': await of(datanet, 'access-grant'),
      refusal: await of(datanet, 'refusal'),
      revocation: await of(datanet, 'revocation')
    };
  }
}
