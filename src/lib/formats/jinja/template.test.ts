import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { readJson, readText } from '../../../../tests/support/files';
import { TemplateRunError, TemplateSyntaxError } from './limits';
import { JinjaTemplate } from './template';

const DAY = '2026-12-01';
const GOLDENS = 'tests/goldens/templates';

interface Golden {
  text?: string;
  error?: string;
}

interface Conversation {
  name: string;
  prompt?: boolean;
  messages: unknown[];
  tools?: unknown[];
}

function render(source: string, variables: Record<string, unknown> = {}): string | undefined {
  try {
    return new JinjaTemplate(source).render(variables, DAY);
  } catch (error) {
    if (error instanceof TemplateRunError || error instanceof TemplateSyntaxError) return undefined;
    throw error;
  }
}

describe("against Python's Jinja, as transformers sets it up", async () => {
  const [conversations, fragments, rendered] = await Promise.all([
    readJson<Conversation[]>(`${GOLDENS}/conversations.json`),
    readJson<string[]>(`${GOLDENS}/fragments.json`),
    readJson<{ templates: Record<string, Golden[]>; fragments: Golden[] }>(`${GOLDENS}/rendered.json`)
  ]);

  it.each(Object.keys(rendered.templates))('%s gives the same text', async (file) => {
    const source = await readText(`${GOLDENS}/${file}`);
    conversations.forEach(({ name, messages, tools, prompt }, i) => {
      const text = render(source, {
        messages,
        tools: tools ?? null,
        documents: null,
        add_generation_prompt: prompt ?? false,
        bos_token: '<s>',
        eos_token: '</s>',
        unk_token: '<unk>'
      });
      // Where Python raises, so does this.
      expect(text, name).toBe(rendered.templates[file][i].text);
    });
  });

  it.each(fragments.map((source, i) => ({ source, i })))('$source', ({ source, i }) => {
    expect(render(source, { messages: [{ role: 'user', content: 'q' }] })).toBe(rendered.fragments[i].text);
  });
});

describe('a template of a stranger', () => {
  const tooLong = [
    '{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}',
    "{% set ns = namespace(t='xxxxxxxxxx') %}{% for i in range(99) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}",
    "{{ 'x' * 999999999 }}",
    '{{ [1] * 999999999 }}',
    '{{ range(999999999)|list }}',
    "{{ 'x'|center(999999999) }}",
    '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
    '{% for i in [[1]] recursive %}{{ loop([[i]]) }}{% endfor %}',
    "{% set t = 'a' * 999999 %}{% for i in range(99999) %}{{ t|replace('a', 'b')|length }}{% endfor %}"
  ];

  it.each(tooLong)('ends in an error: %s', { timeout: 60_000 }, (source) => {
    // A bound on steps and text, not on time: it holds on any machine.
    expect(() => new JinjaTemplate(source).render({}, DAY)).toThrow(TemplateRunError);
  });

  it('that nests too deep is refused before it runs', () => {
    for (const source of [
      `{{ ${'('.repeat(9999)}1${')'.repeat(9999)} }}`,
      `{{ ${'not '.repeat(9999)}1 }}`,
      `{{ ${'-'.repeat(9999)}1 }}`,
      '{% if 1 %}'.repeat(9999),
      `{{ ${'['.repeat(9999)} }}`,
      `{% if a %}${'{% elif a %}'.repeat(9999)}{% endif %}`
    ]) {
      expect(() => new JinjaTemplate(source)).toThrow(TemplateSyntaxError);
    }
  });

  it('ends in one of two errors or in text, whatever it is', () => {
    const piece = fc.constantFrom(
      ...[
        '{% if a %}',
        '{% else %}',
        '{% endif %}',
        '{% for x in messages %}',
        '{% endfor %}',
        '{{ x.content }}'
      ],
      ...[
        '{{ x',
        '}}',
        '{%',
        '%}',
        '{#',
        '#}',
        '-',
        "'",
        '(',
        ')',
        '|',
        ' is ',
        'trim',
        'set a = 1',
        '\n',
        ' ',
        '[',
        ']'
      ],
      ...[
        '{% macro f(a) %}',
        '{% endmacro %}',
        '{{ f(1) }}',
        '{% raw %}',
        '{% endraw %}',
        '{% generation %}',
        '.x',
        '~',
        '1',
        '{',
        '}'
      ]
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        render(pieces.join(''), { messages: [{ role: 'user', content: 'q' }] });
      }),
      fuzz(2000)
    );
  });

  it('says the line and what is wrong there', () => {
    expect(() => new JinjaTemplate('a\n\n{{ x|shout }}')).toThrow('line 3: there is no filter "shout" here');
    expect(() => new JinjaTemplate('{% include "x" %}')).toThrow(
      'line 1: the block "include" is not known here'
    );
  });
});
