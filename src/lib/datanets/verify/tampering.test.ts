/** Whatever byte of a file that people sign or prove with is another: Verify fails, or nothing that it reads is another. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { prepareBundle, writeBundle } from '../bundle/bundle';
import { openContainer, writeContainer } from '../bundle/container';
import { prepareContribution, writeContribution } from '../bundle/contribution-file';
import { canonicalJson } from '../canonical';
import { rowCid, rowContent } from '../content/cid';
import { writeRows } from '../content/rows-file';
import type { DatanetRow } from '../datanet';
import { createIdentity } from '../trust/identity';
import { fragmentOfText } from '../trust/link';
import { signStatement, statementCid } from '../trust/sign';
import { everyStatement, someCid } from '../trust/testing';
import { createDataKey } from '../trust/wrap';
import { anchoredClaim } from './anchor-file';
import { shareProofOf } from './share-proof';
import { changesOf, fitting } from './testing';
import { verifyFile, type VerifyReport } from './verify';

const now = new Date('2026-11-25T00:00:00.000Z');
const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
const blobOf = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>]);
const verify = (blob: Blob) => verifyFile(blob, 'file', { now, related });
const fails = ({ kind, checks }: VerifyReport) =>
  kind === 'unreadable' || checks.some(({ state }) => state === 'fails');
/** As the page saves what people may want to look into. */
const indented = (value: unknown) => new Blob([`${JSON.stringify(value, undefined, 2)}\n`]);
const canonical = (value: unknown) => new Blob([canonicalJson(value)]);

const files = new Map<string, Blob>();
let related: Blob[] = [];

beforeAll(async () => {
  const [ada, bo] = await Promise.all([createIdentity('Ada'), createIdentity('Bo')]);
  const said = everyStatement(ada.person, bo.person);
  const list: DatanetRow[] = ['Ebbe um sechs', 'Flut um zwölf'].map((text) => ({
    ...{ text, contributor: bo.person.id }
  }));
  const rows = await writeRows(list);
  const { files: _, ...contribution } = { ...said.contribution, by: bo.person, rows: rows.digest };
  const signed = await signStatement(bo, contribution);
  const sealed = await prepareContribution(
    contribution,
    rows.blob,
    await createDataKey(ada.person.agreement)
  );
  const version = await prepareBundle(
    {
      ...{
        ...said.version,
        by: ada.person,
        permissioned: false,
        rows: rows.digest,
        splits: rows.tally.splits
      },
      ...{ contributors: [{ id: bo.person.id, name: 'Bo' }], contributions: [] }
    },
    rows,
    []
  );
  const published = await signStatement(ada, version.version);
  const receipt = await signStatement(
    ada,
    await fitting({ ...said['attribution-receipt'], by: ada.person, manifest: someCid('m') })
  );
  const grant = await signStatement(ada, { ...said['access-grant'], by: ada.person });
  const proof = {
    ...{ format: 'standard-v1', leafEncoding: ['string', 'string'], root: rows.tree.root },
    ...{ value: [rowCid(rowContent(list[0])), bo.person.id], proof: rows.tree.proof(0) },
    content: rowContent(list[0])
  };
  const anchor = { chainId: 1, uid: `0x${'1'.repeat(64)}`, transaction: `0x${'2'.repeat(64)}` };
  const share = await shareProofOf(receipt.statement, receipt.statement.shares[0].id);
  related = [canonical(receipt), canonical(published)];
  files.set('a grant', canonical(grant));
  files.set('a link', new Blob([`https://tabtune.example/${fragmentOfText(canonicalJson(grant))}`]));
  files.set('the proof of a row', indented(proof));
  files.set('the proof of a row in its canonical form', canonical(proof));
  files.set('the proof of a share', indented(share));
  files.set('a claim with its anchor', indented(anchoredClaim(receipt, anchor)));
  files.set('a bundle', await writeBundle(published, version.parts));
  files.set('a contribution', await writeContribution(signed, [{ name: 'rows.jsonl', data: rows.blob }]));
  files.set(
    'a sealed contribution',
    await writeContribution(await signStatement(bo, sealed.contribution), sealed.parts)
  );
  expect(statementCid(published)).toMatch(/^bafkrei/);
});

const names = [
  ...['a grant', 'a link', 'the proof of a row', 'the proof of a row in its canonical form'],
  ...[
    'the proof of a share',
    'a claim with its anchor',
    'a bundle',
    'a contribution',
    'a sealed contribution'
  ]
];

describe.each(names)('%s', (name) => {
  it('fails nowhere as it is', async () => {
    expect((await verify(files.get(name)!)).checks.filter(({ state }) => state === 'fails')).toEqual([]);
  });

  it('fails with any byte changed, put in or taken out, or says the same', { timeout: 120_000 }, async () => {
    const whole = await bytesOf(files.get(name)!);
    const good = await verify(files.get(name)!);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('flip', 'insert', 'delete'),
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (how, at, by) => {
          const bad = changed(whole, how, at, by);
          const report = await verify(blobOf(bad));
          if (!fails(report)) expect(report).toEqual(good);
        }
      ),
      fuzz(60)
    );
  });
});

describe.each(['a bundle', 'a contribution', 'a sealed contribution'])('%s packed anew', (name) => {
  it('fails with any byte of any part changed, put in or taken out', { timeout: 120_000 }, async () => {
    const entries = await openContainer(files.get(name)!);
    const contents = await Promise.all(entries.map(({ data }) => bytesOf(data)));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(entries.length - 1),
        fc.constantFrom('flip', 'insert', 'delete', 'append'),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (part, how, place, by) => {
          const content = contents[part];
          const bad = changed(content, how, content.length === 0 ? 0 : place % content.length, by);
          if (bad.length === content.length && bad.every((byte, i) => byte === content[i])) return;
          const parts = entries.map(({ name: each, data }, i) => ({
            ...{ name: each, data: i === part ? blobOf(bad) : data }
          }));
          expect(fails(await verify(await writeContainer(parts)))).toBe(true);
        }
      ),
      fuzz(60)
    );
  });
});

describe.each(['the proof of a row', 'the proof of a share', 'a claim with its anchor'])('%s', (name) => {
  it('fails with any field renamed, left out, there twice, or one more', async () => {
    const text = await files.get(name)!.text();
    const json = JSON.parse(text) as Record<string, unknown>;
    const good = await verify(files.get(name)!);
    const same: string[] = [];
    const look = async (what: string, other: string) => {
      expect(other).not.toBe(text);
      const report = await verify(new Blob([other]));
      // Another place on a chain is for the chain to tell.
      if (/^\.anchor\.\w+$/.test(what)) return;
      if (!fails(report) && JSON.stringify(report) === JSON.stringify(good)) same.push(what);
      // Words of a row and the place of a contract may be left out: then less is said.
      else if (!fails(report)) expect(what).toMatch(/ without (content|contract)$/);
    };
    for (const [path, other] of changesOf(json)) await look(path, `${JSON.stringify(other, undefined, 2)}\n`);
    for (const key of text.match(/"\w+"(?=:)/g)!) {
      for (const to of ['"more"', '"__proto__"', '"root"', '"claim"']) {
        if (key !== to) await look(`${key} as ${to}`, text.replace(`${key}:`, `${to}:`));
      }
      await look(`${key} twice`, text.replace(`${key}:`, `${key}: 1, ${key}:`));
      await look(
        `${key} twice, unlike`,
        text.replace(`${key}:`, `"\\u00${hex(key.charCodeAt(1))}${key.slice(2)}: 1, ${key}:`)
      );
    }
    await look('a space more', text.replace('{', '{ '));
    await look('no line feed at the end', text.trimEnd());
    await look(
      'a number written otherwise',
      text.replace(/([,:[]\s*)(\d+)(?=[\s,\]])/, '$1$2.0').replace('standard-v1', 'standard\\u002dv1')
    );
    expect(same).toEqual([]);
  });
});

it('a statement that quotes a link is that statement, and not what the link holds', async () => {
  const link = await files.get('a link')!.text();
  const ada = await createIdentity('Ada');
  const { retraction } = everyStatement(ada.person, ada.person);
  const quoting = await signStatement(ada, { ...retraction, by: ada.person, reason: `See ${link}` });
  expect((await verify(canonical(quoting))).kind).toBe('retraction');
  expect((await verify(new Blob([link]))).kind).toBe('access-grant');
  expect((await verify(new Blob([`\n ${link}\n`]))).kind).toBe('access-grant');
});

function changed(whole: Uint8Array, how: string, at: number, by: number): Uint8Array {
  const put = how === 'delete' ? [] : [how === 'flip' ? whole[at] ^ by : by];
  const from = how === 'append' ? whole.length : at;
  const rest = whole.subarray(how === 'insert' || how === 'append' ? from : from + 1);
  return Uint8Array.from([...whole.subarray(0, from), ...put, ...rest]);
}

function hex(code: number): string {
  return code.toString(16).padStart(2, '0');
}
