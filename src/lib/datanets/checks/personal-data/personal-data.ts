import { addApart, checkTexts, type RowCheck, type TextFinding } from '../check';
import { findCards } from './card';
import { findEmails } from './email';
import { findIbans } from './iban';
import { findPhones } from './phone';

/** Finds personal data in one text. No two findings overlap. */
export type PersonalDataFinder = (text: string) => TextFinding[];

/**
 * Loads what the finders need (the number plans of all countries, the structures of their IBANs).
 * @param language BCP 47, for telephone numbers without a country.
 */
export async function personalDataFinder(language: string): Promise<PersonalDataFinder> {
  const [iban, phone] = await Promise.all([import('ibantools'), import('libphonenumber-js/max')]);
  return (text) => {
    const digits = /\d/.test(text);
    // Surest first: the digits of an IBAN or a card are not also a telephone number.
    return [
      digits ? findIbans(text, iban) : [],
      digits ? findCards(text) : [],
      findEmails(text),
      digits ? findPhones(text, phone, language) : []
    ].reduce(addApart);
  };
}

/** E-mail addresses, telephone numbers, payment cards and bank accounts, each with the words that would mask it. */
export function checkPersonalData(find: PersonalDataFinder): RowCheck {
  return checkTexts('personal-data', ({ text }) => find(text));
}
