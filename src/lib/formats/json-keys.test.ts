import { describe, expect, it } from 'vitest';
import { repeatedKey } from './json-keys';

describe('a key that is there twice', () => {
  it.each<[string, string | undefined]>([
    ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}', undefined],
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"b":[{"c":{"x":1 , "x"\n\t :2}}]}', 'x'],
    ['{"a":"a","b":"a\\":\\"a","c":["a","a"]}', undefined],
    ['{"__proto__":1,"constructor":2}', undefined],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['["a","a"]', undefined],
    ['"a"', undefined]
  ])('in %s is %s', (text, key) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(repeatedKey(text)).toBe(key);
  });
});
