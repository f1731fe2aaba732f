import { z } from 'zod';
import type { Split } from '../datanet';
import { USES } from '../policy/policy';
import { isDidKey } from './did-key';
import type { Signed, Statement } from './statements';
import { isForWallets } from './wallet-kinds';

/**
 * The shape of what people sign, closed: a field that is not listed, a text that is too long, a number out of range
 * is refused. What is said here of lengths bounds what a stranger's file can make this browser hold.
 */

/** Most of one statement, as text. A decision that gives a reason for each of 100,000 rows fits. */
export const MAX_STATEMENT_CHARACTERS = 32 * 2 ** 20;

const MAX_ROWS = 10_000_000;
const MAX_LISTED = 100_000;

/** Control characters, line ends, and the marks that turn the direction of what follows them. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/; // eslint-disable-line no-control-regex
/** The same, without line feeds and tabs. */
const UNSEEN_IN_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/; // eslint-disable-line no-control-regex

/** Text of one line: what it shows is what it is, so that a sentence around it cannot be made to say other things. */
const line = (max: number, min = 0) =>
  z
    .string()
    .min(min)
    .max(max)
    .refine((text) => !UNSEEN.test(text), 'holds line ends or characters that cannot be seen');

/** Text of several lines. */
const prose = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !UNSEEN_IN_LINES.test(text), 'holds characters that cannot be seen');

/** CIDv1, raw, sha2-256, base32: 36 bytes. */
const cid = z.string().regex(/^bafkrei[a-z2-7]{52}$/, 'is not a CID');
const did = z.string().refine(isDidKey, 'is not the did:key of a P-256 key');
const root = z.string().regex(/^0x[0-9a-f]{64}$/, 'is not a Merkle root');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in hexadecimal');
const datanet = z.string().regex(/^[0-9A-Za-z-]{1,64}$/, 'is not the id of a Datanet');
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'is not the address of a wallet');
const count = (max = MAX_ROWS) => z.number().int().min(0).max(max);
const bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** The one way that `Date` writes a moment, so that no other text means the same. */
const moment = z.string().refine(isMoment, 'is not a moment as ISO 8601 writes it, in UTC');
const zoned = z
  .string()
  .max(40)
  .pipe(z.iso.datetime({ offset: true }));

function isMoment(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}

export const personSchema = z.strictObject({ id: did, name: line(200, 1), agreement: did });
const licence = z.strictObject({ spdx: line(500, 1), evidence: line(2000).optional() });
const facts = z.strictObject({
  name: line(200, 1),
  summary: line(1000),
  description: prose(100_000),
  tags: z.array(line(60, 1)).max(50),
  licence,
  language: line(35),
  purpose: prose(2000),
  contact: line(500)
});

export const conditionsSchema = z.strictObject({
  purposes: z.array(line(200, 1)).min(1).max(50).optional(),
  expires: zoned.optional(),
  runs: count(1_000_000).optional(),
  attribution: z.boolean().optional()
});

const rule = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('allowed') }),
  z.strictObject({ rule: z.literal('forbidden') }),
  conditionsSchema.extend({ rule: z.literal('conditions') })
]);

export const policySchema = z.strictObject({
  training: rule,
  evaluation: rule,
  retrieval: rule,
  display: rule,
  redistribution: rule
});

const uses = z
  .array(z.enum(USES))
  .min(1)
  .refine((list) => new Set(list).size === list.length, 'names a use twice');
const rows = z.strictObject({ count: count().min(1), root, sha256, bytes });
const files = z
  .array(z.strictObject({ name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/), bytes, sha256 }))
  .max(16)
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'names a file twice');
export const wrappedKeySchema = z.strictObject({
  algorithm: z.literal('ECDH-ES+A256KW'),
  ephemeral: did,
  // 256 bits of key and 64 of check value.
  value: z.string().regex(/^[A-Za-z0-9_-]{54}$/)
});

/** Rows are known by who wrote them: the `did:key` of a person who signs, or a plain name. */
const contributorId = line(300, 1);
const splits = z.strictObject({ train: count(), validation: count(), test: count() } satisfies Record<
  Split,
  unknown
>);

const millionths = z.number().int().min(0).max(1_000_000);
const thousandths = z.number().int().min(-1000).max(1000);

function sumOf(shares: readonly { share: number }[]): number {
  return shares.reduce((sum, { share }) => sum + share, 0);
}

const common = { by: personSchema, created: moment };

const STATEMENTS = {
  invitation: z.strictObject({
    kind: z.literal('invitation'),
    ...common,
    datanet,
    facts,
    policy: policySchema,
    expires: zoned.optional()
  }),
  contribution: z.strictObject({
    kind: z.literal('contribution'),
    ...common,
    datanet,
    invitation: cid,
    source: prose(5000),
    licence,
    policy: policySchema.optional(),
    rows,
    files: files.min(1).optional()
  }),
  decision: z.strictObject({
    kind: z.literal('decision'),
    ...common,
    datanet,
    contribution: cid,
    rejected: z.array(z.strictObject({ row: cid, reason: prose(2000) })).max(MAX_LISTED),
    approved: count()
  }),
  withdrawal: z.strictObject({
    kind: z.literal('withdrawal'),
    ...common,
    datanet,
    contribution: cid,
    reason: prose(5000)
  }),
  validation: z.strictObject({
    kind: z.literal('validation'),
    ...common,
    datanet,
    root,
    verdict: z.enum(['sound', 'unsound']),
    findings: z.record(z.string().regex(/^[a-z][a-z-]{0,39}$/), count()),
    words: prose(10_000)
  }),
  version: z.strictObject({
    kind: z.literal('version'),
    ...common,
    datanet,
    number: count().min(1),
    facts,
    policy: policySchema,
    contributors: z
      .array(z.strictObject({ id: contributorId, name: line(200), role: line(200).optional() }))
      .max(MAX_LISTED),
    contributions: z
      .array(
        z.strictObject({
          id: cid,
          contributor: contributorId,
          licence,
          policy: policySchema.optional(),
          rows: count()
        })
      )
      .max(MAX_LISTED),
    rows,
    splits,
    files,
    permissioned: z.boolean(),
    previous: root.optional(),
    changes: prose(10_000)
  }),
  'access-request': z.strictObject({
    kind: z.literal('access-request'),
    ...common,
    datanet,
    version: cid,
    root,
    uses,
    purpose: line(200),
    words: prose(10_000)
  }),
  'access-grant': z.strictObject({
    kind: z.literal('access-grant'),
    ...common,
    datanet,
    version: cid,
    root,
    to: personSchema,
    request: cid.optional(),
    uses,
    conditions: conditionsSchema,
    key: wrappedKeySchema
  }),
  refusal: z.strictObject({
    kind: z.literal('refusal'),
    ...common,
    datanet,
    request: cid,
    reason: prose(5000)
  }),
  revocation: z.strictObject({
    kind: z.literal('revocation'),
    ...common,
    datanet,
    grant: cid,
    reason: prose(5000)
  }),
  'wallet-link': z.strictObject({ kind: z.literal('wallet-link'), ...common, address }),
  'run-manifest': z.strictObject({
    kind: z.literal('run-manifest'),
    ...common,
    name: line(300, 1),
    base: z.strictObject({ name: line(300, 1), sha256 }),
    datanets: z
      .array(
        z.strictObject({
          datanet,
          name: line(200, 1),
          number: count().min(1),
          version: cid,
          root,
          licence,
          weight: count(1_000_000_000),
          rows: count(),
          heldOut: count(),
          part: z.enum(['used', 'inherited'])
        })
      )
      .max(1000),
    data: z.strictObject({ sha256, rows: count().min(1), heldOut: count() }),
    startedFrom: sha256.optional(),
    config: z
      .record(z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/), z.union([z.number(), line(2000), z.boolean()]))
      .refine((config) => Object.keys(config).length <= 100, 'has more than 100 options'),
    configSha256: sha256,
    adapter: z.strictObject({ sha256 }),
    steps: count(100_000_000),
    heldOutLoss: z.strictObject({ before: z.number(), after: z.number() }).optional(),
    device: line(300),
    software: line(100, 1),
    expires: zoned.optional()
  }),
  'attribution-receipt': z.strictObject({
    kind: z.literal('attribution-receipt'),
    ...common,
    manifest: cid,
    adapter: sha256,
    method: z.strictObject({
      estimator: z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/),
      moments: z.array(count(100_000_000)).min(1).max(100),
      sketch: z.strictObject({ width: count().min(1), seed: count(0xffffffff) }),
      questions: z.strictObject({ count: count().min(1), sha256 }),
      rules: count(1000).min(1)
    }),
    shares: z
      .array(
        z.strictObject({
          id: contributorId,
          name: line(200),
          rows: count().min(1),
          share: millionths,
          low: millionths,
          high: millionths,
          wallet: address.optional()
        })
      )
      .min(1)
      .max(MAX_LISTED)
      .refine(
        (shares) => [0, 1_000_000].includes(sumOf(shares)),
        'has shares that do not add up to the whole'
      )
      .refine((shares) => new Set(shares.map(({ id }) => id)).size === shares.length, 'names somebody twice'),
    sharesRoot: root,
    trust: z.strictObject({
      agreement: z.record(z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/), thousandths),
      lds: z.strictObject({ score: thousandths, models: count(100_000).min(1) }).optional(),
      leaveOneOut: z.strictObject({ correlation: thousandths, contributors: count().min(2) }).optional()
    }),
    expires: zoned.optional()
  }),
  retraction: z.strictObject({ kind: z.literal('retraction'), ...common, claim: cid, reason: prose(5000) })
} satisfies { [K in Statement['kind']]: z.ZodType<Extract<Statement, { kind: K }>> };

export const statementSchema: z.ZodType<Statement> = z.discriminatedUnion('kind', [
  STATEMENTS.invitation,
  STATEMENTS.contribution,
  STATEMENTS.decision,
  STATEMENTS.withdrawal,
  STATEMENTS.validation,
  STATEMENTS.version,
  STATEMENTS['access-request'],
  STATEMENTS['access-grant'],
  STATEMENTS.refusal,
  STATEMENTS.revocation,
  STATEMENTS['wallet-link'],
  STATEMENTS['run-manifest'],
  STATEMENTS['attribution-receipt'],
  STATEMENTS.retraction
]);

export const signedSchema: z.ZodType<Signed> = z
  .strictObject({
    statement: statementSchema,
    signature: z.strictObject({
      algorithm: z.literal('ES256'),
      key: did,
      // r and s, 32 bytes each.
      value: z.string().regex(/^[A-Za-z0-9_-]{86}$/)
    }),
    wallet: z
      .strictObject({
        standard: z.literal('EIP-712'),
        address,
        chainId: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
        // 65 bytes of a plain account; a contract's may be longer.
        value: z.string().regex(/^0x(?:[0-9a-f]{2}){64,4096}$/)
      })
      .optional()
  })
  .refine(({ statement, wallet }) => !wallet || isForWallets(statement), {
    path: ['wallet'],
    error: 'a wallet does not sign a statement of this kind'
  });
