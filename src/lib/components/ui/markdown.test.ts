import createPurifier from 'dompurify';
import { JSDOM } from 'jsdom';
import { Marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { markdownReader, renderMarkdown } from './markdown';

const { window } = new JSDOM('');
const purify = createPurifier(window);

const reader = markdownReader(Marked);
/** Lets HTML through, so that the sanitiser alone must hold. */
const lenient = new Marked();

function html(text: string): string {
  const holder = window.document.createElement('div');
  holder.append(renderMarkdown(text, reader, purify));
  return holder.innerHTML;
}

describe('Markdown of strangers', () => {
  it('reads as Markdown, its headings below those of the page', () => {
    expect(html('# Title\n\nSome *words*, `code`\n\n- one\n- two')).toBe(
      '<h3>Title</h3>\n<p>Some <em>words</em>, <code>code</code></p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n'
    );
    expect(html('|a|b|\n|-|-|\n|1|2|')).toContain('<td>1</td>');
  });

  it('shows HTML as the text it is, and an image as its description', () => {
    expect(html('a <b onclick=x>bold</b> word')).toContain('a &lt;b onclick=x&gt;bold&lt;/b&gt; word');
    expect(html('![the harbour](https://evil.example/pixel.png)')).toBe('<p>the harbour</p>\n');
    expect(html('<script>alert(1)</script>')).toContain('&lt;script&gt;');
  });

  it('has links that lead away safely, and only to the web or a mailbox', () => {
    expect(html('[here](https://example.org)')).toContain(
      '<a href="https://example.org" rel="noopener noreferrer nofollow" target="_blank">here</a>'
    );
    for (const target of [
      'javascript:alert(1)',
      'JaVaScRiPt&colon;alert(1)',
      'java\tscript:alert(1)',
      'data:text/html,<script>alert(1)</script>',
      'vbscript:x',
      '//evil.example',
      '/tune?run=starter',
      'blob:https://example.org/1'
    ]) {
      const text = `[x](${target}) <a href="${target}">y</a>`;
      for (const each of [reader, lenient]) {
        expect(renderMarkdown(text, each, purify).querySelector('[href]')).toBeNull();
      }
    }
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '![tracker](https://evil.example/pixel.png)',
    '<svg onload=alert(1)><animate onbegin=alert(1)>',
    '<svg><style><img src=x onerror=alert(1)></style></svg>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<form action=https://evil.example><input name=q><button formaction=javascript:alert(1)>x</button></form>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>',
    '<style>*{background:url(https://evil.example)}</style><link rel=stylesheet href=https://evil.example>',
    '<p style="position:fixed;inset:0;background:url(https://evil.example)">over the page</p>',
    '<base href=https://evil.example><meta http-equiv=refresh content="0;url=https://evil.example">',
    '<video poster=https://evil.example><source onerror=alert(1)></video>',
    '<details open ontoggle=alert(1)><summary>x</summary></details>',
    '<div id="main" name="main" class="notice" data-x="1" aria-label="x">clobber</div>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<template><img src=x onerror=alert(1)></template>',
    '```"><img src=x onerror=alert(1)>\ncode\n```',
    '[a](https://x.example "title\\" onmouseover=alert(1)")'
  ])('cannot act: %s', (attack) => {
    const results = [reader, lenient].map((each) => renderMarkdown(attack, each, purify));
    const elements = results.flatMap((result) => [...result.querySelectorAll('*')]);
    const allowed =
      /^(P|BR|HR|EM|STRONG|DEL|CODE|PRE|BLOCKQUOTE|A|UL|OL|LI|H[3-6]|TABLE|THEAD|TBODY|TR|TH|TD)$/;
    expect(elements.filter(({ tagName }) => !allowed.test(tagName))).toEqual([]);
    const attributes = elements.flatMap((element) => [...element.attributes].map(({ name }) => name));
    expect(attributes.filter((name) => !['href', 'rel', 'target', 'start', 'align'].includes(name))).toEqual(
      []
    );
  });
});
