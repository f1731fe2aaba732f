import type { CheckName, Severity } from '$lib/datanets/checks/finding';

/** What a check looks for, and what to do about it, in one line. */
export const checkHelp: Record<CheckName, string> = {
  schema: 'Roles, turns and fields that no trainer takes. Correct the row.',
  empty: 'Nothing to learn from. Remove it.',
  truncated: 'The end seems to be missing. Complete it, or remove it.',
  'exact-duplicate': 'The same words as another row. One is enough.',
  'near-duplicate': 'Almost the words of another row. Keep the better one.',
  'personal-data': 'E-mail addresses, telephone and card numbers, bank accounts. Mask them below.',
  secret: 'Keys, tokens and passwords. Mask them, and change them where they are in use.',
  language: 'Not in the language of the Datanet.',
  'prompt-injection': 'Text that tries to command whoever reads it.',
  'hidden-characters': 'Characters that nobody sees: they hide words, or turn them around.',
  licence: 'A licence that does not fit that of the Datanet.'
};

export const severityWords: Record<Severity, string> = {
  error: 'Correct',
  warning: 'Look at',
  note: 'Know'
};
