/** Claims on a real chain, with EAS as its authors compiled it: attested, read by others, revoked, and never wrongly. */
import { zeroHash, type Hex } from 'viem';
import { getTransactionReceipt } from 'viem/actions';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { prepareAnchor, prepareRevoke, EasMissingError, RevokeError } from '../../src/lib/chain/anchor';
import { AskedEas, differencesFrom } from '../../src/lib/attribution/claims/eas-reading';
import { Chain } from '../../src/lib/chain/chain';
import { RevertedError, WalletMovedError } from '../../src/lib/chain/failures';
import { everyStatement } from '../../src/lib/datanets/trust/testing';
import { deployEas, richAccount, startAnvil, type Anvil } from '../support/anvil';
import { AnvilWallet } from '../support/anvil-wallet';

const [me, other] = [richAccount(0), richAccount(1)];
const by = { id: 'did:key:zDnaeA', name: 'Ines', agreement: 'did:key:zDnaeB' };
const every = everyStatement(by, { ...by, id: 'did:key:zDnaeC', name: 'Bo' });
const { contribution, 'run-manifest': manifest } = every;
const claims = [
  contribution,
  every.validation,
  every['access-grant'],
  manifest,
  every['attribution-receipt']
];

let anvil: Anvil;
let eas: { address: Hex; schemaRegistry: Hex };
let wallet: AnvilWallet;
let chain: Chain;

beforeAll(async () => {
  anvil = await startAnvil();
  const deployed = await deployEas(anvil);
  eas = { address: deployed.eas, schemaRegistry: deployed.registry };
});
afterAll(() => anvil?.stop());
beforeEach(async () => {
  wallet = new AnvilWallet(anvil);
  chain = await Chain.open(wallet, me.address);
});

/** What the contract itself says of an attestation, to anybody who asks a node. */
async function attestation(uid: Hex) {
  const request = anvil.client.request as (request: unknown) => Promise<unknown>;
  const asked = await AskedEas.open(31337, eas.address, (_, each) => request(each));
  return (await asked.attestation(uid))!;
}

describe.each(claims)('an anchor of a $kind', (claim) => {
  it('takes its schema along the first time, says so before, and costs no more than it says', async () => {
    const first = await prepareAnchor(chain, claim, eas);
    expect(first.transactions).toBe(2);
    expect(first.cost.bound).toBe(true);
    expect(first.words.join(' ')).toContain(`registry ${eas.schemaRegistry}`);
    const hashes: Hex[] = [];
    const anchored = await first.run({ onSent: (hash) => hashes.push(hash) });
    const used = await Promise.all(hashes.map((hash) => getTransactionReceipt(anvil.client, { hash })));
    const gas = used.reduce((sum, { gasUsed }) => sum + gasUsed, 0n);
    expect(gas).toBeLessThanOrEqual(first.cost.gas);
    // A bound that is far off would say nothing.
    expect(gas).toBeGreaterThan((first.cost.gas * 6n) / 10n);
    expect(anchored).toMatchObject({ chainId: 31337, transaction: hashes[1], attester: me.address });

    const second = await prepareAnchor(chain, claim, eas);
    expect(second.transactions).toBe(1);
    expect(second.cost.bound).toBe(false);
    expect(second.words.join(' ')).toContain('statement: bafkrei');
    expect((await second.run()).uid).not.toBe(anchored.uid);
  });

  it('is read by anybody, and told from one of another claim', async () => {
    const { uid, created } = await (await prepareAnchor(chain, claim, eas)).run();
    const found = await attestation(uid);
    expect(found).toMatchObject({ uid, attester: me.address, revocationTime: 0n });
    expect(Number(found.time) * 1000).toBe(created);
    if (claim === manifest) expect(Number(found.expirationTime) * 1000).toBe(Date.parse(manifest.expires!));
    if (claim === contribution) expect(found.expirationTime).toBe(0n);
    expect(await differencesFrom(found, claim)).toEqual([]);
    const later = { ...claim, created: '2026-11-23T12:00:01.000Z' };
    expect(await differencesFrom(found, later)).toEqual(['its fields hold something else']);
    const another = claim === contribution ? manifest : contribution;
    expect((await differencesFrom(found, another))[0]).toContain('another schema');
    expect((await attestation(zeroHash)).uid).toBe(zeroHash);
  });

  it('is revoked once, and by who made it only', async () => {
    const { uid } = await (await prepareAnchor(chain, claim, eas)).run();
    wallet.choose(other);
    await expect(prepareRevoke(await Chain.open(wallet, other.address), uid, eas)).rejects.toThrow(
      RevokeError
    );
    wallet.choose(me);
    const [revoke, twice] = [await prepareRevoke(chain, uid, eas), await prepareRevoke(chain, uid, eas)];
    await revoke.run();
    expect((await attestation(uid)).revocationTime).toBeGreaterThan(0n);
    // Prepared before the other was made: the contract itself says no, and nothing is paid.
    const sent = () => wallet.asked.filter((method) => method === 'eth_sendTransaction').length;
    const before = sent();
    await expect(twice.run()).rejects.toThrow(RevertedError);
    await expect(twice.run()).rejects.toThrow(/AlreadyRevoked/);
    expect(sent()).toBe(before);
    await expect(prepareRevoke(chain, uid, eas)).rejects.toThrow(/revoked before/);
    await expect(prepareRevoke(chain, zeroHash, eas)).rejects.toThrow(/no such attestation/);
  });
});

describe('an anchor', () => {
  it('is not made where nobody published EAS; chains that have it are named', async () => {
    await expect(prepareAnchor(chain, contribution)).rejects.toThrow(EasMissingError);
    await expect(prepareAnchor(chain, contribution)).rejects.toThrow(/Base/);
  });

  it('is not made on a chain that the wallet has left meanwhile', async () => {
    const action = await prepareAnchor(chain, contribution, eas);
    const second = await startAnvil({ chainId: 1337 });
    try {
      wallet.chains.push(second);
      wallet.goTo(1337);
      await expect(action.run()).rejects.toThrow(WalletMovedError);
      expect(wallet.asked).not.toContain('eth_sendTransaction');
    } finally {
      await second.stop();
    }
  });
});
