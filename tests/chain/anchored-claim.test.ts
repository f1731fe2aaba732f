/** A claim and its anchor in one file, asked of a real chain: as it was attested, and after it was revoked. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimChecks } from '../../src/lib/attribution/claims/checks';
import { prepareAnchor, prepareRevoke } from '../../src/lib/chain/anchor';
import { Chain } from '../../src/lib/chain/chain';
import { createIdentity } from '../../src/lib/datanets/trust/identity';
import { signStatement } from '../../src/lib/datanets/trust/sign';
import { everyStatement } from '../../src/lib/datanets/trust/testing';
import { anchoredClaim } from '../../src/lib/datanets/verify/anchor-file';
import { ChainUnavailableError, type ChainRequest } from '../../src/lib/datanets/verify/chain-request';
import { verifyFile } from '../../src/lib/datanets/verify/verify';
import { deployEas, richAccount, startAnvil, type Anvil } from '../support/anvil';
import { AnvilWallet } from '../support/anvil-wallet';

const owner = richAccount(0);
const now = new Date('2026-11-25T00:00:00.000Z');

let anvil: Anvil;
beforeAll(async () => {
  anvil = await startAnvil();
});
afterAll(() => anvil?.stop());

const ask: ChainRequest = (chainId, { method, params }) =>
  chainId === anvil.chainId
    ? anvil.rpc(method, params as unknown[])
    : Promise.reject(new ChainUnavailableError(`Nobody knows chain ${chainId}.`, chainId));

describe('a claim in a file with its anchor', () => {
  it('holds until it is revoked, and never of another attestation, claim or transaction', async () => {
    const person = await createIdentity('Ada');
    const claim = await signStatement(person, everyStatement(person.person, person.person).validation);
    const { eas: address, registry: schemaRegistry } = await deployEas(anvil);
    const eas = { address, schemaRegistry };
    const chain = await Chain.open(new AnvilWallet(anvil), owner.address);
    const [first, second] = [
      await (await prepareAnchor(chain, claim.statement, eas)).run(),
      await (await prepareAnchor(chain, { ...claim.statement, words: 'Others.' }, eas)).run()
    ];
    const checksOf = async (value: unknown) => {
      const { checks } = await verifyFile(new Blob([JSON.stringify(value)]), 'x', {
        ...{ ...claimChecks, now, chain: ask }
      });
      return Object.fromEntries(checks.map(({ name, state, reason }) => [name, `${state}: ${reason}`]));
    };
    const file = anchoredClaim(claim, first);
    const standing = await checksOf(file);
    expect(standing).toMatchObject({
      ...{ file: expect.stringMatching(/^holds/), signature: expect.stringMatching(/^holds/) },
      anchor: expect.stringMatching(new RegExp(`^holds: ${owner.address}.*attested exactly this claim`)),
      ...{ transaction: expect.stringMatching(/^holds/), EAS: expect.stringMatching(/^unknown/) }
    });
    expect(Object.values(standing).filter((each) => each.startsWith('fails'))).toEqual([]);
    for (const [change, name, reason] of [
      [{ uid: second.uid }, 'anchor', /^fails: .*hold something else/],
      [{ uid: `0x${'1'.repeat(64)}` }, 'anchor', /^fails: .*has no attestation/],
      [{ transaction: second.transaction }, 'transaction', /^fails/],
      [{ transaction: `0x${'1'.repeat(64)}` }, 'transaction', /^unknown/],
      [{ contract: schemaRegistry }, 'anchor', /^fails: There is no EAS/],
      [{ contract: owner.address }, 'anchor', /^fails: There is no EAS/],
      [{ chainId: 1337 }, 'anchor', /^unknown: Nobody knows chain 1337/]
    ] as const) {
      const checks = await checksOf({ ...file, anchor: { ...file.anchor, ...change } });
      expect(checks[name], JSON.stringify(change)).toMatch(reason);
    }
    await (await prepareRevoke(chain, first.uid, eas)).run();
    expect((await checksOf(file))['anchor']).toMatch(/^fails: .*and revoked it on/);
  });
});
