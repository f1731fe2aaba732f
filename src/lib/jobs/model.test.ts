import { describe, expect, it } from 'vitest';
import { encodeRows } from '../datanets/statistics';
import { openCheckpoint } from '../formats/checkpoint';
import { fromPath, hubIdOf } from '../formats/node-source';
import { baseName, fromBytes, readJson } from '../formats/source';
import { golden } from '../formats/testing';
import { joinModel } from './model';

type Json = Record<string, unknown>;
interface Tokenizer extends Json {
  added_tokens: Json[];
  model: { vocab: Record<string, number> };
}

/** The golden model of 320 rows, with some of its files changed. */
async function model(changes: Record<string, (json: Json) => Json>) {
  const files = await fromPath(golden('models/llama-tied'));
  const kept = files.filter((file) => !/^(batch|expected)/.test(baseName(file)));
  const changed = await Promise.all(
    Object.entries(changes).map(async ([name, change]) => {
      const file = kept.find((each) => baseName(each) === name);
      const json = change(file ? ((await readJson(file)) as Json) : {});
      return fromBytes(`llama-tied/${name}`, new TextEncoder().encode(JSON.stringify(json)));
    })
  );
  const others = kept.filter((file) => !(baseName(file) in changes));
  return openCheckpoint([...others, ...changed]);
}

const template =
  "{% for m in messages %}{{ '<|turn|>' + m['content'] + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ '<|turn|>' }}{% endif %}";

/** A token that was added to the tokeniser, and to the embedding only where it has a row. */
const withToken = (id: number) =>
  model({
    'tokenizer.json': (json) => {
      const { added_tokens, model, ...rest } = json as Tokenizer;
      // Filled up, so that the new token comes right after.
      const vocab = { ...model.vocab };
      for (let at = Object.keys(vocab).length; at < id; at++) vocab[`filler ${at}`] = at;
      const token = { ...added_tokens[0], id, content: '<|turn|>', special: true };
      return { ...rest, added_tokens: [...added_tokens, token], model: { ...model, vocab } };
    },
    'tokenizer_config.json': (json) => ({ ...json, chat_template: template })
  });

describe('the parts of a model', () => {
  it('belong together in a golden', async () => {
    const { config, notices } = await joinModel(await model({}));
    expect([config.vocabulary, notices]).toEqual([320, []]);
  });

  it('do not, where a row needs a token without a row in the embedding: the row is refused by name', async () => {
    const chat = {
      messages: [
        { role: 'user', content: 'Ebb?' },
        { role: 'assistant', content: 'Low.' }
      ]
    };
    const text = { text: 'High water is at four.' };
    const { tokenizer } = await joinModel(await withToken(320));
    const { index, refusals } = await encodeRows([chat, text], tokenizer, { maxLength: 256 });
    expect(index).toEqual([1]);
    expect(refusals).toEqual([
      {
        row: 0,
        reason: expect.stringContaining(
          `The token "<|turn|>" has the id 320, and the model's embedding has the 320 rows 0 to 319`
        ) as string
      }
    ]);
    expect(() => tokenizer.encode('<|turn|>')).toThrow('has the id 320');
    const fits = await joinModel(await withToken(319));
    expect((await encodeRows([chat], fits.tokenizer, { maxLength: 256 })).index).toEqual([0]);
  });

  it.each<[string, string, unknown]>([
    ['config.json', 'eos_token_id', 320],
    ['config.json', 'eos_token_id', [2, 400]],
    ['config.json', 'pad_token_id', 320],
    ['generation_config.json', 'eos_token_id', [2, 320]],
    ['generation_config.json', 'bos_token_id', 'one']
  ])('do not, where %s has a %s of %j', async (file, field, value) => {
    const checkpoint = await model({ [file]: (json) => ({ ...json, [field]: value }) });
    await expect(joinModel(checkpoint)).rejects.toThrow(
      new RegExp(
        `^${file.replace('.', '\\.')} has ${field} = .*, and the model's embedding has the 320 rows 0 to 319`
      )
    );
  });

  it('may leave padding out as -1, and ask for what is not done', async () => {
    const checkpoint = await model({
      'config.json': (json) => ({ ...json, pad_token_id: -1, attention_dropout: 0.1 }),
      'generation_config.json': () => ({ eos_token_id: [2], suppress_tokens: [7] })
    });
    expect((await joinModel(checkpoint)).notices).toEqual([
      expect.stringContaining('suppress_tokens = [7]'),
      expect.stringContaining('attention_dropout = 0.1, which is not applied in training here')
    ]);
  });

  it.each([
    [
      'vocab_size',
      322,
      'The tensor model.embed_tokens.weight has shape [320, 64], config.json says [322, 64].'
    ],
    ['intermediate_size', 128, 'The tensor model.layers.0.mlp.gate_proj.weight has shape [176, 64]'],
    ['num_key_value_heads', 2, 'The tensor model.layers.0.self_attn.k_proj.weight has shape [64, 64]']
  ])('do not, where config.json has another %s than the weights', async (field, value, message) => {
    const checkpoint = await model({ 'config.json': (json) => ({ ...json, [field]: value }) });
    await expect(joinModel(checkpoint)).rejects.toThrow(message);
  });
});

describe('what a model is called', () => {
  it.each([
    ['/home/me/.cache/huggingface/hub/models--acme--tide-1b/snapshots/0123abc', 'acme/tide-1b'],
    ['/cache/models--acme--tide-1b/snapshots/0123abc/', 'acme/tide-1b'],
    ['/cache/models--acme--tide-1b/snapshots/0123abc/tide-q4.gguf', 'acme/tide-1b'],
    ['/cache/models--gpt2/snapshots/0123abc', 'gpt2'],
    ['/models/tide-1b', undefined]
  ])('%s', (path, id) => expect(hubIdOf(path)).toBe(id));

  it('is the name of its folder, also where that is given as a dot', async () => {
    const folder = golden('models/llama-tied');
    const before = process.cwd();
    try {
      process.chdir(folder);
      expect((await openCheckpoint(await fromPath('.'))).name).toBe('llama-tied');
      expect((await openCheckpoint(await fromPath('../llama-tied/'))).name).toBe('llama-tied');
    } finally {
      process.chdir(before);
    }
  });
});
