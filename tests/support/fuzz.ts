/** How many inputs a property is tried on, and which: the same in each `npm test`, others where that is asked for. */
export function fuzz(defaultRuns: number): { numRuns: number; seed: number } {
  return { numRuns: numberOf('TABTUNE_FUZZ_RUNS', defaultRuns), seed: numberOf('TABTUNE_FUZZ_SEED', 42) };
}

/** @throws RangeError where the variable is set to something else than a whole number */
function numberOf(variable: string, otherwise: number): number {
  const text = process.env[variable];
  if (text === undefined || text === '') return otherwise;
  if (!/^\d{1,10}$/.test(text)) throw new RangeError(`${variable} is "${text}", which is no whole number.`);
  return Number(text);
}
