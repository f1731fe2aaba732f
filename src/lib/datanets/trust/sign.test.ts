import { beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { p256 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { canonicalJson } from '../canonical';
import { fromBase64Url, toBase64Url } from './base64url';
import { createIdentity, type Identity } from './identity';
import {
  ForgedStatementError,
  InvalidStatementError,
  isSigned,
  readSigned,
  signStatement,
  statementCid,
  verifySigned
} from './sign';
import type { Signed, StatementKind } from './statements';
import { everyStatement } from './testing';

const KINDS = Object.keys(
  everyStatement({ id: '', name: '', agreement: '' }, { id: '', name: '', agreement: '' })
) as StatementKind[];

let ada: Identity;
let bo: Identity;
let signed: Record<StatementKind, Signed>;

beforeAll(async () => {
  [ada, bo] = await Promise.all([createIdentity('Ada'), createIdentity('Bo')]);
  const statements = everyStatement(ada.person, bo.person);
  const entries = await Promise.all(
    Object.values(statements).map(async (statement) => [statement.kind, await signStatement(ada, statement)])
  );
  signed = Object.fromEntries(entries) as Record<StatementKind, Signed>;
});

const refused = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error
  );

const isRefusal = (error: unknown) =>
  error instanceof InvalidStatementError || error instanceof ForgedStatementError;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every way to change one place of a value: another value, one gone, one more. */
function* changes(value: Json): Generator<Json> {
  if (typeof value === 'string') {
    yield value + 'x';
    yield value.slice(0, -1);
    yield value.length > 0 ? String.fromCharCode(value.charCodeAt(0) ^ 1) + value.slice(1) : 'x';
  } else if (typeof value === 'number') {
    yield value + 1;
    yield -value - 1;
    yield String(value);
  } else if (typeof value === 'boolean') {
    yield !value;
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      for (const changed of changes(value[i])) yield value.with(i, changed);
      yield value.toSpliced(i, 1);
      yield value.toSpliced(i, 0, value[i]);
    }
    if (value.length > 1) yield value.toReversed();
  } else if (value) {
    for (const key of Object.keys(value)) {
      for (const changed of changes(value[key])) yield { ...value, [key]: changed };
      yield { ...value, [key]: null };
      const { [key]: _, ...rest } = value;
      yield rest;
    }
    yield { ...value, extra: 'x' };
  }
}

describe('signed statements', () => {
  it.each(KINDS)('hold when nothing is changed: %s', async (kind) => {
    const text = canonicalJson(signed[kind]);
    const read = await readSigned(text);
    expect(read).toEqual(signed[kind]);
    expect(isSigned(read, kind)).toBe(true);
    expect(statementCid(read)).toMatch(/^bafkrei[a-z2-7]{52}$/);
  });

  it.each(KINDS)('are refused when any one field is changed, taken away or added: %s', async (kind) => {
    const original = JSON.parse(canonicalJson(signed[kind])) as Json;
    let tried = 0;
    for (const changed of changes(original)) {
      // A change to a number's or a list's form that says the same is no change.
      if (canonicalJson(changed) === canonicalJson(original)) continue;
      const error = await refused(verifySigned(changed));
      if (!isRefusal(error)) expect.fail(`${canonicalJson(changed)} was taken: ${String(error)}`);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(20);
  });

  it('are refused when any character of the file is changed', async () => {
    const text = canonicalJson(signed['access-grant']);
    for (let at = 0; at < text.length; at += 1) {
      for (const other of [' ', text[at] === 'A' ? 'B' : 'A', '0']) {
        if (other === text[at]) continue;
        const error = await refused(readSigned(text.slice(0, at) + other + text.slice(at + 1)));
        if (!isRefusal(error)) expect.fail(`position ${at}, "${text[at]}" to "${other}", was taken`);
      }
    }
  });

  it.each(['\n', ' ', '\u0000'])('are refused with anything after them: %j', async (more) => {
    await expect(readSigned(canonicalJson(signed.refusal) + more)).rejects.toThrow(InvalidStatementError);
  });

  it('are refused when written with a key twice, or their keys in another order', async () => {
    const text = canonicalJson(signed.refusal);
    const twice = text.replace('"statement":{', '"statement":{"reason":"Yes, all of it",');
    await expect(readSigned(twice)).rejects.toThrow('canonical');
    const { statement, signature } = signed.refusal;
    await expect(readSigned(JSON.stringify({ statement, signature }))).rejects.toThrow('canonical');
  });

  it('are refused under another signer, whose own statement of the same words holds', async () => {
    const { statement } = signed.refusal;
    const asBo = await signStatement(bo, { ...statement, by: bo.person });
    await expect(verifySigned(asBo)).resolves.toEqual(asBo);
    await expect(verifySigned({ ...asBo, statement })).rejects.toThrow('another key signed it');
    const posing = { ...asBo, statement, signature: { ...asBo.signature, key: ada.person.id } };
    await expect(verifySigned(posing)).rejects.toThrow(ForgedStatementError);
    await expect(signStatement(bo, statement)).rejects.toThrow('only by the person');
  });

  it('cannot be replayed as a statement of another kind', async () => {
    for (const kind of KINDS) {
      for (const other of KINDS) {
        if (kind === other) continue;
        const replay = { ...signed[kind], signature: signed[other].signature };
        expect(isRefusal(await refused(verifySigned(replay)))).toBe(true);
        const renamed = { ...signed[kind], statement: { ...signed[kind].statement, kind: other } };
        expect(isRefusal(await refused(verifySigned(renamed)))).toBe(true);
      }
    }
  });

  it('have one signature only: its mirror image, which anybody can make, does not count', async () => {
    const { signature } = signed.refusal;
    const { r, s } = p256.Signature.fromBytes(fromBase64Url(signature.value));
    const mirrored = toBase64Url(new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes());
    const altered = { ...signed.refusal, signature: { ...signature, value: mirrored } };
    await expect(verifySigned(altered)).rejects.toThrow('its signature was altered');
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'are refused with a field called %s, at any depth',
    async (key) => {
      const text = canonicalJson(signed.validation);
      for (const place of ['{"signature"', '"findings":{', '"by":{']) {
        const brace = text.indexOf('{', text.indexOf(place)) + 1;
        const polluted = `${text.slice(0, brace)}"${key}":{"polluted":true},${text.slice(brace)}`;
        await expect(readSigned(polluted)).rejects.toThrow(`a field called "${key}"`);
      }
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    }
  );

  it.each([
    ['nothing', ''],
    ['half a file', '{"statement":{"kind":"refusal"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '7'],
    ['a number beyond all', '1e999'],
    ['a shape too deep', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['half a character', '{"statement":"\\ud800"}'],
    ['no statement', '{"signature":{}}']
  ])('are refused with a reason when they are %s', async (_, text) => {
    await expect(readSigned(text)).rejects.toThrow(InvalidStatementError);
  });

  it('are refused before anything else when they are huge', async () => {
    const started = performance.now();
    await expect(readSigned(`"${'x'.repeat(33 * 2 ** 20)}"`)).rejects.toThrow('too long');
    const wide = Array.from({ length: 40 }, () => 'x'.repeat(2 ** 20));
    await expect(verifySigned(wide)).rejects.toThrow('too long');
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it.each(['Ada\nApproved by all', 'Ada\u202egro.live', 'Ada\u0000', ''])(
    'cannot be made in a name that would mislead who reads it: %j',
    async (name) => {
      const mallory = await createIdentity(name);
      const statement = { ...signed.refusal.statement, by: mallory.person };
      await expect(signStatement(mallory, statement)).rejects.toThrow(InvalidStatementError);
    }
  );
});

describe('the keys of a person', () => {
  it('cannot be taken out of the browser, also after they were stored', async () => {
    for (const identity of [ada, structuredClone(ada)]) {
      for (const { privateKey } of [identity.signing, identity.agreement]) {
        expect(privateKey.extractable).toBe(false);
        for (const format of ['pkcs8', 'jwk'] as const) {
          await expect(crypto.subtle.exportKey(format, privateKey)).rejects.toThrow();
        }
      }
    }
  });
});

describe('whatever somebody sends instead of a statement', () => {
  it('is refused with one of two kinds of errors', async () => {
    const texts = Object.values(signed).map((each) => canonicalJson(each));
    const bent = fc
      .tuple(fc.constantFrom(...texts), fc.nat(), fc.nat(20), fc.string({ maxLength: 10 }))
      .map(([text, at, gone, put]) => {
        const start = at % text.length;
        return text.slice(0, start) + put + text.slice(start + gone);
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(bent, fc.string(), fc.json()), async (text) => {
        fc.pre(!texts.includes(text));
        expect(isRefusal(await refused(readSigned(text)))).toBe(true);
      }),
      fuzz(400)
    );
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (value) => {
        expect(isRefusal(await refused(verifySigned(value)))).toBe(true);
      }),
      fuzz(200)
    );
  });
});
