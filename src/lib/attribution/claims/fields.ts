import { percent } from '../../datanets/trust/claim-words';
import { conditionWords, quoted, useList } from '../../datanets/policy/sentences';
import type { ManifestData } from '../../datanets/trust/claims';
import type { AttributionReceipt, Person } from '../../datanets/trust/statements';
import type { WalletStatement } from '../../datanets/trust/wallet-kinds';

export type ClaimKind = WalletStatement['kind'];

/** A field of a claim as wallets show it and as EAS stores it: its name, its Solidity type, and how it is found. */
export interface ClaimField<S> {
  readonly name: string;
  readonly type: 'string' | 'string[]' | 'uint256' | 'bytes32' | 'bytes32[]' | 'address';
  /** @param cid of the canonical statement (`cidOfText`) */
  readonly value: (statement: S, cid: string) => unknown;
}

/** What a wallet calls each kind of claim. */
export const CLAIM_TYPES: Record<ClaimKind, string> = {
  contribution: 'Contribution',
  validation: 'Validation',
  'access-grant': 'AccessGrant',
  'run-manifest': 'RunManifest',
  'attribution-receipt': 'AttributionReceipt',
  'wallet-link': 'WalletLink'
};

/** What every claim ends with; the last field binds all that the others leave out. */
const ENDING = [text('created', ({ created }) => created), text('statement', (_, cid) => cid)];

/**
 * Each kind has one list, so that all claims of a kind have one EIP-712 type and one EAS schema; what a claim leaves out
 * is an empty text. A list is never changed: another one would be another version of the domain.
 */
const FIELDS: { [K in ClaimKind]: readonly ClaimField<Extract<WalletStatement, { kind: K }>>[] } = {
  contribution: [
    text('contributor', ({ by }) => personText(by)),
    text('datanet', ({ datanet }) => datanet),
    number('rows', ({ rows }) => rows.count),
    { name: 'rowsRoot', type: 'bytes32', value: ({ rows }) => rows.root },
    text('source', ({ source }) => source),
    text('licence', ({ licence }) => licence.spdx),
    ...ENDING
  ],
  validation: [
    text('validator', ({ by }) => personText(by)),
    text('datanet', ({ datanet }) => datanet),
    { name: 'rowsRoot', type: 'bytes32', value: ({ root }) => root },
    text('verdict', ({ verdict }) => verdict),
    text('findings', ({ findings }) => countsText(findings)),
    text('words', ({ words }) => words),
    ...ENDING
  ],
  'access-grant': [
    text('owner', ({ by }) => personText(by)),
    text('grantedTo', ({ to }) => personText(to)),
    text('datanet', ({ datanet }) => datanet),
    text('version', ({ version }) => version),
    { name: 'rowsRoot', type: 'bytes32', value: ({ root }) => root },
    text('uses', ({ uses }) => useList(uses)),
    text('conditions', ({ conditions }) => conditionWords(conditions).join(' ')),
    ...ENDING
  ],
  'run-manifest': [
    text('trainer', ({ by }) => personText(by)),
    text('adapter', ({ name }) => name),
    hash('adapterHash', ({ adapter }) => adapter.sha256),
    text('base', ({ base }) => base.name),
    hash('baseHash', ({ base }) => base.sha256),
    { name: 'datanets', type: 'string[]', value: ({ datanets }) => datanets.map(datanetText) },
    { name: 'datasetRoots', type: 'bytes32[]', value: ({ datanets }) => datanets.map(({ root }) => root) },
    hash('rowsHash', ({ data }) => data.sha256),
    number('rows', ({ data }) => data.rows),
    hash('configHash', ({ configSha256 }) => configSha256),
    // As text: what an option holds is up to who wrote the manifest, and a chain's numbers are whole and positive.
    text('seed', ({ config }) => String(config['seed'] ?? '')),
    number('steps', ({ steps }) => steps),
    text('expires', ({ expires }) => expires ?? ''),
    ...ENDING
  ],
  'attribution-receipt': [
    text('attributor', ({ by }) => personText(by)),
    text('manifest', ({ manifest }) => manifest),
    hash('adapterHash', ({ adapter }) => adapter),
    text('method', ({ method }) => methodText(method)),
    text('shares', ({ shares }) => sharesText(shares)),
    { name: 'sharesRoot', type: 'bytes32', value: ({ sharesRoot }) => sharesRoot },
    text('expires', ({ expires }) => expires ?? ''),
    ...ENDING
  ],
  'wallet-link': [
    text('person', ({ by }) => personText(by)),
    { name: 'wallet', type: 'address', value: ({ address }) => address },
    ...ENDING
  ]
};

/** The fields of a kind of claim, in their order. */
export function fieldsOf<K extends ClaimKind>(
  kind: K
): readonly ClaimField<Extract<WalletStatement, { kind: K }>>[] {
  return FIELDS[kind];
}

/** What a claim's fields hold, in their order. @param cid of the canonical statement (`cidOfText`) */
export function valuesOf(statement: WalletStatement, cid: string): unknown[] {
  const fields = fieldsOf(statement.kind) as readonly ClaimField<WalletStatement>[];
  return fields.map(({ value }) => value(statement, cid));
}

/** Contributors whom a receipt's fields name in words; the root of the shares binds them all. */
const SHARES_IN_WORDS = 5;

/** `“Bo” 75.0000 %, “Ada” 25.0000 %`: the largest first, of equal ones the earlier. */
function sharesText(shares: AttributionReceipt['shares']): string {
  const largest = shares.toSorted((a, b) => b.share - a.share).slice(0, SHARES_IN_WORDS);
  const more = shares.length - largest.length;
  const named = largest.map(({ name, share }) => `${quoted(name)} ${percent(share)}`).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}

function methodText({ estimator, moments, questions, rules }: AttributionReceipt['method']): string {
  return `${estimator} at steps ${moments.join(', ')}, ${questions.count} questions, rules ${rules}`;
}

function datanetText({ name, number: version, part }: ManifestData): string {
  return `${quoted(name)}, version ${version}${part === 'inherited' ? ', by an earlier run' : ''}`;
}

/** In the order of canonical JSON, so that a statement has the same words before and after it is written. */
function countsText(counts: Record<string, number>): string {
  const names = Object.keys(counts).sort();
  return names.length > 0 ? names.map((name) => `${name} ${counts[name]}`).join(', ') : 'none';
}

function personText({ name, id }: Person): string {
  return `${name} (${id})`;
}

function text<S extends WalletStatement>(
  name: string,
  value: (statement: S, cid: string) => string
): ClaimField<S> {
  return { name, type: 'string', value };
}

function number<S extends WalletStatement>(name: string, value: (statement: S) => number): ClaimField<S> {
  return { name, type: 'uint256', value: (statement) => BigInt(value(statement)) };
}

/** @param value SHA-256 in hexadecimal */
function hash<S extends WalletStatement>(name: string, value: (statement: S) => string): ClaimField<S> {
  return { name, type: 'bytes32', value: (statement) => `0x${value(statement)}` };
}
