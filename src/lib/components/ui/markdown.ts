/** Markdown of anybody, made into elements that can do nothing but be read. */
import type { DOMPurify } from 'dompurify';
import type { marked as Marked } from 'marked';

/** What may stand in a description. No images: fetching one would tell its server who reads. No forms, no styles. */
const tags = [
  ...['p', 'br', 'hr', 'em', 'strong', 'del', 'code', 'pre', 'blockquote', 'a', 'ul', 'ol', 'li'],
  ...['h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td']
];

/** Schemes that a link may have. An address without one would be of this site, which the writer knows nothing of. */
const linkSchemes = /^(https?|mailto):/i;

/**
 * The elements of a Markdown text. Headings begin at the third level, under those of the page. Links open in a tab that
 * knows nothing of this one. The elements come from the sanitiser itself: nothing writes them out and reads them again.
 * @param purify DOMPurify of a window; it is used as it is, without hooks
 */
export function renderMarkdown(text: string, parse: typeof Marked, purify: DOMPurify): DocumentFragment {
  const html = parse.parse(text, { async: false, gfm: true });
  const fragment = purify.sanitize(lowerHeadings(html), {
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

function lowerHeadings(html: string): string {
  return html.replace(/<(\/?)h([1-4])>/g, (_, slash, level) => `<${slash}h${Number(level) + 2}>`);
}
