/** All claims that are kept here, as a list shows them. */
import { quoted } from '../../datanets/policy/sentences';
import type { AnchorRecord } from '../../datanets/store/attribution-schema';
import type { StatementRecord } from '../../datanets/store/datanet-schema';
import { isUnasked } from '../../datanets/store/statement-store';
import type { Store } from '../../datanets/store/store';
import type { Signed, Statement } from '../../datanets/trust/statements';
import { rowsWords } from '../datanets/exchange-lookup';
import type { ClaimSummary } from './protocol';

const KINDS = ['contribution', 'validation', 'access-grant', 'run-manifest', 'attribution-receipt'] as const;

export type ClaimStatement = Extract<Statement, { kind: ClaimSummary['kind'] }>;

type ClaimRecord = Omit<StatementRecord, 'signed'> & { signed: Signed<ClaimStatement> };

/** What ends a claim, if whoever made the claim says it: its kind, and which of its fields names the claim. */
const ENDS = [
  { kind: 'retraction', of: ({ claim }: { claim: string }) => claim, word: 'Taken back' },
  { kind: 'withdrawal', of: ({ contribution }: { contribution: string }) => contribution, word: 'Withdrawn' },
  { kind: 'revocation', of: ({ grant }: { grant: string }) => grant, word: 'Revoked' }
] as const;

/** Newest first. */
export async function summariseClaims(store: Store, now: Date): Promise<ClaimSummary[]> {
  const [person, datanets, anchors, adapters] = await Promise.all([
    store.identities.get(),
    store.datanets.list(),
    store.claims.allAnchors(),
    adaptersByHash(store)
  ]);
  const names = new Map(datanets.map(({ datanet, facts }) => [datanet, facts.name]));
  // What belongs to no Datanet is kept under the empty name.
  const about = ['', ...names.keys()];
  const claims = (await Promise.all(about.map((datanet) => claimsAbout(store, datanet)))).flat();
  const ended = new Map((await Promise.all(about.map((datanet) => endsAbout(store, datanet)))).flat());
  const titles = new Titles(names, claims);
  return claims
    .map((record): ClaimSummary => {
      const { cid, signed } = record;
      const { statement, wallet } = signed;
      const over = ended.get(`${cid} ${statement.by.id}`) ?? expiryOf(statement, now);
      const adapter = adapters.get(adapterHashOf(statement) ?? '');
      return {
        cid,
        kind: statement.kind,
        title: titles.of(statement),
        created: statement.created,
        own: statement.by.id === person?.person.id,
        by: statement.by.name,
        ...(wallet ? { wallet } : {}),
        ...(isUnasked(record) && { walletUnasked: true }),
        ...(over === undefined ? {} : { ended: over }),
        ...(adapter === undefined ? {} : { adapter }),
        anchors: anchors.filter((anchor) => anchor.cid === cid).map(anchorOf)
      };
    })
    .sort((a, b) => Date.parse(b.created) - Date.parse(a.created));
}

/** Whether it is one of the five kinds that are listed as claims. */
export function isClaim(signed: Signed): signed is Signed<ClaimStatement> {
  return (KINDS as readonly string[]).includes(signed.statement.kind);
}

async function claimsAbout(store: Store, datanet: string): Promise<ClaimRecord[]> {
  const records = await store.statements.all(datanet);
  return records.flatMap(({ signed, ...record }) => (isClaim(signed) ? [{ ...record, signed }] : []));
}

/** `cid` and who may end it, to why it is over. */
async function endsAbout(store: Store, datanet: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const { kind, of, word } of ENDS) {
    for (const { signed } of await store.statements.of(datanet, kind)) {
      const statement = signed.statement;
      const reason = statement.reason === '' ? '' : `: ${quoted(statement.reason)}`;
      found.push([`${of(statement as never)} ${statement.by.id}`, `${word}${reason}`]);
    }
  }
  return found;
}

function expiryOf(statement: ClaimStatement, now: Date): string | undefined {
  const expires =
    statement.kind === 'access-grant'
      ? statement.conditions.expires
      : statement.kind === 'run-manifest' || statement.kind === 'attribution-receipt'
        ? statement.expires
        : undefined;
  return expires !== undefined && Date.parse(expires) <= now.getTime() ? 'Expired' : undefined;
}

function adapterHashOf(statement: ClaimStatement): string | undefined {
  if (statement.kind === 'run-manifest') return statement.adapter.sha256;
  return statement.kind === 'attribution-receipt' ? statement.adapter : undefined;
}

/** SHA-256 of the weights as they are exported, to the adapter; of equal ones the newest. */
export async function adaptersByHash(store: Store): Promise<Map<string, string>> {
  const [adapters, runs] = await Promise.all([store.adapters(), store.runs()]);
  const ofRun = new Map(runs.map(({ adapter, run }) => [adapter, run['sha256'] as { adapter?: string }]));
  return new Map(
    adapters.reverse().flatMap(({ id, metrics }) => {
      const sha256 = (metrics['sha256'] as string | undefined) ?? ofRun.get(id)?.adapter;
      return sha256 === undefined ? [] : [[sha256, id] as const];
    })
  );
}

function anchorOf({ cid: _, ...anchor }: AnchorRecord): ClaimSummary['anchors'][number] {
  return anchor;
}

/** Says what a claim is about, in a few words. */
class Titles {
  readonly #datanets: ReadonlyMap<string, string>;
  /** Of adapters, by the hash of their weights. */
  readonly #adapters: ReadonlyMap<string, string>;

  constructor(datanets: ReadonlyMap<string, string>, claims: readonly ClaimRecord[]) {
    this.#datanets = datanets;
    this.#adapters = new Map(
      claims.flatMap(({ signed: { statement } }) =>
        statement.kind === 'run-manifest' ? [[statement.adapter.sha256, statement.name] as const] : []
      )
    );
  }

  of(statement: ClaimStatement): string {
    switch (statement.kind) {
      case 'contribution':
        return `${rowsWords(statement.rows.count)} for ${this.#datanet(statement.datanet)}`;
      case 'validation':
        return `${this.#datanet(statement.datanet)} is ${statement.verdict}`;
      case 'access-grant':
        return `Access to ${this.#datanet(statement.datanet)} for ${statement.to.name}`;
      case 'run-manifest':
        return `How ${statement.name} was made`;
      case 'attribution-receipt':
        return `Who made ${this.#adapters.get(statement.adapter) ?? `the adapter ${statement.adapter.slice(0, 8)}…`}`;
    }
  }

  #datanet(id: string): string {
    return this.#datanets.get(id) ?? 'a Datanet';
  }
}
