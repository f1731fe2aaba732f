/** A browser may name its language in a way that Intl throws at. Nothing may depend on that. */
import { describe, expect, it } from 'vitest';
import { browserLocale, localeOf, mendLanguage } from './locale';

describe('the locale of a reader', () => {
  it.each([
    ['en-US@posix', 'en-US'],
    ['C', 'en'],
    ['POSIX', 'en'],
    ['C.UTF-8', 'en'],
    ['', 'en'],
    ['de-DE', 'de-DE'],
    ['de_DE.UTF-8', 'de-DE'],
    ['ar-EG', 'ar-EG'],
    ['PT-br', 'pt-BR'],
    ['und', 'en'],
    ['zz-ZZ', 'en']
  ])('called %j is %s', (name, expected) => {
    expect(localeOf(name)).toBe(expected);
    expect(() => new Intl.NumberFormat(localeOf(name))).not.toThrow();
  });

  it('is the first that Intl takes', () => {
    expect(localeOf(undefined, 'C', 'nl-NL', 'de')).toBe('nl-NL');
    expect(browserLocale({ language: 'C', languages: ['C', 'fr'] })).toBe('fr');
    expect(localeOf()).toBe('en');
  });
});

describe('the language of a browser', () => {
  const browserWith = (language: string) => Object.create({ language, languages: [language] }) as Navigator;

  it('is one that Intl takes once it was mended', () => {
    const browser = browserWith('en-US@posix');
    expect(() => new Intl.NumberFormat(browser.language)).toThrow(RangeError);
    mendLanguage(browser);
    expect(browser.language).toBe('en-US');
  });

  it('stays what it is where Intl takes it', () => {
    const browser = browserWith('ar-EG');
    mendLanguage(browser);
    expect(Object.keys(browser)).toEqual([]);
    expect(browser.language).toBe('ar-EG');
  });
});
