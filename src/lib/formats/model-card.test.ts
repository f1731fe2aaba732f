/** A model card is read by the hub, by PyYAML and by people; what strangers call themselves must not change what it says. */
import fc from 'fast-check';
import { Marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fuzz } from '../../../tests/support/fuzz';
import { writeModelCard, type ModelCard } from './model-card';

const card: ModelCard = {
  name: 'Pelhaven on starter',
  base: { name: 'HuggingFaceTB/SmolLM2-135M', sha256: '7'.repeat(64) },
  lora: { rank: 16, alpha: 32, targets: ['q_proj', 'v_proj'], rsLora: false },
  data: [
    {
      ...{ datanet: 'b7a0c0b2-0a52', name: 'Pelhaven', number: 2, version: 'bafkreia', root: '0xab' },
      ...{ licence: 'CC-BY-4.0', language: 'en-GB', rows: 40, heldOut: 8, inherited: false }
    }
  ],
  contributors: [
    { id: 'a', name: 'Ines', rows: 30, share: { value: 0.75, low: 0.7, high: 0.8 }, mustBeNamed: true },
    { id: 'b', name: 'Sal', rows: 10, share: { value: 0.25, low: 0.2, high: 0.3 }, mustBeNamed: false }
  ],
  training: {
    ...{ rows: 40, rowsSha256: '8'.repeat(64), steps: 12, stopped: false, device: 'SwiftShader' },
    ...{ options: { learningRate: 0.002, shuffle: true, seed: 7 }, software: 'tabtune 0.1.0' }
  },
  heldOut: { rows: 8, before: 2.5, after: 0.5 },
  measuring: {
    ...{ estimator: 'cosine', moments: [4, 8, 12], questions: 8 },
    agreement: [{ estimator: 'tracIn', correlation: 0.9 }]
  },
  claims: [{ file: 'claims/run-manifest.json', says: 'how it was made', signer: 'Ines' }],
  sha256: 'b'.repeat(64)
};

/** The two halves, parted as the hub parts them. */
function halves(text: string): { head: string; body: string } {
  const match = /^---\n([^]*?)\n---\n([^]*)$/.exec(text)!;
  return { head: match[1], body: match[2] };
}

const hostile = fc.oneof(
  fc.constantFrom(
    'no',
    '1e3',
    '2001-01-01',
    '---',
    'a\n---\nlicense: mit',
    '"},{"',
    "'",
    '!!python/object:os.system',
    '&a *a',
    '# head',
    '| x | y |',
    '](javascript:alert(1))',
    '<img src=x onerror=alert(1)>',
    '![x](https://evil.example/x.png)',
    'https://evil.example',
    'www.evil.example',
    'a@evil.example',
    '```\ncode',
    '**bold**',
    '\u202egnp.exe',
    '\ud800',
    '{{ x }}',
    '$$x$$',
    '- item',
    '1. item',
    '+ item',
    '> quote',
    'x ~~y~~ _z_'
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 })
);

describe('a model card', () => {
  it('has the metadata that the hub reads', async () => {
    const { head } = halves(await writeModelCard(card));
    expect(parse(head)).toEqual({
      base_model: 'HuggingFaceTB/SmolLM2-135M',
      library_name: 'peft',
      pipeline_tag: 'text-generation',
      license: 'cc-by-4.0',
      datasets: ['datanet-b7a0c0b2-0a52'],
      language: ['en'],
      tags: ['lora', 'tabtune'],
      metrics: ['loss', 'perplexity'],
      'model-index': [
        {
          name: 'Pelhaven on starter',
          results: [
            {
              task: { type: 'text-generation', name: 'Text generation' },
              dataset: { type: 'datanet-b7a0c0b2-0a52', name: '8 rows held out of Pelhaven' },
              metrics: [
                { type: 'loss', value: 0.5, name: 'Held-out loss, nats per token' },
                { type: 'perplexity', value: 1.64872, name: 'Held-out perplexity' }
              ]
            }
          ]
        }
      ]
    });
  });

  it('tells people of data, shares, duties, evaluation and how to check', async () => {
    const { body } = halves(await writeModelCard(card));
    expect(body).toContain('| Pelhaven | 2 | `CC-BY-4.0` | 40 | 8 | this run |');
    expect(body).toContain('| Ines | 75.00 % | 70.00 % to 80.00 % | 30 |');
    expect(body).toMatch(/are named wherever .*\*\*Ines\*\*/);
    expect(body).not.toMatch(/\*\*.*Sal/);
    expect(body).toContain('| After the run | 0.5000 | 1.6487 |');
    expect(body).toContain('npm run verify -- claims/run-manifest.json');
  });

  it('loads a base by its name only where that is one of the hub', async () => {
    const { body } = halves(await writeModelCard(card));
    expect(body).toContain('AutoModelForCausalLM.from_pretrained("HuggingFaceTB/SmolLM2-135M")');
    for (const name of ['tabtune-starter', 'model.Q4_K_M.gguf', 'a/b/c', '']) {
      const own = halves(await writeModelCard({ ...card, base: { ...card.base, name } })).body;
      expect(own).toContain('AutoModelForCausalLM.from_pretrained("folder-of-the-base")');
      expect(own).toContain(`The base is "${name}", by its files`);
    }
  });

  it('says what was not measured and not signed, and leaves out what is not known', async () => {
    const bare: ModelCard = {
      ...{ name: '', base: { name: 'a b c' }, lora: card.lora, data: [], contributors: [] },
      ...{ claims: [], sha256: card.sha256 }
    };
    const { head, body } = halves(await writeModelCard(bare));
    expect(parse(head)).toEqual({
      library_name: 'peft',
      pipeline_tag: 'text-generation',
      license: 'unknown',
      tags: ['lora', 'tabtune']
    });
    expect(body).toMatch(
      /belong to no Datanet[^]*was not measured[^]*No rows were held out[^]*Nobody has signed/
    );
  });

  it('leaves licences that differ, or that the hub does not know, to be read', async () => {
    const licenceOf = async (...licences: (string | undefined)[]) => {
      const data = licences.map((licence) => ({ ...card.data[0], licence }));
      const { license, license_name } = parse(halves(await writeModelCard({ ...card, data })).head) as Record<
        string,
        string
      >;
      return [license, license_name];
    };
    expect(await licenceOf('CC0-1.0', 'CC0-1.0')).toEqual(['cc0-1.0', undefined]);
    expect(await licenceOf('ODbL-1.0')).toEqual(['odbl', undefined]);
    expect(await licenceOf('CC0-1.0', 'MIT')).toEqual(['other', 'licences-of-the-rows']);
    expect(await licenceOf('LicenseRef-mine')).toEqual(['other', 'licences-of-the-rows']);
    expect(await licenceOf(undefined)).toEqual(['unknown', undefined]);
    expect(await licenceOf('MIT', undefined)).toEqual(['other', 'licences-of-the-rows']);
  });

  it('keeps whatever people call themselves and their data to being text', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (name, person, licence) => {
        const text = await writeModelCard({
          ...card,
          name,
          base: { name },
          data: [{ ...card.data[0], name, licence, language: person, datanet: name }],
          contributors: [{ ...card.contributors[0], name: person, id: name, mustBeNamed: false }],
          training: { ...card.training!, device: person, options: { [name]: person } },
          claims: [{ ...card.claims[0], signer: person }]
        });
        const { head, body } = halves(text);
        const metadata = parse(head, { version: '1.1' }) as Record<string, unknown>;
        expect(Object.keys(metadata).filter((key) => !(key in known))).toEqual([]);
        expect(metadata.library_name).toBe('peft');
        // What PyYAML takes for printable, on lines that only line feeds end.
        expect(text).not.toMatch(UNPRINTABLE);
        const tokens = new Marked().lexer(body);
        const kinds = new Set<string>();
        let lists = 0;
        void new Marked().walkTokens(tokens, (token) => {
          kinds.add(token.type);
          if (token.type === 'list') lists += 1;
        });
        for (const kind of ['html', 'link', 'image', 'blockquote', 'strong', 'em', 'del'])
          expect(kinds).not.toContain(kind);
        expect(tokens.filter(({ type }) => type === 'heading')).toHaveLength(8);
        expect(tokens.filter(({ type }) => type === 'table')).toHaveLength(4);
        // The versions, and the claims.
        expect(lists).toBe(2);
      }),
      fuzz(150)
    );
  }, 30_000);
});

// eslint-disable-next-line no-control-regex -- they are what must not be there
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\ufffe\uffff]/;

const known = {
  ...{ base_model: 0, library_name: 0, pipeline_tag: 0, license: 0, license_name: 0, datasets: 0 },
  ...{ language: 0, tags: 0, metrics: 0, 'model-index': 0 }
};
