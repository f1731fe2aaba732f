import { describe, expect, it } from 'vitest';
import { OtherWeightsError, requireNamedWeights, UnreadableRecordError } from './adapter-named';

const sha256 = 'a'.repeat(64);
const record = (adapter: string) => JSON.stringify({ sha256: { adapter } });

describe('weights beside their record', () => {
  it('are those that it names, or are refused', () => {
    const beside = (text: string) => [{ name: 'adapter/run.json', text }];
    expect(() => requireNamedWeights(sha256, beside(record(sha256)), 'a.zip')).not.toThrow();
    expect(() => requireNamedWeights(sha256, beside(record('b'.repeat(64))), 'a.zip')).toThrow(
      OtherWeightsError
    );
  });

  it('are refused where the record cannot be read, and not taken as if there were none', () => {
    for (const text of ['', '{', record(sha256).slice(0, -1)]) {
      const beside = [{ name: 'run.json', text }];
      expect(() => requireNamedWeights(sha256, beside, 'a.zip')).toThrow(UnreadableRecordError);
    }
  });
});
