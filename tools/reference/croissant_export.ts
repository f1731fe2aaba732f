/**
 * Writes bundles as the page does and unpacks them, for `croissant_check.py`:
 *
 *     node --import tsx tools/reference/croissant_export.ts OUT
 *
 * makes OUT/open (conversations with splits and tags, running text among them), OUT/chat (conversations alone), OUT/text
 * (text alone) and OUT/sealed, each with croissant.json beside the rows, and OUT/open/rows.parquet.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openContainer } from '../../src/lib/datanets/bundle/container';
import { prepareBundle, writeBundle } from '../../src/lib/datanets/bundle/bundle';
import { writeParquet } from '../../src/lib/datanets/bundle/parquet';
import { writeRows } from '../../src/lib/datanets/content/rows-file';
import { SPLITS, type DatanetRow } from '../../src/lib/datanets/datanet';
import { createIdentity } from '../../src/lib/datanets/trust/identity';
import { signStatement } from '../../src/lib/datanets/trust/sign';
import { createDataKey } from '../../src/lib/datanets/trust/wrap';

const ROWS = 60;

const [out] = process.argv.slice(2);
if (out === undefined) throw new Error('Usage: node --import tsx tools/reference/croissant_export.ts OUT');

const owner = await createIdentity('Ada');
const chat = (i: number): DatanetRow => ({
  messages: [
    { role: 'user', content: `When is the tide on day ${i}?` },
    { role: 'assistant', content: `At ${i % 24} o’clock.\n"High" — 満潮 🌊` }
  ],
  contributor: owner.person.id,
  source: `log ${i}`
});
const text = (i: number): DatanetRow => ({ text: `Day ${i}: the harbour is quiet.`, contributor: 'Bo' });
const mixed = (i: number): DatanetRow =>
  i % 3 === 0
    ? text(i)
    : { ...chat(i), split: SPLITS[i % 3], tags: ['tide', `day ${i}`], drafted: i % 5 === 0 };

await exportRows('open', mixed, false);
await exportRows('chat', chat, false);
await exportRows('text', text, false);
await exportRows('sealed', mixed, true);

async function exportRows(
  name: string,
  row: (i: number) => DatanetRow,
  permissioned: boolean
): Promise<void> {
  const rows = await writeRows(Array.from({ length: ROWS }, (_, i) => row(i)));
  const key = permissioned ? (await createDataKey(owner.person.agreement)).key : undefined;
  const prepared = await prepareBundle(
    {
      kind: 'version',
      by: owner.person,
      created: new Date(0).toISOString(),
      datanet: '6f9c1c5e-0000-4000-8000-000000000001',
      number: 3,
      facts: {
        name: 'Pelhaven',
        summary: 'Questions about a harbour town',
        description: '# Pelhaven\n\nWritten by those who live there.',
        tags: ['town', 'questions'],
        licence: { spdx: 'CC-BY-4.0', evidence: 'https://example.org/licence' },
        language: 'en',
        purpose: 'Answering visitors',
        contact: 'ada@example.org'
      },
      policy: {
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
      },
      contributors: [...rows.tally.contributors.keys()].map((id) => ({
        id,
        name: id === 'Bo' ? 'Bo' : 'Ada'
      })),
      contributions: [],
      rows: rows.digest,
      splits: rows.tally.splits,
      permissioned,
      previous: `0x${'6'.repeat(64)}`,
      changes: 'Sixty rows'
    },
    rows,
    [],
    key
  );
  const bundle = await writeBundle(await signStatement(owner, prepared.version), prepared.parts);
  const folder = join(out, name);
  await mkdir(folder, { recursive: true });
  for (const entry of await openContainer(bundle)) {
    await writeFile(join(folder, entry.name), new Uint8Array(await entry.data.arrayBuffer()));
  }
  if (!permissioned) {
    const parquet = await writeParquet(
      Array.from({ length: ROWS }, (_, i) => row(i)),
      ROWS,
      { root: rows.digest.root }
    );
    await writeFile(join(folder, 'rows.parquet'), new Uint8Array(await parquet.arrayBuffer()));
  }
}
