import type { Licence } from '../datanet';
import { ODRL_CONTEXT, odrlOffer } from '../policy/odrl';
import type { FileDigest, Person, Version } from '../trust/statements';

/** A JSON-LD document of the Croissant vocabulary. */
export interface Croissant {
  [key: string]: unknown;
}

/** What `conformsTo` says. http://mlcommons.org/croissant/1.1 */
export const CROISSANT_VERSION = 'http://mlcommons.org/croissant/1.1';

/** Of appendix 1 of the specification, with the policies' prefixes and those of PROV-O (section "Provenance"). */
const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  sc: 'https://schema.org/',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  dct: 'http://purl.org/dc/terms/',
  prov: 'http://www.w3.org/ns/prov#',
  ...ODRL_CONTEXT,
  annotation: 'cr:annotation',
  arrayShape: 'cr:arrayShape',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  containedIn: 'cr:containedIn',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  description: { '@container': '@language' },
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  excludes: 'cr:excludes',
  extract: 'cr:extract',
  field: 'cr:field',
  fileObject: 'cr:fileObject',
  fileProperty: 'cr:fileProperty',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isArray: 'cr:isArray',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  name: { '@container': '@language' },
  parentField: 'cr:parentField',
  path: 'cr:path',
  readLines: 'cr:readLines',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sdVersion: 'cr:sdVersion',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
  unArchive: 'cr:unArchive',
  value: 'cr:value'
};

const ROWS = 'rows';
const SPLITS = 'splits';

/** Fields of rows that are text and nothing more, and what they are. */
const TEXT_FIELDS = {
  text: 'Running text.',
  contributor: 'Who wrote the row: the did:key of a person who signs, or a name.',
  source: 'Where the row comes from.',
  licence: 'SPDX licence expression, where it differs from that of the dataset.',
  contribution: 'CID of the signed contribution that the row came with.'
} as const;

/**
 * A version of a Datanet as Croissant 1.1 describes it, lying beside its rows.
 * @param rowsFile `rows.jsonl`, or `rows.sealed`, of which nothing but the file is described.
 * @param fields which fields its rows have; a file without a column must not be described as having it.
 */
export function croissantOf(
  version: Omit<Version, 'files'>,
  rowsFile: FileDigest,
  fields: ReadonlySet<string>
): Croissant {
  const { facts, by, policy, permissioned, rows } = version;
  const id = datasetId(version.datanet);
  return {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: CROISSANT_VERSION,
    name: facts.name,
    description: facts.description || facts.summary || facts.name,
    ...given({ abstract: facts.summary }),
    url: id,
    identifier: rows.root,
    version: `${version.number}.0.0`,
    datePublished: version.created,
    license: licenceUrl(facts.licence),
    ...given({ 'dct:rights': facts.licence.evidence, inLanguage: facts.language }),
    keywords: facts.tags,
    ...given({ 'rai:dataUseCases': facts.purpose, 'prov:hadRevisionNote': version.changes }),
    citeAs: citation(version),
    creator: creators(version),
    publisher: {
      ...personNode(by),
      ...given({ contactPoint: facts.contact && { '@type': 'ContactPoint', name: facts.contact } })
    },
    ...given({ 'prov:wasRevisionOf': version.previous && { '@id': `urn:merkle:${version.previous}` } }),
    isLiveDataset: false,
    isAccessibleForFree: !permissioned,
    conditionsOfAccess: permissioned
      ? `The rows are sealed. ${by.name} grants access to single persons, who receive the key to them.`
      : 'None: the rows lie open in the file.',
    usageInfo: odrlOffer(policy, { target: id, assigner: by.id }),
    distribution: [fileNode(rowsFile, permissioned)],
    ...(permissioned ? {} : { recordSet: recordSets(rowsFile.name, fields) })
  };
}

/** The IRI of a Datanet, which has no page of its own. */
export function datasetId(datanet: string): string {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(datanet)
    ? `urn:uuid:${datanet}`
    : `urn:datanet:${datanet}`;
}

/** A single licence of SPDX by its address; an expression, or terms of one's own, in its words. */
function licenceUrl({ spdx }: Licence): string {
  return /^[A-Za-z0-9.-]+\+?$/.test(spdx) && !spdx.startsWith('LicenseRef-')
    ? `https://spdx.org/licenses/${spdx}`
    : spdx;
}

/** The contributors, or the owner where nobody is named. */
function creators({ contributors, by }: Omit<Version, 'files'>): unknown[] {
  if (contributors.length === 0) return [personNode(by)];
  return contributors.map(({ id, name, role }) => ({
    ...personNode({ id, name: name || id }),
    ...given({ description: role })
  }));
}

/** How the version is named in a list of references. At most three of its people are. */
function citation({ facts, number, rows, created, contributors, by }: Omit<Version, 'files'>): string {
  const names = (contributors.length > 0 ? contributors : [by]).map(({ id, name }) => name || id);
  const people = names.length > 3 ? `${names.slice(0, 3).join(', ')} et al.` : names.join(', ');
  return `${people} (${created.slice(0, 4)}): ${facts.name}, version ${number}. Datanet, Merkle root ${rows.root}.`;
}

function personNode({ id, name }: Pick<Person, 'id' | 'name'>): { [key: string]: unknown } {
  return { '@type': 'sc:Person', name, identifier: id };
}

function fileNode({ name, bytes, sha256 }: FileDigest, sealed: boolean): unknown {
  return {
    '@type': 'cr:FileObject',
    '@id': name,
    name,
    description: sealed
      ? 'The rows as JSON Lines, sealed with AES-256-GCM in segments of 1 MiB.'
      : 'The rows as JSON Lines, each in its canonical form (RFC 8785).',
    contentUrl: name,
    contentSize: `${bytes} B`,
    encodingFormat: sealed ? 'application/octet-stream' : 'application/jsonlines',
    sha256
  };
}

function recordSets(file: string, fields: ReadonlySet<string>): unknown[] {
  const source = (column: string) => ({ fileObject: { '@id': file }, extract: { column } });
  const field = (name: string, more: object) => ({
    '@type': 'cr:Field',
    '@id': `${ROWS}/${name}`,
    name: `${ROWS}/${name}`,
    ...more
  });
  const described: unknown[] = [];
  for (const [name, description] of Object.entries(TEXT_FIELDS)) {
    if (fields.has(name))
      described.push(field(name, { description, dataType: 'sc:Text', source: source(name) }));
  }
  if (fields.has('messages')) {
    described.push(
      field('messages', {
        description: 'The turns of a conversation.',
        isArray: true,
        arrayShape: '-1',
        subField: ['role', 'content'].map((part) =>
          field(`messages/${part}`, {
            dataType: 'sc:Text',
            source: { ...source('messages'), transform: { jsonPath: part } }
          })
        )
      })
    );
  }
  if (fields.has('tools')) {
    described.push(
      field('tools', {
        description: 'Functions that the assistant may call.',
        dataType: 'sc:Text',
        isArray: true,
        arrayShape: '-1',
        source: source('tools')
      })
    );
  }
  if (fields.has('tags')) {
    described.push(
      field('tags', {
        description: 'Words to find it by.',
        dataType: 'sc:Text',
        isArray: true,
        arrayShape: '-1',
        source: source('tags')
      })
    );
  }
  if (fields.has('drafted')) {
    described.push(
      field('drafted', {
        description: 'A model wrote its first draft.',
        dataType: 'sc:Boolean',
        source: source('drafted')
      })
    );
  }
  const sets: unknown[] = [];
  if (fields.has('split')) {
    sets.push(splitSet());
    described.push(
      field('split', {
        description: 'What the row is for; train, where nothing is said.',
        dataType: 'sc:Text',
        source: source('split'),
        // As the published examples and MLCommons' validator have it; the bare `@id` of the specification fails there.
        references: { field: { '@id': `${SPLITS}/name` } }
      })
    );
  }
  sets.push({
    '@type': 'cr:RecordSet',
    '@id': ROWS,
    name: ROWS,
    description: 'One training example a record: a conversation or running text.',
    field: described
  });
  return sets;
}

/** Section "Splits" of the specification. */
function splitSet(): unknown {
  const urls = { train: 'cr:TrainingSplit', validation: 'cr:ValidationSplit', test: 'cr:TestSplit' };
  const field = (name: string, dataType: string) => ({
    '@type': 'cr:Field',
    '@id': `${SPLITS}/${name}`,
    name: `${SPLITS}/${name}`,
    dataType
  });
  return {
    '@type': 'cr:RecordSet',
    '@id': SPLITS,
    name: SPLITS,
    dataType: 'cr:Split',
    key: { '@id': `${SPLITS}/name` },
    field: [field('name', 'sc:Text'), field('url', 'sc:URL')],
    data: Object.entries(urls).map(([name, url]) => ({ [`${SPLITS}/name`]: name, [`${SPLITS}/url`]: url }))
  };
}

/** Those of the properties that say something. */
function given(properties: { [key: string]: unknown }): { [key: string]: unknown } {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined && value !== '')
  );
}
