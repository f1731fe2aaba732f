import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { NotCanonicalError, canonicalJson, canonicalLines, canonicalRow, rowsSha256 } from './canonical';
import type { DatanetRow } from './datanet';
import type { Row } from './row';

/** Appendix B of RFC 8785: the bits of an IEEE 754 double, and how it is written. */
const NUMBERS: [string, string][] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2']
];

const double = (bits: string) => Buffer.from(bits, 'hex').readDoubleBE();

describe('canonical JSON, as RFC 8785 publishes it', () => {
  it.each(NUMBERS)('writes the double %s as %s (appendix B)', (bits, text) => {
    expect(canonicalJson(double(bits))).toBe(text);
  });

  it.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])('refuses the double %s', (bits) => {
    expect(() => canonicalJson({ a: [double(bits)] })).toThrow(NotCanonicalError);
  });

  it('writes the sample of section 3.2.2, in the bytes of section 3.2.4', () => {
    const value: unknown = JSON.parse(
      String.raw`{ "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
         "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] }`
    );
    const text = canonicalJson(value);
    expect(text).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`
    );
    expect(Buffer.from(text).toString('hex')).toBe(
      '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b333333333333' +
        '3333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282' +
        'ac245c75303030665c6e4127425c225c5c5c5c5c222f227d'
    );
  });

  it('sorts keys by UTF-16 code units, so a pair of surrogates comes before U+FB33 (section 3.2.3)', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis'
    };
    expect(
      Object.values(
        JSON.parse(
          `[${canonicalJson(value)
            .slice(1, -1)
            .replace(/"[^"]+":/g, '')}]`
        )
      )
    ).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh'
    ]);
  });
});

describe('canonical JSON, of any value', () => {
  const json = fc
    .jsonValue({ noUnicodeString: false })
    .filter((value) => JSON.stringify(value).isWellFormed());

  it('says the same as JSON, and the same again after a round trip', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        // Through JSON on both sides, since JSON has no -0.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      fuzz(100)
    );
  });

  it('does not depend on the order in which keys were set', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.integer()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
      }),
      fuzz(100)
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['undefined', { a: { b: undefined } }, /"a\.b" is an undefined value/],
    ['a hole of an array', [1, , 2], /"\[1\]" is an undefined value/], // eslint-disable-line no-sparse-arrays
    ['a lone surrogate', { name: 'x\ud800' }, /"name" is text with a lone surrogate/],
    ['a lone surrogate in a key', { '\udc00': 1 }, /lone surrogate/],
    ['a big integer', 1n, /The value is a bigint/],
    ['a function', { f: () => 1 }, /"f" is a function/],
    ['a date', [new Date(0)], /"\[0\]" is a Date/],
    ['a map', new Map(), /The value is a Map/]
  ])('refuses %s and says where it is', (_, value, message) => {
    expect(() => canonicalJson(value)).toThrow(NotCanonicalError);
    expect(() => canonicalJson(value)).toThrow(message);
  });

  it('refuses cycles and nesting that would exhaust the stack', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => canonicalJson(cycle)).toThrow(/nested deeper than 256/);
    expect(() => canonicalJson(JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)))).toThrow(
      NotCanonicalError
    );
  });

  it('takes `__proto__` of a hostile file as a key like any other', () => {
    expect(canonicalJson(JSON.parse('{"z":1,"__proto__":{"a":2}}'))).toBe('{"__proto__":{"a":2},"z":1}');
  });
});

const CHAT: Row = {
  source: 'forum',
  messages: [{ role: 'user', content: 'é\n"' }],
  contributor: 'Ann'
};

describe('rows', () => {
  it('writes a row as RFC 8785 does: sorted keys, no spaces, nothing escaped that need not be', () => {
    expect(canonicalRow(CHAT)).toBe(
      '{"contributor":"Ann","messages":[{"content":"é\\n\\"","role":"user"}],"source":"forum"}'
    );
    expect(canonicalRow({ text: 'a', contributor: 'Ann' })).toBe('{"contributor":"Ann","text":"a"}');
    expect(canonicalRow({ text: 'a' })).toBe('{"text":"a"}');
  });

  it('writes all that a Datanet knows of a row, and nothing that says nothing', () => {
    const row: DatanetRow = {
      text: 'a',
      tags: ['b', 'a'],
      split: 'test',
      source: 's',
      licence: 'MIT',
      drafted: true,
      contributor: 'Ann',
      contribution: 'bafk'
    };
    expect(canonicalRow(row)).toBe(
      '{"contribution":"bafk","contributor":"Ann","drafted":true,"licence":"MIT","source":"s","split":"test",' +
        '"tags":["b","a"],"text":"a"}'
    );
    expect(
      canonicalRow({ text: 'a', contributor: 'Ann', tags: [], drafted: false, licence: undefined })
    ).toBe('{"contributor":"Ann","text":"a"}');
  });

  it('hashes the rows as JSON Lines', () => {
    const rows: Row[] = [CHAT, { text: 'a' }];
    const file = [...canonicalLines(rows)].join('');
    expect(file.split('\n')).toHaveLength(3);
    expect(rowsSha256(rows)).toEqual({
      sha256: createHash('sha256').update(file).digest('hex'),
      bytes: Buffer.byteLength(file)
    });
  });
});
