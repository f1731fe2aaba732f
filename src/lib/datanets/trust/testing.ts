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
      rows: ROWS,
      files: [{ name: 'rows.sealed', bytes: 4567, sha256: 'd'.repeat(64) }]
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
    },
    'run-manifest': {
      kind: 'run-manifest',
      ...common,
      name: 'Pelhaven on starter',
      base: { name: 'starter', sha256: '7'.repeat(64) },
      datanets: [
        {
          ...{ datanet, name: 'Pelhaven', number: 2, version: someCid('v'), root: someRoot('4') },
          ...{ licence: { spdx: 'CC-BY-4.0', evidence: 'I wrote them' }, weight: 1500, rows: 10, heldOut: 2 },
          part: 'used'
        }
      ],
      data: { sha256: '8'.repeat(64), rows: 10, heldOut: 2 },
      startedFrom: '9'.repeat(64),
      config: { method: 'qlora', learningRate: 0.0005, rank: 8, shuffle: true, seed: 7 },
      configSha256: 'a'.repeat(64),
      adapter: { sha256: 'b'.repeat(64) },
      steps: 99,
      heldOutLoss: { before: 2.25, after: 0.125 },
      device: 'SwiftShader',
      software: 'tabtune 0.1.0',
      expires: '2028-01-01T00:00:00Z'
    },
    'attribution-receipt': {
      kind: 'attribution-receipt',
      ...common,
      manifest: someCid('m'),
      adapter: 'b'.repeat(64),
      method: {
        estimator: 'cosine',
        moments: [25, 50, 75],
        sketch: { width: 512, seed: 1 },
        questions: { count: 2, sha256: 'c'.repeat(64) },
        rules: 1
      },
      shares: [
        {
          ...{ id: other.id, name: other.name, rows: 7, share: 750_000, low: 700_000, high: 800_000 },
          wallet: '0x52908400098527886E0F7030069857D2E4169EE7'
        },
        { id: 'Ada', name: 'Ada', rows: 3, share: 250_000, low: 200_000, high: 300_000 }
      ],
      sharesRoot: someRoot('5'),
      trust: {
        agreement: { tracIn: 900 },
        lds: { score: 857, models: 16 },
        leaveOneOut: { correlation: 1000, contributors: 2 }
      },
      expires: '2028-01-01T00:00:00Z'
    },
    retraction: { kind: 'retraction', ...common, claim: someCid('m'), reason: 'Measured on the wrong rows' }
  };
}
