/** Bundles for tests of whoever receives them, signed and sealed as real ones are. */
import { prepareBundle, writeBundle } from '../../src/lib/datanets/bundle/bundle';
import { writeRows } from '../../src/lib/datanets/content/rows-file';
import type { DatanetRow } from '../../src/lib/datanets/datanet';
import type { Policy } from '../../src/lib/datanets/policy/policy';
import { createIdentity } from '../../src/lib/datanets/trust/identity';
import { signStatement } from '../../src/lib/datanets/trust/sign';
import { createDataKey } from '../../src/lib/datanets/trust/wrap';

const allowed: Policy = {
  training: { rule: 'allowed' },
  evaluation: { rule: 'allowed' },
  retrieval: { rule: 'allowed' },
  display: { rule: 'allowed' },
  redistribution: { rule: 'allowed' }
};

/**
 * The bytes of a `.datanet` with these rows, of somebody who is new each time.
 * @param name of the Datanet, and its id
 * @param policy where it differs from one that allows everything
 */
export async function makeBundle(
  name: string,
  rows: readonly DatanetRow[],
  policy: Partial<Policy> = {},
  sealed = false
): Promise<Buffer> {
  const [owner, file] = await Promise.all([createIdentity('Ines Marrow'), writeRows(rows)]);
  const { key } = await createDataKey(owner.person.agreement);
  const contributors = [...new Set(rows.map(({ contributor }) => contributor))];
  const { version, parts } = await prepareBundle(
    {
      kind: 'version',
      by: owner.person,
      created: '2026-01-01T00:00:00.000Z',
      datanet: name,
      number: 1,
      facts: {
        ...{ name, summary: '', description: '', tags: [], language: 'en', purpose: '', contact: '' },
        licence: { spdx: 'CC-BY-4.0' }
      },
      policy: { ...allowed, ...policy },
      contributors: contributors.map((id) => ({ id, name: `${id} of Pelhaven` })),
      contributions: [],
      rows: file.digest,
      splits: file.tally.splits,
      permissioned: sealed,
      changes: ''
    },
    file,
    [],
    sealed ? key : undefined
  );
  const bundle = await writeBundle(await signStatement(owner, version), parts);
  return Buffer.from(await bundle.arrayBuffer());
}
