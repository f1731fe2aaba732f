/** What the browser says of the reader's language, in a form that `Intl` takes. */

/** The language of this page, and of a reader whose browser names none. */
const pageLanguage = 'en';

/**
 * The first of some names of languages that `Intl` takes, as a canonical BCP 47 tag; `en` where it takes none.
 * Chromium on Linux without a locale calls its language `en-US@posix`, and other systems give it names such as `C`,
 * `POSIX` and `de_DE.UTF-8`: `Intl` throws at all of them.
 */
export function localeOf(...names: readonly (string | undefined)[]): string {
  for (const name of names) {
    // A name of POSIX is language_territory.codeset@modifier.
    const tag = (name ?? '').split(/[.@]/, 1)[0].replaceAll('_', '-');
    const locale = canonical(tag);
    if (locale !== undefined && isNamed(locale)) return locale;
  }
  return pageLanguage;
}

/** What of `navigator` is read here. */
type Languages = Pick<Navigator, 'language' | 'languages'>;

/** The reader's own locale. */
export function browserLocale({ language, languages }: Languages): string {
  return localeOf(language, ...languages);
}

/**
 * Gives `navigator` a language that `Intl` takes where its own is none. Libraries hand `navigator.language` to `Intl`
 * while they load, and would not load at all.
 */
export function mendLanguage(browser: Languages): void {
  if (canonical(browser.language) !== undefined) return;
  Object.defineProperty(browser, 'language', { value: browserLocale(browser), configurable: true });
}

function canonical(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

/** Whether a well-formed tag is of a language at all: `posix` is well-formed, too. */
function isNamed(locale: string): boolean {
  const names = new Intl.DisplayNames(pageLanguage, { type: 'language', fallback: 'none' });
  return names.of(locale.split('-')[0]) !== undefined;
}
