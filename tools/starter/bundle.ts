/**
 * Makes static/starter/datanet/pelhaven.datanet of what datanet.py wrote to tools/starter/datanet: the signed, open
 * bundle that the page and the commands train on. Rows to train on come first, then the held-out ones as `test`, each
 * in the order of its file.
 *
 *     node --import tsx tools/starter/bundle.ts
 *
 * The same files make the same bundle but for the signature, which ECDSA draws anew.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { prepareBundle, writeBundle } from '../../src/lib/datanets/bundle/bundle';
import { writeRows } from '../../src/lib/datanets/content/rows-file';
import type { DatanetRow, Split } from '../../src/lib/datanets/datanet';
import { parseRows, requireRows } from '../../src/lib/datanets/parse';
import type { Policy } from '../../src/lib/datanets/policy/policy';
import { toBase64Url } from '../../src/lib/datanets/trust/base64url';
import { didOfKey } from '../../src/lib/datanets/trust/did-key';
import type { Identity } from '../../src/lib/datanets/trust/identity';
import { signStatement } from '../../src/lib/datanets/trust/sign';

const source = fileURLToPath(new URL('datanet/', import.meta.url));
const target = fileURLToPath(new URL('../../static/starter/datanet/pelhaven.datanet', import.meta.url));

interface About {
  name: string;
  summary: string;
  licence: string;
  contributors: { name: string; role: string }[];
}

const everything: Policy = {
  training: { rule: 'allowed' },
  evaluation: { rule: 'allowed' },
  retrieval: { rule: 'allowed' },
  display: { rule: 'allowed' },
  redistribution: { rule: 'allowed' }
};

/**
 * A pair of keys that anybody can make again from its name. It tells a whole bundle from a damaged one, and says nothing
 * about who made it: there is no secret in a project whose every file is public.
 */
async function publicKeyPair(name: string, use: 'ECDSA' | 'ECDH'): Promise<CryptoKeyPair> {
  const secret = sha256(new TextEncoder().encode(`Tabtune starter Datanet, ${name}`));
  const point = p256.getPublicKey(secret, false);
  const coordinates = { x: toBase64Url(point.slice(1, 33)), y: toBase64Url(point.slice(33)) };
  const shape = { kty: 'EC', crv: 'P-256', ...coordinates };
  const algorithm = { name: use, namedCurve: 'P-256' };
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', { ...shape, d: toBase64Url(secret) }, algorithm, false, [
      use === 'ECDSA' ? 'sign' : 'deriveBits'
    ]),
    crypto.subtle.importKey('jwk', shape, algorithm, true, use === 'ECDSA' ? ['verify'] : [])
  ]);
  return { privateKey, publicKey };
}

async function starterIdentity(): Promise<Identity> {
  const [signing, agreement] = await Promise.all([
    publicKeyPair('signing', 'ECDSA'),
    publicKeyPair('agreement', 'ECDH')
  ]);
  return {
    signing,
    agreement,
    person: {
      id: await didOfKey(signing.publicKey),
      name: 'The Tabtune project',
      agreement: await didOfKey(agreement.publicKey)
    }
  };
}

async function readSource(file: string, split?: Split): Promise<DatanetRow[]> {
  const rows = requireRows(await parseRows(file, await readFile(join(source, file), 'utf8')));
  return rows.map((row) => ({ contributor: '', ...row, ...(split ? { split } : {}) }));
}

/** The bundle, whole. */
export async function starterBundle(): Promise<Blob> {
  const about = JSON.parse(await readFile(join(source, 'datanet.json'), 'utf8')) as About;
  const rows = await writeRows([
    ...(await readSource('rows.jsonl')),
    ...(await readSource('held-out.jsonl', 'test'))
  ]);
  const identity = await starterIdentity();
  const { version, parts } = await prepareBundle(
    {
      kind: 'version',
      by: identity.person,
      created: '2026-11-23T00:00:00.000Z',
      datanet: 'tabtune-starter-pelhaven',
      number: 1,
      facts: {
        name: about.name,
        summary: about.summary,
        description:
          `${about.summary}\n\nFive people of Pelhaven wrote down what they know, each fact in several words. ` +
          'The rows of the `test` split ask for the same facts in words that no other row uses: with them it is ' +
          'measured what a model has learned.',
        tags: ['questions and answers', 'invented', 'starter'],
        licence: {
          spdx: about.licence,
          evidence: 'Written for the Tabtune project; tools/starter/handbook.py is the source.'
        },
        language: 'en',
        purpose: 'To try Tabtune: rows whose effect on a model can be heard at once.',
        contact: ''
      },
      policy: everything,
      contributors: about.contributors.map(({ name, role }) => ({ id: name, name, role })),
      contributions: [],
      rows: rows.digest,
      splits: rows.tally.splits,
      permissioned: false,
      changes: 'The first version.'
    },
    rows,
    []
  );
  return writeBundle(await signStatement(identity, version), parts);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bundle = await starterBundle();
  await writeFile(target, new Uint8Array(await bundle.arrayBuffer()));
  console.log(`${target}: ${bundle.size} bytes`);
}
