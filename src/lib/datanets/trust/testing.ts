import type { DatanetFacts } from '../datanet';
import type { Policy } from '../policy/policy';
import type { Person, RowsDigest, Statement, StatementKind } from './statements';

/** What tests of signed statements share. */

/** Some CID, told apart by its letter. */
export function someCid(letter = 'a'): string {
  return `bafkrei${letter.repeat(52)}`;
}

/** Some Merkle root, told apart by its digit. */
export function someRoot(digit = '1'): string {
  return `0x${digit.repeat(64)}`;
}

export const FACTS: DatanetFacts = {
  name: 'Pelhaven',
  summary: 'Questions about a harbour town',
  description: '# Pelhaven\n\nWritten by those who live there.',
  tags: ['town', 'questions'],
  licence: { spdx: 'CC-BY-4.0', evidence: 'https://example.org/licence' },
  language: 'en',
  purpose: 'Answering visitors',
  contact: 'ada@example.org'
};

export const POLICY: Policy = {
  training: {
    rule: 'conditions',
    purposes: ['research'],
    expires: '2027-01-01T00:00:00Z',
    runs: 3,
    attribution: true
  },
  evaluation: { rule: 'allowed' },
  retrieval: { rule: 'allowed' },
  display: { rule: 'allowed' },
  redistribution: { rule: 'forbidden' }
};

const ROWS: RowsDigest = { count: 12, root: someRoot('2'), sha256: '3'.repeat(64), bytes: 3456 };
const DATANET = '6f9c1c5e-0000-4000-8000-000000000001';

/** One statement of each kind with every field that the kind can have. `other` is anybody else. */
export function everyStatement(
  by: Person,
  other: Person
): { [K in StatementKind]: Extract<Statement, { kind: K }> } {
  const common = { by, created: '2026-11-24T09:30:00.000Z' };
  const datanet = DATANET;
  return {
    invitation: {
      kind: 'invitation',
      ...common,
      datanet,
      facts: FACTS,
      policy: POLICY,
      expires: '2026-12-01T00:00:00Z'
    },
    contribution: {
      kind: 'contribution',
      ...common,
      datanet,
      invitation: someCid('b'),
      source: 'My own notes,\nof ten years',
      licence: { spdx: 'CC-BY-4.0', evidence: 'I wrote them' },
      policy: POLICY,
      rows: ROWS
    },
    decision: {
      kind: 'decision',
      ...common,
      datanet,
      contribution: someCid('c'),
      rejected: [
        { row: someCid('d'), reason: 'It is there already' },
        { row: someCid('e'), reason: 'It names a person' }
      ],
      approved: 10
    },
    withdrawal: {
      kind: 'withdrawal',
      ...common,
      datanet,
      contribution: someCid('c'),
      reason: 'I changed my mind'
    },
    validation: {
      kind: 'validation',
      ...common,
      datanet,
      root: someRoot('4'),
      verdict: 'unsound',
      findings: { 'personal-data': 3, secret: 0 },
      words: 'Addresses are in it'
    },
    version: {
      kind: 'version',
      ...common,
      datanet,
      number: 2,
      facts: FACTS,
      policy: POLICY,
      contributors: [{ id: other.id, name: other.name, role: 'author' }],
      contributions: [
        {
          id: someCid('f'),
          contributor: other.id,
          licence: { spdx: 'CC0-1.0', evidence: 'Said so' },
          policy: POLICY,
          rows: 10
        }
      ],
      rows: ROWS,
      splits: { train: 10, validation: 1, test: 1 },
      files: [{ name: 'statements.jsonl', bytes: 900, sha256: '5'.repeat(64) }],
      permissioned: true,
      previous: someRoot('6'),
      changes: 'Ten more rows'
    },
    'access-request': {
      kind: 'access-request',
      ...common,
      datanet,
      version: someCid('v'),
      root: someRoot('4'),
      uses: ['training', 'evaluation'],
      purpose: 'research',
      words: 'For a thesis'
    },
    'access-grant': {
      kind: 'access-grant',
      ...common,
      datanet,
      version: someCid('v'),
      root: someRoot('4'),
      to: other,
      request: someCid('g'),
      uses: ['training'],
      conditions: { purposes: ['research'], expires: '2026-12-31T00:00:00Z', runs: 2, attribution: true },
      key: { algorithm: 'ECDH-ES+A256KW', ephemeral: other.agreement, value: 'A'.repeat(54) }
    },
    refusal: { kind: 'refusal', ...common, datanet, request: someCid('g'), reason: 'Not for sale' },
    revocation: {
      kind: 'revocation',
      ...common,
      datanet,
      grant: someCid('h'),
      reason: 'The project is over'
    },
    'wallet-link': {
      kind: 'wallet-link',
      ...common,
      address: '0x52908400098527886E0F7030069857D2E4169EE7'
    }
  };
}
