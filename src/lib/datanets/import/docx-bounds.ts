/**
 * What keeps a Word file of anybody from holding the worker. The library that reads its XML looks through all that stands outside
 * of the root at each thing that is added there, through the whole text for the end of each new element, and gives way to nothing
 * until it is done. So each part is looked through once, beforehand: what makes the library slow is refused by its name,
 * and the document is cut between paragraphs and rows into pieces that take a fraction of a second each.
 */
import { TabtuneError } from '../../errors';

/** A part of a Word document that is no well-formed XML, or has more in it than a document does. */
export class DocxXmlError extends TabtuneError {}

/** Word itself goes to about 40 in tables within tables. The converter calls itself for each. */
const MAX_DEPTH = 200;
/** Root elements carry some 40, of which most are namespaces. */
const MAX_ATTRIBUTES = 200;
/** Prefixes of namespaces, which are copied for each element that declares one. */
const MAX_PREFIXES = 200;
/** Comments and instructions beside the root. */
const MAX_BESIDE_ROOT = 16;
/** Names of elements. For each of them the library looks through the text once, from its end. */
const MAX_NAMES = 500;
/** Styles of which the converter may say that it does not know them: it compares each such note with all others. */
const MAX_STYLES = 1000;
/** Fields that have begun and not ended are looked through at every run of text. */
const MAX_OPEN_FIELDS = 64;
/** XML of a paragraph or of a row of a table, in UTF-16 units: what cannot be cut. */
const MAX_ATOM = 2 ** 20;
/** Units looked through between two pauses. */
const STEP = 2 ** 20;

/** Elements between whose children a document may be cut: the pieces are open and closed in the same ones. */
const CUT_WITHIN = new Set(['document', 'body', 'tbl', 'sdt', 'sdtContent', 'customXml']);
const SPACE = /^[\s\ufeff]*$/;
const TAG_NAME = /[^\s/>="'<]+/y;
const ATTRIBUTE = /\s+([^\s/>="'<]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*(\/?)>/y;

interface OpenElement {
  name: string;
  /** Its start tag, where a piece may begin with it. */
  tag: string;
}

/** A place where the document may be cut. */
export interface Cut {
  at: number;
  /** Start tags of what is open there, and their ends. */
  before: string;
  after: string;
}

/**
 * Looks once through the XML of a part.
 * @returns where it may be cut, in order
 * @throws DocxXmlError naming file and part
 */
export async function checkDocxXml(
  file: string,
  part: string,
  xml: string,
  breathe: () => Promise<void> = () => Promise.resolve()
): Promise<Cut[]> {
  const scan = new XmlScan(file, part, xml);
  for (let pause = STEP; scan.step();) {
    if (scan.at < pause) continue;
    pause = scan.at + STEP;
    await breathe();
  }
  return scan.cuts;
}

/**
 * The path of the document's main part: what the package's relationships say, else the usual one.
 * @param relationships XML of `_rels/.rels`
 */
export function mainDocxPart(relationships: string, has: (path: string) => boolean): string {
  for (const [tag] of relationships.matchAll(/<[^\s<>]*Relationship\s[^<>]*>/g)) {
    const path = /\sTarget\s*=\s*["']\/?([^"']*)["']/.exec(tag)?.[1];
    if (/\sType\s*=\s*["'][^"']*\/officeDocument["']/.test(tag) && path !== undefined && has(path))
      return path;
  }
  return 'word/document.xml';
}

/** Relationships of a package that has this main part. */
export function docxRelationships(path: string): string {
  const target = path.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" ' +
    `Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="${target}"/></Relationships>`
  );
}

/**
 * The document in pieces of about `length` units, each whole in itself, in order.
 * @param cuts of `checkDocxXml`
 */
export function* cutDocxXml(xml: string, cuts: readonly Cut[], length: number): Generator<string> {
  let [start, before] = [0, ''];
  for (const cut of cuts) {
    if (cut.at - start < length) continue;
    yield before + xml.slice(start, cut.at) + cut.after;
    [start, before] = [cut.at, cut.before];
  }
  yield before + xml.slice(start);
}

/** Goes from one `<` to the next. */
class XmlScan {
  at = 0;
  readonly cuts: Cut[] = [];
  readonly #file: string;
  readonly #part: string;
  readonly #xml: string;
  readonly #open: OpenElement[] = [];
  readonly #names = new Set<string>();
  readonly #prefixes = new Set<string>();
  readonly #styles = new Set<string>();
  #fields = 0;
  #besideRoot = 0;
  #hasRoot = false;
  #atomStart = 0;

  constructor(file: string, part: string, xml: string) {
    this.#file = file;
    this.#part = part;
    this.#xml = xml;
  }

  /** @returns whether there is more */
  step(): boolean {
    const xml = this.#xml;
    const next = xml.indexOf('<', this.at);
    const end = next < 0 ? xml.length : next;
    if (this.#open.length === 0 && !SPACE.test(xml.slice(this.at, end))) {
      throw this.#refusal('has text outside of its root element');
    }
    if (next < 0) {
      this.#finish();
      return false;
    }
    this.at = next;
    if (xml.startsWith('<!--', next)) this.#skip('<!--', '-->');
    else if (xml.startsWith('<?', next)) this.#skip('<?', '?>');
    else if (xml.startsWith('<![CDATA[', next) && this.#open.length > 0) this.#skip('<![CDATA[', ']]>');
    else if (xml.startsWith('<!', next))
      throw this.#refusal('declares a document type or entities, which Word never does');
    else if (xml.startsWith('</', next)) this.#close();
    else this.#start();
    return true;
  }

  #skip(opening: string, closing: string): void {
    if (this.#open.length === 0 && ++this.#besideRoot > MAX_BESIDE_ROOT) {
      throw this.#refusal(
        `has more than ${MAX_BESIDE_ROOT} comments and instructions outside of its root element`
      );
    }
    const end = this.#xml.indexOf(closing, this.at + opening.length);
    if (end < 0) throw this.#refusal(`has a ${opening} without its ${closing}`);
    this.at = end + closing.length;
  }

  #close(): void {
    const name = this.#match(TAG_NAME, this.at + 2)?.[0];
    const element = this.#open.pop();
    if (name === undefined || element?.name !== name || this.#match(TAG_END, this.at)?.[1] !== '') {
      throw this.#refusal(
        `closes ${element ? `<${element.name}>` : 'an element'} with another end tag than its own`
      );
    }
    this.#closeAtom();
  }

  #start(): void {
    const start = this.at;
    if (this.#open.length === 0) {
      if (this.#hasRoot) throw this.#refusal('has more than one root element');
      this.#hasRoot = true;
    } else this.#cut(start);
    const name = this.#match(TAG_NAME, start + 1)?.[0];
    if (name === undefined) throw this.#refusal('has a < that begins no element');
    this.#bound(this.#names, name, MAX_NAMES, 'names of elements');
    this.#attributes(name);
    const end = this.#match(TAG_END, this.at);
    if (!end) throw this.#refusal(`has the element <${name}> with attributes that are not well-formed`);
    if (end[1] === '/') return;
    const canBeCut = CUT_WITHIN.has(localName(name)) && this.cuttable;
    this.#open.push({ name, tag: canBeCut ? this.#xml.slice(start, this.at) : '' });
    if (this.#open.length > MAX_DEPTH) throw this.#refusal(`nests more than ${MAX_DEPTH} elements`);
  }

  #attributes(name: string): void {
    const isStyle = /(?:^|:)(?:p|r|tbl)Style$/.test(name);
    const isField = /(?:^|:)fldChar$/.test(name);
    for (let count = 0; ; count++) {
      const attribute = this.#match(ATTRIBUTE, this.at);
      if (!attribute) return;
      const [, key, double, single] = attribute;
      const value = double ?? single;
      if (count >= MAX_ATTRIBUTES)
        throw this.#refusal(`has an element <${name}> with more than ${MAX_ATTRIBUTES} attributes`);
      if (key.startsWith('xmlns')) this.#bound(this.#prefixes, key, MAX_PREFIXES, 'prefixes of namespaces');
      if (isStyle) this.#bound(this.#styles, value, MAX_STYLES, 'styles');
      if (!isField || localName(key) !== 'fldCharType') continue;
      if (value === 'begin' && ++this.#fields > MAX_OPEN_FIELDS) {
        throw this.#refusal(`has more than ${MAX_OPEN_FIELDS} fields that do not end`);
      }
      if (value === 'end') this.#fields = Math.max(0, this.#fields - 1);
    }
  }

  #bound(seen: Set<string>, value: string, limit: number, what: string): void {
    seen.add(value);
    if (seen.size > limit) throw this.#refusal(`uses more than ${limit} ${what}`);
  }

  /** Whether all that is open may be cut. */
  get cuttable(): boolean {
    return this.#open.every(({ tag }) => tag !== '');
  }

  #cut(at: number): void {
    if (!this.cuttable || localName(this.#open[0].name) !== 'document' || this.#open.length < 2) return;
    this.cuts.push({
      at,
      before: this.#open.map(({ tag }) => tag).join(''),
      after: this.#open
        .map(({ name }) => `</${name}>`)
        .reverse()
        .join('')
    });
    this.#closeAtom();
    this.#atomStart = at;
  }

  /** What lies between two cuts is converted at once. */
  #closeAtom(): void {
    if (
      this.#open.length > 0 &&
      localName(this.#open[0].name) === 'document' &&
      this.at - this.#atomStart > MAX_ATOM
    ) {
      throw this.#refusal(`has a paragraph or a row of a table of more than ${MAX_ATOM} characters of XML`);
    }
  }

  #finish(): void {
    if (!this.#hasRoot) throw this.#refusal('has no root element');
    const [open] = this.#open;
    if (open) throw this.#refusal(`does not close <${open.name}>`);
  }

  #match(pattern: RegExp, at: number): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(this.#xml);
    if (match) this.at = pattern.lastIndex;
    return match;
  }

  #refusal(why: string): DocxXmlError {
    return new DocxXmlError(
      `${this.#file} cannot be read as a Word document: its part ${this.#part} ${why}. ` +
        'Open it in Word and save it again as .docx, or save its text.',
      { details: { file: this.#file, part: this.#part, at: this.at } }
    );
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
