/** Markdown of anybody, made into elements that can do nothing but be read. */
import type { DOMPurify } from 'dompurify';
import type { Marked } from 'marked';
import { boundedLexer, requireLight, requireSmallTable } from './markdown-bounds';

/** What may stand in a description. No images: fetching one would tell its server who reads. No forms, no styles. */
const tags = [
  ...['p', 'br', 'hr', 'em', 'strong', 'del', 'code', 'pre', 'blockquote', 'a', 'ul', 'ol', 'li'],
  ...['h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td']
];

/** Schemes that a link may have. An address without one would be of this site, which the writer knows nothing of. */
const linkSchemes = /^(https?|mailto):/i;

/** Makes HTML of a text. */
export interface MarkdownReader {
  parse(text: string, options?: { async: false }): string;
}

/**
 * A reader of Markdown that keeps to Markdown: HTML in it is shown as the text it is, and an image as its description. It ends
 * soon on any text: with HTML, or with `HeavyMarkdownError` where laying it out could take long.
 * @param Reader marked's class
 */
export function markdownReader(Reader: typeof Marked): MarkdownReader {
  const marked = new Reader({
    gfm: true,
    tokenizer: {
      table(text) {
        const table = this.rules.block.table.exec(text);
        if (table) requireSmallTable(table[1], table[3] ?? '');
        return false;
      }
    },
    renderer: {
      html: ({ text }) => escapeHtml(text),
      image: ({ text }) => escapeHtml(text),
      heading({ tokens, depth }) {
        const level = Math.min(6, depth + 2);
        return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
      }
    }
  });
  return {
    parse(text) {
      requireLight(text);
      return marked.Parser.parse(boundedLexer(marked.Lexer, marked.defaults).lex(text), marked.defaults);
    }
  };
}

/**
 * The elements of a Markdown text, sanitised even though its reader lets no HTML through: each of the two would do.
 * Headings begin at the third level, under those of the page. Links open in a tab that
 * knows nothing of this one. The elements come from the sanitiser itself: nothing writes them out and reads them again.
 * @param reader of {@link markdownReader}
 * @param purify DOMPurify of a window; it is used as it is, without hooks
 * @throws HeavyMarkdownError
 */
export function renderMarkdown(text: string, reader: MarkdownReader, purify: DOMPurify): DocumentFragment {
  const fragment = purify.sanitize(reader.parse(text, { async: false }), {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: ['href', 'start', 'align'],
    ALLOWED_URI_REGEXP: linkSchemes,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true
  });
  for (const link of fragment.querySelectorAll('a[href]')) {
    link.setAttribute('rel', 'noopener noreferrer nofollow');
    link.setAttribute('target', '_blank');
  }
  return fragment;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
