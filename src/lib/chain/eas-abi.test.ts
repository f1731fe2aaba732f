/** One interface for EAS on every chain: each published deployment has what is used of it here. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { toEventSelector, toFunctionSelector, type Abi, type AbiEvent, type AbiFunction } from 'viem';
import { describe, expect, it } from 'vitest';
import { easChains, easOn } from '../attribution/claims/eas-deployments';
import { easAbi, registryAbi } from './eas-abi';

const require = createRequire(import.meta.url);
const folder = join(
  dirname(require.resolve('@ethereum-attestation-service/eas-contracts/package.json')),
  'deployments'
);

/** Selectors of all functions and events. What functions return is part of it: attestations are read by their place. */
function selectorsOf(abi: Abi): string[] {
  return abi.flatMap((each) => {
    if (each.type === 'event') return toEventSelector(each as AbiEvent);
    if (each.type !== 'function') return [];
    return `${toFunctionSelector(each as AbiFunction)} ${JSON.stringify((each as AbiFunction).outputs.map(shapeOf))}`;
  });
}

function shapeOf(each: { type: string; components?: readonly { type: string }[] }): unknown {
  return each.components ? each.components.map(shapeOf) : each.type;
}

const published = readdirSync(folder).flatMap((network) => {
  const read = (name: string) =>
    JSON.parse(readFileSync(join(folder, network, `${name}.json`), 'utf8')) as { address: string; abi: Abi };
  const [eas, registry] = [read('EAS'), read('SchemaRegistry')];
  const used = easChains().some((id) => easOn(id)!.address === eas.address);
  return used ? [{ network, eas, registry }] : [];
});

describe('EAS as it is published', () => {
  it('is looked at on all networks but those that were shut down', () => {
    expect(published.length).toBeGreaterThan(15);
  });

  it.each(published)('on $network has what is used of it', ({ eas, registry }) => {
    expect(selectorsOf(eas.abi)).toEqual(expect.arrayContaining(selectorsOf(easAbi)));
    expect(selectorsOf(registry.abi)).toEqual(expect.arrayContaining(selectorsOf(registryAbi)));
  });
});
