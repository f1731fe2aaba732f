import { percent } from '../../datanets/trust/claim-words';
import { conditionWords, quoted, useList } from '../../datanets/policy/sentences';
import type { AttributionReceipt, Person, RunManifest } from '../../datanets/trust/statements';
import type { WalletStatement } from '../../datanets/trust/wallet-kinds';

/** A field of a claim as a wallet shows it and as EAS stores it: its name, its Solidity type, its value. */
export interface ClaimField {
  name: string;
  type: 'string' | 'string[]' | 'uint256' | 'bytes32' | 'bytes32[]' | 'address';
  value: unknown;
}

/** Contributors whom a receipt's fields name in words; the root of the shares binds them all. */
const SHARES_IN_WORDS = 5;

/** What a wallet calls each kind of claim. */
export const CLAIM_TYPES: Record<WalletStatement['kind'], string> = {
  contribution: 'Contribution',
  validation: 'Validation',
  'access-grant': 'AccessGrant',
  'run-manifest': 'RunManifest',
  'attribution-receipt': 'AttributionReceipt',
  'wallet-link': 'WalletLink'
};

/**
 * The fields of a claim in their order. Names and types depend on the kind alone, so that all claims of a kind have one
 * EIP-712 type and one EAS schema; what a claim leaves out is an empty text. The last, `statement`, binds all the rest.
 * @param cid of the canonical statement (`cidOfText`)
 */
export function fieldsOf(statement: WalletStatement, cid: string): ClaimField[] {
  return [...ownFields(statement), text('created', statement.created), text('statement', cid)];
}

function ownFields(statement: WalletStatement): ClaimField[] {
  switch (statement.kind) {
    case 'contribution':
      return [
        text('contributor', personText(statement.by)),
        text('datanet', statement.datanet),
        number('rows', statement.rows.count),
        { name: 'rowsRoot', type: 'bytes32', value: statement.rows.root },
        text('source', statement.source),
        text('licence', statement.licence.spdx)
      ];
    case 'validation':
      return [
        text('validator', personText(statement.by)),
        text('datanet', statement.datanet),
        { name: 'rowsRoot', type: 'bytes32', value: statement.root },
        text('verdict', statement.verdict),
        text('findings', pairs(statement.findings)),
        text('words', statement.words)
      ];
    case 'access-grant':
      return [
        text('owner', personText(statement.by)),
        text('grantedTo', personText(statement.to)),
        text('datanet', statement.datanet),
        text('version', statement.version),
        { name: 'rowsRoot', type: 'bytes32', value: statement.root },
        text('uses', useList(statement.uses)),
        text('conditions', conditionWords(statement.conditions).join(' '))
      ];
    case 'run-manifest':
      return manifestFields(statement);
    case 'attribution-receipt':
      return receiptFields(statement);
    case 'wallet-link':
      return [
        text('person', personText(statement.by)),
        { name: 'wallet', type: 'address', value: statement.address }
      ];
  }
}

function manifestFields(manifest: RunManifest): ClaimField[] {
  const { by, name, base, datanets, data, config, configSha256, adapter, steps } = manifest;
  return [
    text('trainer', personText(by)),
    text('adapter', name),
    hash('adapterHash', adapter.sha256),
    text('base', base.name),
    hash('baseHash', base.sha256),
    {
      name: 'datanets',
      type: 'string[]',
      value: datanets.map(
        (each) =>
          `${quoted(each.name)}, version ${each.number}${each.part === 'inherited' ? ', by an earlier run' : ''}`
      )
    },
    { name: 'datasetRoots', type: 'bytes32[]', value: datanets.map(({ root }) => root) },
    hash('rowsHash', data.sha256),
    number('rows', data.rows),
    hash('configHash', configSha256),
    // As text: what an option holds is up to who wrote the manifest, and a chain's numbers are whole and positive.
    text('seed', String(config['seed'] ?? '')),
    number('steps', steps),
    text('expires', manifest.expires ?? '')
  ];
}

function receiptFields(receipt: AttributionReceipt): ClaimField[] {
  const { by, manifest, adapter, method, sharesRoot } = receipt;
  return [
    text('attributor', personText(by)),
    text('manifest', manifest),
    hash('adapterHash', adapter),
    text(
      'method',
      `${method.estimator} at steps ${method.moments.join(', ')}, ${method.questions.count} questions, rules ${method.rules}`
    ),
    text('shares', sharesText(receipt)),
    { name: 'sharesRoot', type: 'bytes32', value: sharesRoot },
    text('expires', receipt.expires ?? '')
  ];
}

/** `“Bo” 75.0000 %, “Ada” 25.0000 %`: the largest first, of equal ones the earlier. */
function sharesText({ shares }: AttributionReceipt): string {
  const largest = shares.toSorted((a, b) => b.share - a.share).slice(0, SHARES_IN_WORDS);
  const more = shares.length - largest.length;
  const named = largest.map(({ name, share }) => `${quoted(name)} ${percent(share)}`).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}

/** In the order of canonical JSON, so that a statement has the same words before and after it is written. */
function pairs(counts: Record<string, number>): string {
  const names = Object.keys(counts).sort();
  return names.length > 0 ? names.map((name) => `${name} ${counts[name]}`).join(', ') : 'none';
}

function personText({ name, id }: Person): string {
  return `${name} (${id})`;
}

function text(name: string, value: string): ClaimField {
  return { name, type: 'string', value };
}

function number(name: string, value: number): ClaimField {
  return { name, type: 'uint256', value: BigInt(value) };
}

/** @param sha256 hexadecimal */
function hash(name: string, sha256: string): ClaimField {
  return { name, type: 'bytes32', value: `0x${sha256}` };
}
