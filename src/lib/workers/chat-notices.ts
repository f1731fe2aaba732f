import type { Checkpoint } from '../formats/checkpoint';
import type { Adapter } from '../formats/peft';
import { baseMismatch } from '../jobs/adapter-base';
import { fourBitNotice } from '../jobs/four-bit';

/** What the person should know of a conversation before it begins, in sentences. */
export async function chatNotices(
  checkpoint: Checkpoint,
  adapter: Adapter | undefined,
  quant: 'nf4' | 'none'
): Promise<string[]> {
  const all = [
    adapter && (await baseMismatch(adapter, checkpoint, adapter.trainedOn)),
    quant === 'nf4' ? await fourBitNotice(checkpoint) : undefined
  ];
  return all.filter((message) => message !== undefined);
}
