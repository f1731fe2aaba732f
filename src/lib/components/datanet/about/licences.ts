import { TabtuneError } from '$lib/errors';

/** The lists of SPDX could not be loaded with the page. */
export class LicenceListError extends TabtuneError {}

/** Licences that data is mostly given under, first in the suggestions; the rest of SPDX's list follows. */
const usual = [
  'CC0-1.0',
  'CC-BY-4.0',
  'CC-BY-SA-4.0',
  'CC-BY-NC-4.0',
  'CC-BY-NC-SA-4.0',
  'CC-BY-ND-4.0',
  'ODC-By-1.0',
  'ODbL-1.0',
  'PDDL-1.0',
  'CDLA-Permissive-2.0',
  'CDLA-Sharing-1.0',
  'Apache-2.0',
  'MIT'
];

/** All SPDX licence ids, the usual ones of data first. The list is loaded at the first call. */
export async function licenceSuggestions(): Promise<string[]> {
  const { default: ids } = await import('spdx-license-ids/index.json');
  return [...usual, ...ids.filter((id) => !usual.includes(id))];
}

/**
 * Why a text is no SPDX licence expression, or undefined. `LicenseRef-…` stands for terms of one's own.
 * @throws LicenceListError where the parser cannot be loaded
 */
export async function licenceProblem(text: string): Promise<string | undefined> {
  const expression = text.trim();
  if (!expression) return 'Choose a licence. Without one, nobody may use the rows.';
  const { default: parse } = await import('spdx-expression-parse').catch((cause: unknown) => {
    throw new LicenceListError('The list of licences could not be loaded. Reload the page.', { cause });
  });
  try {
    parse(expression);
    return undefined;
  } catch {
    const close = (await licenceSuggestions()).find((id) => id.toLowerCase() === expression.toLowerCase());
    return close
      ? `SPDX writes it ${close}.`
      : 'SPDX has no such licence. Take one of the list, or LicenseRef- and a name for terms of your own.';
  }
}
