import type { Checkpoint } from '../formats/checkpoint';
import type { Adapter } from '../formats/peft';

/**
 * Why an adapter and a base do not seem to belong together, in a sentence; undefined where nothing speaks against it. Bases
 * of one shape take each other's adapters without an error and answer nonsense, so the hash is asked first, the name where
 * there is none.
 * @param trainedOn SHA-256 of the base that the adapter was trained on, as its run.json has it
 */
export async function baseMismatch(
  adapter: Pick<Adapter, 'config'>,
  checkpoint: Pick<Checkpoint, 'name' | 'sha256'>,
  trainedOn: string | undefined,
  signal?: AbortSignal
): Promise<string | undefined> {
  const { baseModel } = adapter.config;
  if (trainedOn !== undefined) {
    const actual = await checkpoint.sha256(signal);
    if (actual === trainedOn) return undefined;
    return (
      `The adapter was trained on another base: its record has ${baseModel || 'a base'} with SHA-256 ${trainedOn.slice(0, 16)}…, ` +
      `and ${checkpoint.name} has ${actual.slice(0, 16)}…. Figures and answers with it mean little; choose the base it was made for.`
    );
  }
  const [wanted, given] = [plainName(baseModel), plainName(checkpoint.name)];
  if (wanted === '' || given === '' || wanted.includes(given) || given.includes(wanted)) return undefined;
  return `The adapter names ${baseModel} as its base, and this is ${checkpoint.name}. Nothing else tells whether they belong together.`;
}

/** The last part of an id or path, without what people write differently. */
function plainName(name: string): string {
  const last = name.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return last
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replace(/[^a-z0-9]/g, '');
}
