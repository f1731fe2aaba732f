import type { Checkpoint } from '../formats/checkpoint';
import { dequantizeNf4, quantizeNf4 } from '../gpu/nf4/quantize';

/** Values of a matrix that are looked at: whole blocks, and enough for a figure of two digits. */
const looked = 2 ** 20;

/**
 * What taking the base in 4 bits does to a checkpoint that bitsandbytes quantised in another way, in a sentence with its
 * size; undefined where the stored bits are computed as they are. In 16 bits (LoRA) everything is computed as stored.
 */
export async function fourBitNotice(
  { fourBit, ...source }: Pick<Checkpoint, 'fourBit' | 'shape' | 'stream'>,
  signal?: AbortSignal
): Promise<string | undefined> {
  if (!fourBit) return undefined;
  const { foreign, plain } = fourBit;
  const first = foreign[0]?.name ?? plain[0];
  if (first === undefined) return undefined;
  const what = [
    ...(foreign.length > 0 ? [`${matrices(foreign.length)} stored as ${foreign[0].form}`] : []),
    ...(plain.length > 0 ? [`${matrices(plain.length)} that its 4-bit checkpoint left in 16 bits`] : [])
  ].join(' and ');
  const change = await relativeChange(source, first, signal);
  return (
    `The model has ${what}, which the engine's 4 bits (NF4 in blocks of 64) do not hold: they are quantised anew, ` +
    `which changes ${first} by ${(100 * change).toPrecision(2)} % (root mean square). In 16 bits (method LoRA, quant none) all is computed as stored.`
  );
}

/** Root mean square of the change over that of the weights. */
async function relativeChange(
  source: Pick<Checkpoint, 'stream'>,
  name: string,
  signal?: AbortSignal
): Promise<number> {
  let [changed, all, count] = [0, 0, 0];
  for await (const chunk of source.stream(name, signal)) {
    const values = chunk.subarray(0, Math.min(chunk.length, looked - count));
    const anew = dequantizeNf4(quantizeNf4(values, [1, values.length], name));
    values.forEach((value, i) => {
      changed += (value - anew[i]) ** 2;
      all += value ** 2;
    });
    count += values.length;
    if (count >= looked) break;
  }
  return all === 0 ? 0 : Math.sqrt(changed / all);
}

function matrices(count: number): string {
  return `${count} ${count === 1 ? 'matrix' : 'matrices'}`;
}
