import { TabtuneError } from '../errors';
import { Random } from './random';

export interface OrderOptions {
  /** Same seed, same order, on every machine. */
  seed: number;
  /** Default true; false keeps the file's order in every epoch. */
  shuffle?: boolean;
}

/** A batch of rows, by their position among the encoded rows. */
export interface Batch {
  /** From 0. */
  epoch: number;
  /** Place in the epoch, from 0. */
  index: number;
  /** [1 .. batchSize] row positions; only an epoch's last batch may be short. */
  rows: Uint32Array;
}

/** A batch size or a share of held-out rows that the data set does not allow. */
export class OrderError extends TabtuneError {}

/** Purposes of the seed, so that the split and the epochs do not share a sequence. */
const EPOCH_STREAM = 1;
const SPLIT_STREAM = 2;

/** The order of `count` rows in one epoch (from 0): a fresh shuffle per epoch, each row once. */
export function epochOrder(count: number, epoch: number, options: OrderOptions): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  if (options.shuffle === false) return order;
  return new Random(options.seed, EPOCH_STREAM, epoch).shuffle(order);
}

/**
 * The batches of a run, epoch after epoch; each row is in exactly one batch of an epoch. To resume, start at a later
 * epoch and batch: what came before does not influence what comes.
 * Throws `OrderError` where there are no rows or the batch size is no positive integer.
 */
export function* batches(
  count: number,
  options: OrderOptions & { batchSize: number; epochs: number; from?: { epoch: number; index: number } }
): Generator<Batch> {
  const { batchSize, epochs, from = { epoch: 0, index: 0 } } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new OrderError(`The batch size must be a whole number of at least 1, not ${batchSize}.`, {
      details: { batchSize }
    });
  }
  if (count < 1) throw new OrderError('There are no rows to make batches of.', { details: { count } });
  for (let epoch = from.epoch; epoch < epochs; epoch += 1) {
    const order = epochOrder(count, epoch, options);
    for (let index = epoch === from.epoch ? from.index : 0; index * batchSize < count; index += 1) {
      yield { epoch, index, rows: order.slice(index * batchSize, (index + 1) * batchSize) };
    }
  }
}

/** Batches in one epoch, the short last one included. */
export function batchesPerEpoch(count: number, batchSize: number): number {
  return Math.ceil(count / batchSize);
}

/**
 * Sets rows aside that are never trained on, chosen at random by the seed; both lists keep the file's order.
 * @param heldOut a share in (0, 1), rounded to at least one row, or a number of rows.
 * Throws `OrderError` where nothing would be left to train on.
 */
export function splitRows(
  count: number,
  heldOut: number,
  seed: number
): { train: Uint32Array; heldOut: Uint32Array } {
  if (!(heldOut >= 0)) throw badSplit(count, heldOut);
  const size = heldOut > 0 && heldOut < 1 ? Math.max(1, Math.round(count * heldOut)) : heldOut;
  if (!Number.isInteger(size) || size >= Math.max(1, count)) throw badSplit(count, heldOut);
  const order = new Random(seed, SPLIT_STREAM).shuffle(Uint32Array.from({ length: count }, (_, i) => i));
  return { heldOut: order.slice(0, size).sort(), train: order.slice(size).sort() };
}

function badSplit(count: number, heldOut: number): OrderError {
  return new OrderError(
    `Cannot hold out ${heldOut} of ${count} rows: give a share between 0 and 1, or a number below ${count}.`,
    { details: { count, heldOut } }
  );
}
