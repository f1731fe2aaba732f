import type { FileMetaData, SchemaElement } from 'hyparquet';

/** Decimal columns of a file, by name, with the digits behind their point. */
export type DecimalScales = ReadonlyMap<string, number>;

type Stored = number | bigint | Uint8Array;

/**
 * Takes decimals for the whole numbers that they are stored as. The library multiplies them as floating-point numbers, by
 * which 0.7 becomes 0.7000000000000001, and long ones lose their last digits. Columns of the table itself only: inside
 * lists and records they stay as the library reads them.
 * @param columns the table's own
 */
export function asStored(
  metadata: FileMetaData,
  columns: readonly SchemaElement[]
): { metadata: FileMetaData; scales: DecimalScales } {
  const decimals = columns.filter(
    ({ type, converted_type: converted }) =>
      converted === 'DECIMAL' && (type === 'INT32' || type === 'INT64' || type === 'FIXED_LEN_BYTE_ARRAY')
  );
  const scales = new Map(decimals.map(({ name, scale }) => [name, scale ?? 0]));
  const schema = metadata.schema.map((element) => {
    if (!decimals.includes(element)) return element;
    const stored = { ...element };
    delete stored.converted_type;
    delete stored.logical_type;
    return stored;
  });
  return { metadata: { ...metadata, schema }, scales };
}

/** Writes the decimals of a record out, all their digits as the file has them. */
export function writeDecimals(
  record: Record<string, unknown>,
  scales: DecimalScales
): Record<string, unknown> {
  if (scales.size === 0) return record;
  const written = [...scales].flatMap(([name, scale]) => {
    const value = record[name];
    return isStored(value) ? [[name, decimalText(value, scale)] as const] : [];
  });
  return { ...record, ...Object.fromEntries(written) };
}

function isStored(value: unknown): value is Stored {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Uint8Array;
}

function decimalText(value: Stored, scale: number): string {
  const unscaled = value instanceof Uint8Array ? fromBytes(value) : BigInt(value);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return (
    (unscaled < 0n ? '-' : '') + (scale > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits)
  );
}

/** Two's complement, the most significant byte first. */
function fromBytes(bytes: Uint8Array): bigint {
  const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return BigInt.asIntN(bytes.length * 8, value);
}
