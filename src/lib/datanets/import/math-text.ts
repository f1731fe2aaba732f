/** A part of a formula that is closed: the element it was and its text. */
interface MathPart {
  name: string;
  text: string;
}

interface OpenElement {
  name: string;
  parts: MathPart[];
  /** What elements of properties say, as `begChr`. */
  properties: Record<string, string>;
}

/**
 * The text of formulas in MathML or in Word's OMML, on one line: a fraction with a slash, exponents behind `^`, indices
 * behind `_`, a root as `√(…)`. The elements come one by one, from a parser.
 */
export class MathText {
  readonly #open: OpenElement[] = [];

  /** Whether a formula is being read. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  open(name: string, attributes: Readonly<Record<string, string>> = {}): void {
    const local = localName(name);
    const outer = this.#open.at(-1);
    const value = attributes['m:val'];
    if (outer && PROPERTIES.has(local) && value !== undefined) outer.properties[local] = value;
    const properties = Object.fromEntries(
      ['open', 'close', 'separators'].flatMap((key) => (key in attributes ? [[key, attributes[key]]] : []))
    );
    this.#open.push({ name: local, parts: [], properties });
  }

  text(text: string): void {
    const inner = this.#open.at(-1);
    // Blanks between elements are how the file is laid out.
    if (!inner || (inner.name !== 't' && text.trim() === '')) return;
    inner.parts.push({ name: '', text: inner.name === 't' ? text : text.replace(/\s+/g, ' ').trim() });
  }

  /** Closes the innermost element. @returns the whole text when it was the outermost */
  close(): string | undefined {
    const element = this.#open.pop();
    if (!element) return undefined;
    const outer = this.#open.at(-1);
    if (!outer) return render(element);
    if (element.name.endsWith('Pr')) Object.assign(outer.properties, element.properties);
    else if (!UNSEEN.has(element.name)) outer.parts.push({ name: element.name, text: render(element) });
    return undefined;
  }

  /** Ends a formula that was never closed. */
  end(): string {
    let text: string | undefined;
    while (this.isOpen) text = this.close();
    return text ?? '';
  }
}

const PROPERTIES = new Set(['begChr', 'endChr', 'sepChr', 'chr']);
const UNSEEN = new Set(['annotation', 'annotation-xml', 'mphantom', 'none', 'mprescripts']);

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function render({ name, parts, properties }: OpenElement): string {
  const [first = '', second = '', third = ''] = parts.map(({ text }) => text);
  const all = parts.map(({ text }) => text).join('');
  const named = (part: string) => parts.find((candidate) => candidate.name === part)?.text ?? '';
  switch (name) {
    case 'mfrac':
      return `${grouped(first)}/${grouped(second)}`;
    case 'msup':
    case 'mover':
      return scripts(first, '', second);
    case 'msub':
    case 'munder':
      return scripts(first, second, '');
    case 'msubsup':
    case 'munderover':
      return scripts(first, second, third);
    case 'msqrt':
      return `√${bracketed(all)}`;
    case 'mroot':
      return root(first, second);
    case 'mfenced': {
      const { open = '(', close = ')', separators = ',' } = properties;
      return `${open}${parts.map(({ text }) => text).join(`${separators.trim().slice(0, 1)} `)}${close}`;
    }
    case 'mtr':
    case 'mr':
      return parts.map(({ text }) => text).join(', ');
    case 'mtable':
    case 'm':
    case 'eqArr':
      return parts.map(({ text }) => text).join('; ');
    case 'f':
      return `${grouped(named('num'))}/${grouped(named('den'))}`;
    case 'sSup':
    case 'sSub':
    case 'sSubSup':
      return scripts(named('e'), named('sub'), named('sup'));
    case 'sPre':
      return scripts('', named('sub'), named('sup')) + named('e');
    case 'limLow':
      return scripts(named('e'), named('lim'), '');
    case 'limUpp':
      return scripts(named('e'), '', named('lim'));
    case 'rad':
      return root(named('e'), named('deg'));
    case 'nary':
      return `${scripts(properties.chr ?? '∫', named('sub'), named('sup'))} ${named('e')}`;
    case 'func':
      return `${named('fName')} ${named('e')}`;
    case 'd': {
      const { begChr = '(', endChr = ')', sepChr = '|' } = properties;
      return `${begChr}${parts.map(({ text }) => text).join(sepChr)}${endChr}`;
    }
    case 'acc':
      return all + (properties.chr ?? '\u0302');
    default:
      return all;
  }
}

function scripts(base: string, below: string, above: string): string {
  return base + (below === '' ? '' : `_${grouped(below)}`) + (above === '' ? '' : `^${grouped(above)}`);
}

function root(radicand: string, degree: string): string {
  return `${degree === '' ? '√' : degree === '3' ? '∛' : `√[${degree}]`}${bracketed(radicand)}`;
}

/** Brackets around what would be read otherwise without them. */
function grouped(text: string): string {
  return /^[\p{L}\p{M}\p{N}.]*$|^\([^()]*\)$|^.$/u.test(text.trim()) ? text.trim() : bracketed(text.trim());
}

function bracketed(text: string): string {
  return /^\([^()]*\)$/.test(text) ? text : `(${text})`;
}
