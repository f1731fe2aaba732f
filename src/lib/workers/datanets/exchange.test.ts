import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../datanets/policy/combine';
import { loadTrainingData, NothingAllowedError, requireAllowed } from '../../jobs/training-data';
import { openVersion } from '../run-versions';
import { accessTo, openShown } from './service-access';
import type { SignedFile, StatementRequest } from './protocol';
import { NotForHereError } from './receiving-hall';
import { CannotSignError } from './signing-desk';
import { Browser, FACTS } from './testing-people';

let ada: Browser;
let bo: Browser;
let cy: Browser;
/** Ada's Datanet: her own id for it, and the world's. */
let pelhaven: string;

beforeEach(async () => {
  ada = await Browser.of('Ada');
  bo = await Browser.of('Bo');
  cy = await Browser.of('Cy');
  pelhaven = await ada.create();
});

const licence = { spdx: 'CC-BY-4.0', evidence: 'I wrote them' };
const invite = () => ada.sign({ kind: 'invitation', id: pelhaven });
const publish = (permissioned: boolean) =>
  ada.sign({ kind: 'version', id: pelhaven, permissioned, changes: '' });
const rootOf = async (file: SignedFile) => (await ada.store.versions.get(file.cid)).root;

/** Somebody writes rows for Ada and hands them in. @returns the local id, and the file */
async function handIn(who: Browser, ...texts: string[]): Promise<{ id: string; file: SignedFile }> {
  const id = await who.take(await invite());
  await who.write(id, ...texts);
  const file = await who.sign({ kind: 'contribution', id, source: 'My notes', licence });
  return { id, file };
}

/** Ada takes all rows of a contribution. */
async function approve(file: SignedFile): Promise<SignedFile> {
  await ada.take(file);
  return ada.sign({ kind: 'decision', contribution: file.cid, rejected: [] });
}

/** Somebody receives a version, asks for it and is granted it. */
async function grant(
  who: Browser,
  version: SignedFile,
  conditions: Extract<StatementRequest, { kind: 'access-grant' }>['conditions'] = {}
): Promise<{ id: string; file: SignedFile }> {
  const id = await who.take(version);
  const root = await rootOf(version);
  const request = await who.sign({
    kind: 'access-request',
    ...{ id, root, uses: ['training', 'display'], purpose: '', words: 'Please' }
  });
  await ada.take(request);
  const file = await ada.sign({
    kind: 'access-grant',
    ...{ request: request.cid, uses: ['training', 'evaluation', 'display'], conditions }
  });
  return { id, file };
}

/** The rows of a run, as the trainer gets them. @throws NothingAllowedError */
async function train(who: Browser, root: string) {
  const data = await loadTrainingData([
    await openVersion(who.store, root, { weight: 1, now: who.now.getTime() })
  ]);
  requireAllowed(data);
  return data;
}

const refusal = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error('It was taken.');
    },
    (error: Error) => error
  );

/** Everything that a browser has stored, and a file, as text to look for words in. */
async function everythingIn(who: Browser, ...files: SignedFile[]): Promise<string> {
  const parts: string[] = [];
  const decoder = new TextDecoder('latin1');
  const visit = async (value: unknown): Promise<void> => {
    if (typeof value === 'string') parts.push(value);
    else if (value instanceof Blob) parts.push(decoder.decode(await value.arrayBuffer()));
    else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      parts.push(decoder.decode(value as ArrayBuffer));
    } else if (typeof value === 'object' && value !== null)
      for (const each of Object.values(value)) await visit(each);
  };
  await visit(await who.dump());
  for (const { file } of files) await visit(file);
  return parts.join('\n');
}

describe('a contribution', () => {
  it('goes from an invitation through a proposal and a decision into a version, and back as an answer', async () => {
    await ada.write(pelhaven, 'The harbour freezes in January.');
    const { id, file } = await handIn(bo, 'The ferry leaves at nine.', 'The lighthouse is red.', 'spam');
    expect(file.file.name).toBe('pelhaven.contribution');

    const received = await ada.open(file.file);
    expect(received).toMatchObject({
      kind: 'contribution',
      by: bo.person,
      effect: 'Adds a proposal of 3 rows by "Bo" to "Pelhaven". You decide row by row.'
    });
    expect(await ada.exchange.keep(received.received)).toBe(pelhaven);
    const [proposal] = (await ada.exchange.exchange(pelhaven)).proposals;
    expect(proposal).toMatchObject({ contribution: file.cid, statement: { source: 'My notes' } });
    expect(await ada.texts(pelhaven)).toEqual(['The harbour freezes in January.']);

    const table = await ada.store.tables.get({ of: 'proposal', name: file.cid });
    const decision = await ada.sign({
      kind: 'decision',
      contribution: file.cid,
      rejected: [{ key: table.key(2), reason: 'It is no sentence' }]
    });
    expect(await ada.texts(pelhaven)).toEqual([
      'The harbour freezes in January.',
      'The ferry leaves at nine.',
      'The lighthouse is red.'
    ]);
    const draft = await ada.store.tables.get({ of: 'draft', name: pelhaven });
    expect(draft.at(1)).toMatchObject({
      contributor: bo.person.id,
      contribution: file.cid,
      source: 'My notes'
    });
    expect((await ada.store.datanets.get(pelhaven)).contributors.map(({ name }) => name)).toEqual([
      'Ada',
      'Bo'
    ]);

    const answer = await bo.open(decision.fragment!);
    expect(answer.effect).toBe(
      'Keeps the answer to your contribution to "Pelhaven": 2 rows taken, 1 row not.'
    );
    await bo.exchange.keep(answer.received);
    const [handedIn] = (await bo.exchange.exchange(id)).proposals;
    expect(handedIn.decision?.statement.rejected[0].reason).toBe('It is no sentence');

    const version = await publish(false);
    const { statement } = (await ada.store.versions.get(version.cid)).signed;
    expect(statement).toMatchObject({ number: 1, rows: { count: 3 }, splits: { train: 3 } });
    expect(statement.contributions).toEqual([{ id: file.cid, contributor: bo.person.id, licence, rows: 2 }]);
    const reader = await cy.take(version);
    expect(await cy.versionTexts(statement.rows.root)).toEqual(await ada.texts(pelhaven));
    expect(await cy.store.datanets.get(reader)).toMatchObject({ role: 'reader', rows: 3 });
  });

  it('can be read by the owner only, though it passes through other hands', async () => {
    const { file } = await handIn(bo, 'A secret of the harbour');
    expect(await everythingIn(cy, file)).not.toContain('A secret of the harbour');
    const error = await refusal(cy.open(file.file));
    expect(error.message).toContain('a Datanet that you do not own');
  });

  it('is there once, however often and in whatever form it is handed in', async () => {
    const { id, file } = await handIn(bo, 'One row');
    await ada.take(file);
    expect((await ada.open(file.file)).effect).toContain('is here already');
    await ada.take(file);
    expect(await ada.count(pelhaven, 'contribution')).toBe(1);

    expect(await refusal(bo.sign({ kind: 'contribution', id, source: 'Again', licence }))).toBeInstanceOf(
      CannotSignError
    );
    // Another browser state of the same person, which does not know of the first: the owner notices.
    await bo.forgetStatements(id, 'contribution');
    const again = await bo.sign({ kind: 'contribution', id, source: 'Again', licence });
    const error = await refusal(ada.open(again.file));
    expect(error).toBeInstanceOf(NotForHereError);
    expect(error.message).toContain('handed in these very rows before');
  });

  it('brings only rows that were not handed in before', async () => {
    const { id } = await handIn(bo, 'One row');
    await bo.write(id, 'Another row', 'Another row');
    const { prepared, words, warnings } = await bo.exchange.prepare(
      { kind: 'contribution', id, source: 'More', licence: { spdx: 'CC0-1.0' } },
      () => undefined
    );
    expect(words[0]).toContain('hands 1 row');
    expect(warnings).toContain('2 rows of the draft stay out: handed in before, or there twice.');
    expect(warnings).toContain('The Datanet is under CC-BY-4.0, your rows would be under CC0-1.0.');
    const file = await bo.exchange.sign(prepared);
    await approve(file);
    const draft = await ada.store.tables.get({ of: 'draft', name: pelhaven });
    expect(draft.at(0)).toMatchObject({ licence: 'CC0-1.0', contribution: file.cid });
  });

  it('needs an invitation of this owner’s that was open then', async () => {
    const { id } = await handIn(bo, 'One row');
    await ada.forgetStatements(pelhaven, 'invitation');
    await bo.write(id, 'Another row');
    const file = await bo.sign({ kind: 'contribution', id, source: '', licence });
    expect((await refusal(ada.open(file.file))).message).toContain(
      'an invitation that you did not make here'
    );

    const short = await ada.sign({ kind: 'invitation', id: pelhaven, expires: '2126-11-24T10:00:00Z' });
    await bo.take(short);
    await bo.write(id, 'A third row');
    bo.now = new Date('2126-11-24T10:00:00Z');
    expect((await refusal(bo.sign({ kind: 'contribution', id, source: '', licence }))).message).toContain(
      'is over'
    );
    cy.now = bo.now;
    expect((await refusal(cy.open(short.file))).message).toContain('This invitation is over');
  });

  it('is decided once, by the owner, about its own rows', async () => {
    const { file } = await handIn(bo, 'One row');
    const decision = await approve(file);
    const twice: StatementRequest = { kind: 'decision', contribution: file.cid, rejected: [] };
    expect((await refusal(ada.sign(twice))).message).toContain('answered already');
    expect((await refusal(cy.open(decision.file))).message).toContain('was not made in this browser');

    // Cy has a Datanet, too, and answers in the place of Ada.
    const forged = await cy.signAs({
      kind: 'decision',
      ...{ datanet: pelhaven, contribution: file.cid, rejected: [], approved: 1 }
    });
    expect((await refusal(bo.open(forged))).message).toContain('not signed by "Ada"');
    const invented = await ada.signAs({
      kind: 'decision',
      ...{ datanet: pelhaven, contribution: file.cid, rejected: [], approved: 2 }
    });
    expect((await refusal(bo.open(invented))).message).toContain('other rows than those that you handed in');
    await bo.take(decision);
    expect(await bo.count(pelhaven, 'decision')).toBe(1);
  });

  it('leaves the draft when it is taken back, is not published again, and not trained on', async () => {
    await ada.write(pelhaven, 'The harbour freezes in January.');
    const { file } = await handIn(bo, 'The ferry leaves at nine.', 'The lighthouse is red.');
    await approve(file);
    const first = await publish(false);
    await cy.take(first);
    const withdrawal = await bo.sign({ kind: 'withdrawal', contribution: file.cid, reason: 'A mistake' });

    const received = await ada.open(withdrawal.file);
    expect(received.effect).toContain('Takes 2 rows out of the draft');
    await ada.exchange.keep(received.received);
    expect(await ada.texts(pelhaven)).toEqual(['The harbour freezes in January.']);
    expect((await ada.exchange.exchange(pelhaven)).proposals[0].withdrawn?.statement.reason).toBe(
      'A mistake'
    );
    expect((await train(ada, await rootOf(first))).rows).toHaveLength(1);

    // A reader learns of it by the file itself, or with the next version.
    const root = await rootOf(first);
    expect((await train(cy, root)).rows).toHaveLength(3);
    await cy.take(await publish(false));
    const { rows, versions } = await train(cy, root);
    expect(rows).toHaveLength(1);
    expect(versions[0].refusals[0]).toMatchObject({
      rows: 2,
      reason: 'The contributor has taken the contribution back.'
    });
  });

  it('keeps rules of its own, which the trainer obeys beside those of the Datanet', async () => {
    await ada.write(pelhaven, 'The harbour freezes in January.');
    const id = await bo.take(await invite());
    await bo.write(id, 'The ferry leaves at nine.');
    const policy = { ...defaultPolicy(), training: { rule: 'forbidden' } as const };
    await approve(await bo.sign({ kind: 'contribution', id, source: '', licence, policy }));
    const version = await publish(false);
    await cy.take(version);
    const { rows, versions } = await train(cy, await rootOf(version));
    expect(rows).toMatchObject([{ text: 'The harbour freezes in January.' }]);
    expect(versions[0].attribution).toMatchObject([{ id: ada.person.id }]);
    expect(versions[0].refusals).toMatchObject([
      {
        use: 'training',
        reason: 'By the rules of the contribution, training models on the rows is forbidden.',
        contributors: [bo.person.id]
      }
    ]);
  });

  it('can be taken back by nobody else', async () => {
    const { file } = await handIn(bo, 'One row');
    await approve(file);
    await expect(ada.sign({ kind: 'withdrawal', contribution: file.cid, reason: '' })).rejects.toThrow(
      'Only "Bo"'
    );
    const forged = await cy.signAs({
      kind: 'withdrawal',
      datanet: pelhaven,
      contribution: file.cid,
      reason: ''
    });
    expect((await refusal(ada.open(forged))).message).toContain('Only who made it can');
    expect(await ada.texts(pelhaven)).toEqual(['One row']);
  });

  it('that was taken back cannot be decided any more', async () => {
    const { file } = await handIn(bo, 'One row');
    await ada.take(file);
    await ada.take(await bo.sign({ kind: 'withdrawal', contribution: file.cid, reason: '' }));
    const decide: StatementRequest = { kind: 'decision', contribution: file.cid, rejected: [] };
    expect((await refusal(ada.sign(decide))).message).toContain('taken this contribution back');
  });
});

describe('a permissioned version', () => {
  const SECRET = 'The pilot of Pelhaven keeps brandy in the fog bell.';

  it('is read by who was granted it, and by nobody else, in the file or in storage', async () => {
    await ada.write(pelhaven, SECRET);
    const version = await publish(true);
    const root = await rootOf(version);
    expect(await version.file.text()).not.toContain('brandy');

    const { id, file } = await grant(bo, version);
    expect((await accessTo(bo.store, await bo.store.versions.byRoot(root))).reason).toContain(
      'needs a grant'
    );
    expect((await bo.open(file.file)).effect).toBe('Opens version 1 of "Pelhaven" for you.');
    await bo.take(file);
    expect(await bo.versionTexts(root)).toEqual([SECRET]);
    expect((await train(bo, root)).rows).toMatchObject([{ text: SECRET }]);
    expect(await everythingIn(bo)).not.toContain('brandy');
    expect((await bo.exchange.exchange(id)).grants).toHaveLength(1);

    // Cy has the file, and Bo's grant, and still nothing.
    await cy.take(version);
    expect((await refusal(cy.open(file.file))).message).toContain('This grant is for "Bo"');
    await expect(cy.versionTexts(root)).rejects.toThrow();
    await expect(openShown(cy.store, cy.rows, { of: 'version', root })).rejects.toThrow('needs a grant');
    await expect(train(cy, root)).rejects.toThrow(NothingAllowedError);
    await cy.keepStatementOf(file);
    await expect(cy.versionTexts(root)).rejects.toThrow();
    expect(await everythingIn(cy, version, file)).not.toContain('brandy');
  });

  it('closes when the grant ends, is revoked, or its runs are used up', async () => {
    await ada.write(pelhaven, SECRET);
    const version = await publish(true);
    const root = await rootOf(version);
    const { file } = await grant(bo, version, { expires: '2126-11-25T00:00:00Z', runs: 1 });
    await bo.take(file);
    const data = await train(bo, root);
    expect(data.rows).toHaveLength(1);
    await bo.store.addRun({ name: 'first', run: { datanets: data.versions } });
    await expect(train(bo, root)).rejects.toThrow('used up');

    bo.now = new Date('2126-11-25T00:00:00Z');
    await expect(train(bo, root)).rejects.toThrow('was allowed until');

    bo.now = ada.now;
    await bo.take(await ada.sign({ kind: 'revocation', grant: file.cid, reason: 'Over' }));
    await expect(train(bo, root)).rejects.toThrow('revoked');
    const { readable, reason } = await accessTo(bo.store, await bo.store.versions.byRoot(root));
    expect({ readable, reason }).toEqual({ readable: false, reason: 'The owner revoked the grant.' });
  });

  it('is granted anew after that, with runs of its own', async () => {
    await ada.write(pelhaven, SECRET);
    const version = await publish(true);
    const root = await rootOf(version);
    const first = await grant(bo, version, { runs: 1 });
    await bo.take(first.file);
    await bo.store.addRun({ name: 'first', run: { datanets: (await train(bo, root)).versions } });
    await expect(train(bo, root)).rejects.toThrow('used up');
    const [{ cid }] = (await ada.exchange.exchange(pelhaven)).requests;
    const again = await ada.sign({
      kind: 'access-grant',
      ...{ request: cid, uses: ['training', 'evaluation'], conditions: { runs: 2 } }
    });
    await bo.take(again);
    expect((await train(bo, root)).rows).toHaveLength(1);
  });

  it('is granted within its rules only, to an end that lies ahead', async () => {
    await ada.write(pelhaven, SECRET);
    const version = await publish(true);
    const id = await bo.take(version);
    const request = await bo.sign({
      kind: 'access-request',
      ...{ id, root: await rootOf(version), uses: ['redistribution'], purpose: '', words: '' }
    });
    await ada.take(request);
    const ask = { kind: 'access-grant', request: request.cid, conditions: {} } as const;
    await expect(ada.sign({ ...ask, uses: ['redistribution'] })).rejects.toThrow(
      'a grant cannot go beyond them'
    );
    await expect(
      ada.sign({ ...ask, uses: ['training'], conditions: { expires: '2126-11-24T09:30:00Z' } })
    ).rejects.toThrow('would be over');
    const no = await ada.sign({ kind: 'refusal', request: request.cid, reason: 'Not for that' });
    expect((await refusal(cy.open(no.file))).message).toContain('was not made in this browser');
    await bo.take(no);
    expect((await bo.exchange.exchange(id)).requests[0].answer?.statement).toMatchObject({
      reason: 'Not for that'
    });
  });

  it('is not opened by grants, revocations or versions of others than its owner', async () => {
    await ada.write(pelhaven, SECRET);
    const version = await publish(true);
    const root = await rootOf(version);
    const { file } = await grant(bo, version);
    const granted = (await ada.store.statements.get(file.cid)).signed.statement;
    if (granted.kind !== 'access-grant') throw new Error('It is no grant.');
    const { by: _, created: __, ...said } = granted;
    expect((await refusal(bo.open(await cy.signAs(said)))).message).toContain('not signed by "Ada"');
    await bo.take(file);
    const ended = await cy.signAs({ kind: 'revocation', datanet: pelhaven, grant: file.cid, reason: '' });
    expect((await refusal(bo.open(ended))).message).toContain('Only who granted can revoke');

    // Cy owns another Datanet, and says that it is this one.
    const other = await cy.create();
    await cy.write(other, 'Not of Pelhaven');
    await cy.renameDatanet(other, pelhaven);
    const forged = await cy.sign({ kind: 'version', id: other, permissioned: false, changes: '' });
    expect((await refusal(bo.open(forged.file))).message).toContain('who owns "Pelhaven" and alone can');
    expect(await bo.versionTexts(root)).toEqual([SECRET]);
  });

  it('is granted as it was asked for, after another with the same rows was published', async () => {
    await ada.write(pelhaven, SECRET);
    const first = await publish(true);
    const id = await bo.take(first);
    const root = await rootOf(first);
    const request = await bo.sign({
      kind: 'access-request',
      ...{ id, root, uses: ['training', 'display'], purpose: '', words: '' }
    });
    await ada.drafts.describe(pelhaven, { ...FACTS, summary: 'The same rows, said better' });
    const second = await publish(true);
    expect(await rootOf(second)).toBe(root);
    await ada.take(request);
    const file = await ada.sign({
      kind: 'access-grant',
      ...{ request: request.cid, uses: ['training', 'display'], conditions: {} }
    });
    await bo.take(file);
    expect(await bo.versionTexts(root)).toEqual([SECRET]);
    // The key is that version's alone: who takes the next one asks anew.
    await bo.take(second);
    const { context } = await openVersion(bo.store, await bo.store.versions.get(second.cid), { weight: 1 });
    expect(context.grant).toBeUndefined();
  });

  it('opens for the request of one person with a key that is theirs alone', async () => {
    await ada.write(pelhaven, SECRET);
    const version = await publish(true);
    const [forBo, forCy] = [await grant(bo, version), await grant(cy, version)];
    const keys = await Promise.all(
      [forBo, forCy].map(async ({ file }) => {
        const { statement } = (await ada.store.statements.get(file.cid)).signed;
        return statement.kind === 'access-grant' ? statement.key.value : '';
      })
    );
    expect(keys[0]).not.toBe(keys[1]);
    await cy.take(forCy.file);
    expect((await refusal(cy.open(forBo.file.file))).message).toContain('This grant is for "Bo"');
    const root = await rootOf(version);
    expect(await cy.versionTexts(root)).toEqual([SECRET]);
  });
});

describe('signing', () => {
  it('needs a name, and signs what was shown once', async () => {
    const nobody = await Browser.nameless();
    const id = await nobody.create();
    await expect(nobody.sign({ kind: 'invitation', id })).rejects.toThrow('Give yourself a name');
    await expect(nobody.exchange.people.rename('  ')).rejects.toThrow('A name has');
    const { prepared } = await ada.exchange.prepare({ kind: 'invitation', id: pelhaven }, () => undefined);
    await ada.exchange.sign(prepared);
    await expect(ada.exchange.sign(prepared)).rejects.toThrow('signed already');
  });

  it('publishes what was shown or nothing, when the draft changed meanwhile', async () => {
    await ada.write(pelhaven, 'One row');
    const request: StatementRequest = { kind: 'version', id: pelhaven, permissioned: false, changes: '' };
    const { prepared } = await ada.exchange.prepare(request, () => undefined);
    await ada.write(pelhaven, 'Another row');
    await expect(ada.exchange.sign(prepared)).rejects.toThrow('changed in another tab');
    expect(await ada.store.versions.of(pelhaven)).toEqual([]);
    const version = await publish(false);
    expect((await ada.store.versions.get(version.cid)).revision).toBe(
      (await ada.store.datanets.get(pelhaven)).revision
    );
  });

  it('asks for a licence before anybody gets rows or is asked for some', async () => {
    const id = await ada.create({ ...FACTS, licence: { spdx: '' } });
    await ada.write(id, 'One row');
    await expect(ada.sign({ kind: 'invitation', id })).rejects.toThrow('under which licence');
    await expect(ada.sign({ kind: 'version', id, permissioned: false, changes: '' })).rejects.toThrow(
      'under which licence'
    );
  });

  it('says before it is shown what cannot be signed', async () => {
    const id = await ada.create({ ...FACTS, summary: 'two\nlines' });
    await expect(ada.exchange.prepare({ kind: 'invitation', id }, () => undefined)).rejects.toThrow(
      'This cannot be signed as it is: facts.summary'
    );
  });

  it('refuses what does not belong to the role', async () => {
    const { id } = await handIn(bo, 'One row');
    await expect(bo.sign({ kind: 'version', id, permissioned: false, changes: '' })).rejects.toThrow(
      'by its owner only; here you are somebody who was invited'
    );
    await expect(bo.sign({ kind: 'invitation', id })).rejects.toThrow('by its owner only');
    await expect(ada.sign({ kind: 'contribution', id: pelhaven, source: '', licence })).rejects.toThrow(
      'somebody who was invited'
    );
    await expect(publish(false)).rejects.toThrow('no rows to publish');
  });

  it('hands the same file over again', async () => {
    const { file } = await handIn(bo, 'One row');
    const again = await bo.exchange.signedFile(file.cid);
    expect(new Uint8Array(await again.file.arrayBuffer())).toEqual(
      new Uint8Array(await file.file.arrayBuffer())
    );
    await ada.write(pelhaven, 'One row');
    const version = await publish(true);
    expect((await ada.exchange.signedFile(version.cid)).file.name).toBe('pelhaven-1.datanet');
    const invitation = await invite();
    expect(await ada.exchange.signedFile(invitation.cid)).toMatchObject({
      cid: invitation.cid,
      fragment: invitation.fragment
    });
  });
});

describe('opening', () => {
  it.each([
    ['an empty file', new File([], 'a.txt'), 'is no file that Tabtune made'],
    [
      'an image',
      new File([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0xff)], 'a.png'),
      'is no file that Tabtune made'
    ],
    ['rows', new File(['{"text":"a"}\n'], 'rows.jsonl'), 'is no file that Tabtune made'],
    ['half a link', 'https://example.org/datanets#open=eyJz', 'not a signed statement'],
    ['a broken link', '#open=e', 'was cut or changed'],
    ['another link', 'https://example.org/', 'no link of Tabtune'],
    ['nothing', '', 'no link of Tabtune']
  ])('says why %s is nothing to take in', async (_, source, reason) => {
    expect((await refusal(ada.open(source))).message).toContain(reason);
  });

  it('takes a file whole or not at all: no byte of it can be another', async () => {
    await ada.write(pelhaven, 'One row', 'Another row');
    const { file: handedIn } = await handIn(bo, 'A third row');
    for (const { file } of [await publish(true), handedIn, await invite()]) {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const step = Math.max(1, Math.floor(bytes.length / 150));
      for (let at = 0; at < bytes.length; at += step) {
        const bad = bytes.with(at, bytes[at] ^ 0x04);
        const who = file.name.endsWith('.contribution') ? ada : cy;
        const error = await refusal(who.open(new File([bad], file.name)));
        expect(error.message.length, `byte ${at} of ${file.name}`).toBeGreaterThan(20);
      }
    }
  });

  it('leaves everything as it was where it is not kept', async () => {
    const { file } = await handIn(bo, 'One row');
    const received = await ada.open(file.file);
    expect(await ada.count(pelhaven, 'contribution')).toBe(0);
    await ada.exchange.keep(received.received);
    await expect(ada.exchange.keep(received.received)).rejects.toThrow('Open it again');
  });

  it('tells somebody about their own file', async () => {
    const invitation = await invite();
    expect((await refusal(ada.open(invitation.file))).message).toContain('signed this yourself');
    const { file } = await handIn(bo, 'One row');
    expect((await refusal(bo.open(file.file))).message).toContain('signed this yourself');
  });
});

describe('a validation', () => {
  it('is about a version that both have', async () => {
    await ada.write(pelhaven, 'One row');
    const version = await publish(false);
    const root = await rootOf(version);
    const id = await cy.take(version);
    const file = await cy.sign({ kind: 'validation', id, root, verdict: 'sound', words: 'Read it all' });
    expect((await refusal(bo.open(file.file))).message).toContain(
      'a version that this browser does not have'
    );
    await ada.take(file);
    expect((await ada.exchange.exchange(pelhaven)).validations).toMatchObject([{ cid: file.cid }]);
    const next = await publish(false);
    await cy.take(next);
    expect((await cy.store.datanets.get(id)).head).toBe(next.cid);
  });
});
