import { describe, expect, it } from 'vitest';
import { loadTokenizer } from './tokenizer';
import { llama3, mistral, smollm2 } from './tokenizer.fixtures';

const CONVERSATION = [
  { role: 'user', content: 'what?' },
  { role: 'assistant', content: 'Yes' },
  { role: 'user', content: 'really?' },
  { role: 'assistant', content: '' }
];

async function templateOf(source: string) {
  const { tokenizerJson, tokenizerConfig } = smollm2();
  return (await loadTokenizer({ tokenizerJson, tokenizerConfig, chatTemplate: source })).template!;
}

describe('generation blocks', () => {
  it('mark the answers whatever the whitespace around the tags', async () => {
    for (const [open, close] of [
      ['{% generation %}', '{% endgeneration %}'],
      ['{%- generation -%}', '{%- endgeneration -%}'],
      ['\n  {% generation %}\n', '\n  {%- endgeneration %}\n']
    ]) {
      const template = await templateOf(
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}{% if m.role == 'assistant' %}" +
          `${open}{{ m.content + '<|im_end|>' }}${close}{% else %}{{ m.content + '<|im_end|>' }}{% endif %}` +
          "{{ '\\n' }}{% endfor %}"
      );
      const text = template.render(CONVERSATION, { addGenerationPrompt: false });
      expect(text).not.toContain('generation');
      const spans = template.generationSpans(CONVERSATION, { addGenerationPrompt: false });
      expect(spans?.map(({ start, end }) => text.slice(start, end).trim())).toEqual([
        'Yes<|im_end|>',
        '<|im_end|>'
      ]);
    }
  });

  it('are not there in most templates', async () => {
    const { template } = await loadTokenizer(llama3());
    expect(template!.generationSpans(CONVERSATION, { addGenerationPrompt: false })).toBeUndefined();
  });
});

describe('the skeleton', () => {
  it('is the text around the contents', async () => {
    const { template } = await loadTokenizer(mistral());
    expect(template!.skeleton(['user', 'assistant'], { addGenerationPrompt: false })).toEqual({
      parts: ['<s>[INST] ', ' [/INST] ', '</s>'],
      order: [0, 1]
    });
  });

  it('shows contents that a template moves', async () => {
    const template = await templateOf(
      "{% for m in messages %}{% if m.role != 'system' %}{{ m.content }}|{% endif %}{% endfor %}{{ messages[0].content }}"
    );
    expect(template.skeleton(['system', 'user'], { addGenerationPrompt: false })).toEqual({
      parts: ['', '|', ''],
      order: [1, 0]
    });
  });

  it('is unknown where a content is dropped, repeated or refused', async () => {
    const dropped = await templateOf(
      "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}"
    );
    const repeated = await templateOf('{% for m in messages %}{{ m.content + m.content }}{% endfor %}');
    const { template: refusing } = await loadTokenizer(mistral());
    for (const template of [dropped, repeated, refusing!]) {
      expect(template.skeleton(['user', 'system'], { addGenerationPrompt: false })).toBeUndefined();
    }
  });
});
