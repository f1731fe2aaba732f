import { MathText } from './math-text';

/** A part of a Word document, in elements that a converter knows, and what of it has no text. */
export interface RewrittenXml {
  xml: string;
  /** How many comments are in it, and drawings whose words lie in other parts of the file. */
  comments: number;
  diagrams: number;
}

/** Elements around text that stand for nothing themselves. */
const UNWRAPPED = new Set([
  'w:fldSimple',
  'w:dir',
  'w:bdo',
  'w:ruby',
  'w:rubyBase',
  'm:oMathPara',
  'mc:Choice',
  'mc:Fallback'
]);
/** What makes this necessary; most documents have none of it. */
const REASONS =
  /<(?:w:fldSimple|w:dir|w:bdo|w:ruby|w:cr|w:ptab|w:commentReference|w:drawing|m:oMath|mc:AlternateContent)\b/;
const DIAGRAM = /\/(?:diagram|chart|chartex)$/;

/** An element whose content is gathered apart. */
interface Capture {
  element: 'alternate' | 'drawing' | 'branch' | 'box' | 'reading';
  depth: number;
  out: string[];
  hasBox: boolean;
  /** Of a drawing its text boxes, of alternatives their branches. */
  parts: { text: string; hasBox: boolean; isFallback: boolean }[];
}

/**
 * Rewrites WordprocessingML so that no text of it is lost to a converter that passes over what it does not know: results of
 * simple fields, formulas (as a line of text), text boxes that are drawn in today's way, ruby, and stretches of set
 * direction. Undefined where nothing needs it, or where the XML is damaged: that is for others to say.
 */
export async function rewriteXml(xml: string): Promise<RewrittenXml | undefined> {
  if (!REASONS.test(xml)) return undefined;
  const { Parser } = await import('htmlparser2');
  const rewriter = new Rewriter();
  const parser = new Parser(rewriter, { xmlMode: true, decodeEntities: true });
  parser.write(xml);
  parser.end();
  return rewriter.isDamaged ? undefined : rewriter.result();
}

class Rewriter {
  isDamaged = false;
  #comments = 0;
  #diagrams = 0;
  #depth = 0;
  /** Nothing came since an element began. */
  #isFresh = false;
  #reading = '';
  readonly #math = new MathText();
  readonly #whole: string[] = [];
  readonly #captures: Capture[] = [];

  result(): RewrittenXml {
    return { xml: this.#whole.join(''), comments: this.#comments, diagrams: this.#diagrams };
  }

  onopentag(name: string, attributes: Record<string, string>): void {
    this.#depth += 1;
    this.#isFresh = true;
    if (name === 'w:commentReference') this.#comments += 1;
    if (name === 'a:graphicData' && DIAGRAM.test(attributes.uri ?? '')) this.#diagrams += 1;
    if (this.#math.isOpen || name === 'm:oMath') return this.#math.open(name, attributes);
    if (name === 'mc:AlternateContent') return this.#capture('alternate');
    if (name === 'mc:Choice' || name === 'mc:Fallback') return this.#capture('branch');
    if (name === 'w:rt') return this.#capture('reading');
    if (name === 'w:txbxContent') {
      for (const capture of this.#captures) capture.hasBox = true;
      // Inside a drawing nobody looks for text; it follows behind.
      const around = this.#captures.findLast(({ element }) => element === 'drawing' || element === 'box');
      if (around?.element === 'drawing') this.#capture('box');
    }
    if (UNWRAPPED.has(name)) return;
    const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`);
    this.#write(`<${name === 'w:cr' ? 'w:br' : name === 'w:ptab' ? 'w:tab' : name}${written.join('')}>`);
    if (name === 'w:drawing') this.#capture('drawing');
  }

  ontext(text: string): void {
    this.#isFresh = false;
    if (this.#math.isOpen) this.#math.text(text);
    else this.#write(escape(text));
  }

  onclosetag(name: string, isImplied: boolean): void {
    const depth = this.#depth--;
    // An element that closes itself does so right behind its beginning; another is cut off.
    if (isImplied && !this.#isFresh) this.isDamaged = true;
    this.#isFresh = false;
    if (this.#math.isOpen) {
      const formula = this.#math.close();
      // Blanks keep two formulas of a paragraph apart.
      if (formula) this.#write(run(formula));
      return;
    }
    const capture = this.#captures.at(-1)?.depth === depth ? this.#captures.pop() : undefined;
    if (capture?.element === 'alternate') return this.#write(chosenBranch(capture));
    if (capture?.element === 'branch') return this.#addPart(capture, name === 'mc:Fallback');
    if (capture?.element === 'reading') {
      this.#reading = capture.out.join('');
      return;
    }
    if (capture?.element === 'box') return this.#closeBox(capture);
    if (capture?.element === 'drawing') {
      const boxes = capture.parts.map(({ text }) => `<w:pict><v:textbox>${text}</v:textbox></w:pict>`);
      return this.#write(`${capture.out.join('')}</w:drawing>${boxes.join('')}`);
    }
    if (name === 'w:ruby') this.#endRuby();
    if (UNWRAPPED.has(name)) return;
    this.#write(`</${name === 'w:cr' ? 'w:br' : name === 'w:ptab' ? 'w:tab' : name}>`);
  }

  #closeBox(box: Capture): void {
    const text = `${box.out.join('')}</w:txbxContent>`;
    const drawing = this.#captures.findLast(({ element }) => element === 'drawing');
    drawing?.parts.push({ text, hasBox: true, isFallback: false });
  }

  /** How a word is read comes in front of it in the file, and behind it on a line of text. */
  #endRuby(): void {
    if (this.#reading !== '') this.#write(run('(') + this.#reading + run(')'));
    this.#reading = '';
  }

  #addPart(branch: Capture, isFallback: boolean): void {
    const { out, hasBox } = branch;
    this.#captures.at(-1)?.parts.push({ text: out.join(''), hasBox, isFallback });
  }

  #capture(element: Capture['element']): void {
    this.#captures.push({ element, depth: this.#depth, out: [], hasBox: false, parts: [] });
  }

  #write(text: string): void {
    (this.#captures.at(-1)?.out ?? this.#whole).push(text);
  }
}

/** The old way of drawing, which is known best, unless only the new one has the text. */
function chosenBranch({ parts }: Capture): string {
  const fallback = parts.find(({ isFallback }) => isFallback);
  const better = parts.find(({ hasBox }) => hasBox);
  if (fallback && (fallback.hasBox || !better)) return fallback.text;
  return (better ?? parts[0])?.text ?? '';
}

function run(text: string): string {
  return `<w:r><w:t xml:space="preserve">${escape(text)}</w:t></w:r>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
