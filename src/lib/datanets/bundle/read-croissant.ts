import { TabtuneError } from '../../errors';
import type { DatanetFacts } from '../datanet';
import { policyFromOdrl, UnknownPolicyTermError } from '../policy/read-odrl';
import type { Policy } from '../policy/policy';

/** A JSON document that does not describe a dataset as Croissant does. */
export class NotCroissantError extends TabtuneError {}

/** A file that a description names. */
export interface DescribedFile {
  name: string;
  /** As it is written there: an address, or a path beside the description. */
  url: string;
  /** A media type. */
  format?: string;
  /** Hexadecimal. */
  sha256?: string;
}

/** What somebody else's description says that a Datanet can say, too. All of it is somebody's text. */
export interface CroissantFacts {
  /** Only what is said there. */
  facts: Partial<DatanetFacts>;
  creators: string[];
  files: DescribedFile[];
  /** Where the conditions of use are in the form that `odrlOffer` writes; other forms are not guessed at. */
  policy?: Policy;
}

/** Longest text that is taken over, and longest list. */
const MAX_TEXT = 100_000;
const MAX_LIST = 1000;

/** Prefixes under which descriptions write schema.org's terms and Croissant's. */
const PREFIX = /^(?:https?:\/\/schema\.org\/|https?:\/\/mlcommons\.org\/croissant\/|sc:|schema:|cr:|ml:)/;

/**
 * Reads what a Croissant description of any version says of a dataset, by the names of its terms; the JSON-LD context is
 * not expanded, so a document that gives the terms other names is not understood.
 * @param json what `JSON.parse` made of it.
 * @throws NotCroissantError
 */
export function readCroissant(json: unknown): CroissantFacts {
  const dataset = plain(json);
  if (!dataset || !textsOf(dataset['@type']).some((type) => type.replace(PREFIX, '') === 'Dataset')) {
    throw new NotCroissantError('This is no description of a dataset: its type is not schema.org/Dataset.');
  }
  if (!('distribution' in dataset) && !('recordSet' in dataset)) {
    throw new NotCroissantError(
      'This describes a dataset, but not as Croissant does: it lists neither files nor records.'
    );
  }
  const { publisher, usageInfo } = dataset;
  const tags = listOf(dataset['keywords']).flatMap((keyword) => words(nameOf(keyword), ','));
  const facts: Partial<DatanetFacts> = {
    ...said('name', textOf(dataset['name'])),
    ...said('summary', textOf(dataset['abstract'])),
    ...said('description', textOf(dataset['description'])),
    ...(tags.length > 0 ? { tags: [...new Set(tags)].slice(0, 50) } : {}),
    ...said('language', nameOf(listOf(dataset['inLanguage'])[0])),
    ...said('purpose', textOf(dataset['rai:dataUseCases'])),
    ...said('contact', nameOf(plain(publisher)?.['contactPoint'])),
    ...licenceOf(dataset)
  };
  const policy = policyOf(usageInfo);
  return {
    facts,
    creators: listOf(dataset['creator'])
      .map(nameOf)
      .filter((name) => name !== ''),
    files: listOf(dataset['distribution']).flatMap(fileOf),
    ...(policy ? { policy } : {})
  };
}

function licenceOf(dataset: Record<string, unknown>): Pick<DatanetFacts, 'licence'> | object {
  const [first] = listOf(dataset['license']);
  const node = plain(first);
  const stated = textOf(first) || textOf(node?.['url']) || textOf(node?.['@id']) || textOf(node?.['name']);
  if (stated === '') return {};
  const evidence = textOf(dataset['dct:rights']) || (/^https?:/.test(stated) ? stated : '');
  const spdx = spdxOf(stated);
  return { licence: { spdx, ...(evidence !== '' && evidence !== spdxUrl(spdx) ? { evidence } : {}) } };
}

/** The SPDX id that an address stands for; any other text is left as it is, for a person to decide. */
function spdxOf(licence: string): string {
  const listed = /^https?:\/\/spdx\.org\/licenses\/([A-Za-z0-9.+-]+?)(?:\.html|\.json|\.txt)?\/?$/.exec(
    licence
  );
  if (listed) return listed[1];
  const commons =
    /^https?:\/\/creativecommons\.org\/licenses\/(by(?:-nc)?(?:-nd|-sa)?)\/(\d\.\d)(?:\/|$)/i.exec(licence);
  if (commons) return `CC-${commons[1].toUpperCase()}-${commons[2]}`;
  return /^https?:\/\/creativecommons\.org\/publicdomain\/zero\/1\.0(?:\/|$)/i.test(licence)
    ? 'CC0-1.0'
    : licence;
}

function spdxUrl(spdx: string): string {
  return `https://spdx.org/licenses/${spdx}`;
}

function fileOf(value: unknown): DescribedFile[] {
  const node = plain(value);
  const url = textOf(node?.['contentUrl']);
  if (!node || url === '') return [];
  const [format, sha256] = [textOf(listOf(node['encodingFormat'])[0]), textOf(node['sha256']).toLowerCase()];
  return [
    {
      name: textOf(node['name']) || textOf(node['@id']) || url,
      url,
      ...said('format', format),
      ...(/^[0-9a-f]{64}$/.test(sha256) ? { sha256 } : {})
    }
  ];
}

function policyOf(usageInfo: unknown): Policy | undefined {
  for (const value of listOf(usageInfo)) {
    if (!textsOf(plain(value)?.['@type']).includes('odrl:Offer')) continue;
    try {
      return policyFromOdrl(value);
    } catch (error) {
      // Another way to say it, which a person must read.
      if (!(error instanceof UnknownPolicyTermError)) throw error;
    }
  }
  return undefined;
}

/** An object with the prefixes of its keys taken off, where they are of the vocabularies that are read here. */
function plain(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.replace(PREFIX, ''), member as unknown])
  );
}

/** JSON-LD writes a list of one as the one. */
function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.slice(0, MAX_LIST) : [value];
}

/** Text, of which JSON-LD has several forms: plain, with a type or language, and by language. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT).toWellFormed();
  if (Array.isArray(value)) return textOf(value[0]);
  if (typeof value !== 'object' || value === null) return '';
  const node = value as Record<string, unknown>;
  if ('@value' in node) return textOf(typeof node['@value'] === 'string' ? node['@value'] : '');
  const [language] = Object.keys(node).filter(
    (key) => /^[a-z]{2,3}(-|$)/i.test(key) && typeof node[key] === 'string'
  );
  const text = typeof node['en'] === 'string' ? node['en'] : node[language];
  return Object.keys(node).some((key) => key.startsWith('@') || PREFIX.test(key)) ? '' : textOf(text ?? '');
}

function textsOf(value: unknown): string[] {
  return listOf(value).map(textOf);
}

/** A thing's name: text itself, or the `name` of a person, term or language. */
function nameOf(value: unknown): string {
  const node = plain(value);
  return node && 'name' in node ? textOf(node['name']) : textOf(value);
}

function words(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function said(key: string, text: string): object {
  return text === '' ? {} : { [key]: text };
}
