import type * as LibPhone from 'libphonenumber-js/max';
import type { CountryCode } from 'libphonenumber-js/max';
import type { TextFinding } from '../check';
import { digitRuns, type DigitRun } from './digit-runs';

/** Countries whose national numbers a text in a language may hold, likeliest first. */
const COUNTRIES: Readonly<Record<string, readonly CountryCode[]>> = {
  en: ['US', 'GB', 'AU', 'IN', 'IE', 'NZ', 'ZA'],
  de: ['DE', 'AT', 'CH'],
  fr: ['FR', 'BE', 'CH', 'CA'],
  es: ['ES', 'MX', 'AR', 'CO', 'CL', 'PE'],
  pt: ['BR', 'PT'],
  it: ['IT', 'CH'],
  nl: ['NL', 'BE'],
  pl: ['PL'],
  cs: ['CZ'],
  sv: ['SE'],
  da: ['DK'],
  nb: ['NO'],
  no: ['NO'],
  fi: ['FI'],
  ru: ['RU', 'KZ'],
  uk: ['UA'],
  tr: ['TR'],
  el: ['GR'],
  ar: ['SA', 'EG', 'AE'],
  he: ['IL'],
  fa: ['IR'],
  hi: ['IN'],
  ja: ['JP'],
  ko: ['KR'],
  zh: ['CN', 'TW', 'HK'],
  vi: ['VN'],
  th: ['TH'],
  id: ['ID']
};

/** Words that say that a telephone number comes. They stand at most `LEAD` characters before it. */
const CALL =
  /(?:\b(?:tel|phone|telephone|mobile|cell|call|fax|whats ?app|sms|text|dial|ring|hotline|handy|mobil|telefon|rufnummer|anrufen|t[ée]l[ée]phone|portable|appel\p{L}{0,3}|tel[ée]fono|m[óo]vil|celular|ll[áa]m\p{L}{1,4}|telefone|telem[óo]vel|ligue|cellulare|telefoon|bel)\b|тел|телефон|звон|電話|电话|手机|携帯|전화|هاتف|טלפון|[☎☏📞📱])\P{N}{0,20}$/iu;
const LEAD = 40;

/** Words that say that something else comes. */
const OTHER =
  /(?:\b(?:order|invoice|isbn|issn|ean|upc|sku|serial|model|version|part|ref(?:erence)?|ticket|case|tracking|item|article|account|acct|id|patent|iban|card|routing|vat|ssn|build|bestellung|rechnung|artikel|commande|facture|pedido|factura|lot|batch|doi|zip|no|nr|coordinates?|lat|lon)\b|[#№§$€£¥@=/\\])[^\p{N}\n]{0,12}$/iu;

/** Numbers looked at in one text: each costs some microseconds a country, and a text may be millions of them. */
const MAX_TRIED = 20_000;

/** North America's way of writing numbers, and nobody else's way of writing anything: (212) 555-0123, 212-555-0123. */
const NORTH_AMERICAN = /^(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}$/;

/** Dates, times, decimal numbers, years: what else is made of groups of digits. */
const NO_NUMBER =
  /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[ .-]\d{1,2}(?:[.-]\d{2}){0,2})?|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}(?: \d{1,2}[.]?\d{0,2})?|\d{1,3}(?:[ .]\d{3}){1,5}|\d+\.\d+|(?:\d{1,3}\.){3}\d{1,3}|(?:19|20)\d{2} ?[-–/] ?(?:19|20)\d{2})$/;

/**
 * Telephone numbers. International ones (+…) are taken where a country has such numbers of such a length; national ones
 * where a country of the text's language has them, and either a word before says so or they are written as nothing else
 * is: with a trunk 0 and groups, or in the form of North America.
 * @param language BCP 47; its region comes first, then the countries that speak it.
 */
export function findPhones(text: string, phone: typeof LibPhone, language: string): TextFinding[] {
  const countries = countriesOf(language, phone);
  const found: TextFinding[] = [];
  let tried = 0;
  for (const run of digitRuns(text)) {
    tried += 1;
    if (tried > MAX_TRIED) break;
    if (!isPhone(text, run, phone, countries)) continue;
    found.push({
      start: run.start,
      end: run.end,
      severity: 'warning',
      kind: 'phone',
      message: 'A telephone number.',
      mask: '[phone]'
    });
  }
  return found;
}

function isPhone(
  text: string,
  run: DigitRun,
  phone: typeof LibPhone,
  countries: readonly CountryCode[]
): boolean {
  const { digits, start, end } = run;
  if (digits.length < 7 || digits.length > 17) return false;
  const written = text.slice(start, end);
  const before = text.slice(Math.max(0, start - LEAD), start);
  // A decimal's or a version's other half, a unit, a percentage.
  if (/[\d.,:]$/.test(before.slice(-1)) && /\d[.,:]$/.test(before.slice(-2))) return false;
  if (/^(?:[.,:]\d|[%€£$°])/.test(text.slice(end, end + 2))) return false;
  const called = CALL.test(before);
  const international = run.plus ? written : /^00[1-9]/.test(digits) ? `+${digits.slice(2)}` : undefined;
  if (international !== undefined && (run.plus || called || run.groups.length > 2)) {
    const number = phone.parsePhoneNumberFromString(international, { extract: false });
    // Sums are written with a + too, but hardly ever of numbers that a country would have.
    if (number) return run.plus ? number.isPossible() : number.isValid();
  }
  if (OTHER.test(before) && !called) return false;
  if (NORTH_AMERICAN.test(written)) return true;
  if (NO_NUMBER.test(written) && !called) return false;
  if (!called && !isGroupedNational(run)) return false;
  return countries.some((country) =>
    phone.parsePhoneNumberFromString(written, { defaultCountry: country, extract: false })?.isValid()
  );
}

/** A trunk 0 and two or three groups more, none of them a lone digit: 020 7946 0958, 06 12 34 56 78, 030-901820. */
function isGroupedNational({ digits, groups }: DigitRun): boolean {
  return digits.startsWith('0') && groups.length >= 2 && groups.slice(1).every((size) => size > 1);
}

function countriesOf(language: string, phone: typeof LibPhone): CountryCode[] {
  const [base, ...rest] = language.split('-');
  const region = rest.find((part) => /^[A-Za-z]{2}$/.test(part))?.toUpperCase();
  const spoken = COUNTRIES[base.toLowerCase()] ?? COUNTRIES.en;
  const own = region !== undefined && phone.isSupportedCountry(region) ? [region] : [];
  return [...new Set([...own, ...spoken])];
}
