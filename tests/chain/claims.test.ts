/** Signatures of contract accounts, and attestations that were revoked: what only a real chain can tell. */
import {
  encodeFunctionData,
  getContractAddress,
  hashTypedData,
  parseAbi,
  serializeErc6492Signature,
  zeroHash,
  type Address,
  type Hex
} from 'viem';
import { call, getCode, sendTransaction, simulateContract, waitForTransactionReceipt } from 'viem/actions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimChecks } from '../../src/lib/attribution/claims/checks';
import { offchainFile, prepareOffchain } from '../../src/lib/attribution/claims/eas-offchain';
import {
  claimOf,
  verifyWalletSignature,
  WalletSignatureError
} from '../../src/lib/attribution/claims/wallet-signature';
import { easSchema, easSchemaUid } from '../../src/lib/attribution/claims/eas';
import { easAbi, registryAbi } from '../../src/lib/chain/eas-abi';
import { canonicalJson } from '../../src/lib/datanets/canonical';
import { createIdentity } from '../../src/lib/datanets/trust/identity';
import { signStatement } from '../../src/lib/datanets/trust/sign';
import { everyStatement } from '../../src/lib/datanets/trust/testing';
import type { Signed, WalletSignature } from '../../src/lib/datanets/trust/statements';
import type { WalletStatement } from '../../src/lib/datanets/trust/wallet-kinds';
import { ChainUnavailableError, type ChainRequest } from '../../src/lib/datanets/verify/chain-request';
import { verifyFile, type VerifyReport } from '../../src/lib/datanets/verify/verify';
import { deployEas, richAccount, startAnvil, type Anvil } from '../support/anvil';
import { accountCode, deployCode, factoryCode } from '../support/contract-account';

const owner = richAccount(0);
const stranger = richAccount(1);
const now = new Date('2026-11-25T00:00:00.000Z');

let anvil: Anvil;
let ask: ChainRequest;
let claim: Signed<WalletStatement>;

beforeAll(async () => {
  anvil = await startAnvil();
  ask = (chainId, { method, params }) =>
    chainId === anvil.chainId
      ? anvil.rpc(method, params as unknown[])
      : Promise.reject(new ChainUnavailableError(`Nobody knows chain ${chainId}.`, chainId));
  const person = await createIdentity('Ada');
  const { validation } = everyStatement(person.person, person.person);
  claim = await signStatement(person, validation);
});
afterAll(() => anvil?.stop());

async function signedFor(
  address: Address,
  signer = owner,
  chainId = anvil.chainId
): Promise<WalletSignature> {
  type Data = Parameters<typeof signer.signTypedData>[0];
  const value = await signer.signTypedData(claimOf(claim.statement, chainId) as Data);
  return { standard: 'EIP-712', address, chainId, value };
}

const wallet = (report: VerifyReport) => report.checks.find(({ name }) => name === 'wallet');
const verify = (signature: WalletSignature, chain?: ChainRequest) =>
  verifyFile(new Blob([canonicalJson({ ...claim, wallet: signature })]), 'x', {
    ...{ ...claimChecks, now },
    ...(chain && { chain })
  });

describe('the signature of a contract account', () => {
  let account: Address;
  beforeAll(async () => {
    account = await deployCode(anvil, accountCode(owner.address));
  });

  it('is one that the account says it is (ERC-1271)', async () => {
    const data = encodeFunctionData({
      abi: parseAbi(['function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)']),
      args: [hashTypedData(claimOf(claim.statement, anvil.chainId)), (await signedFor(account)).value as Hex]
    });
    expect((await call(anvil.client, { to: account, data })).data).toMatch(/^0x1626ba7e0*$/);
  });

  it('holds where its chain is asked, and is unknown where it is not', async () => {
    const signature = await signedFor(account);
    await expect(verifyWalletSignature(claim.statement, signature, ask)).resolves.toBeUndefined();
    expect(wallet(await verify(signature, ask))).toMatchObject({ state: 'holds' });
    const longer = { ...signature, value: `${signature.value}00` };
    expect(wallet(await verify(longer))).toMatchObject({
      ...{
        state: 'unknown',
        chainId: anvil.chainId,
        reason: expect.stringMatching(/only its chain/) as string
      }
    });
    expect(wallet(await verify(longer, ask))).toMatchObject({ state: 'holds' });
  });

  it('fails over another statement, by another key, for another account and for another chain', async () => {
    const signature = await signedFor(account);
    const other = { ...claim.statement, created: '2026-11-24T09:30:01.000Z' };
    await expect(verifyWalletSignature(other, signature, ask)).rejects.toThrow(WalletSignatureError);
    for (const wrong of [
      await signedFor(account, stranger),
      { ...signature, address: stranger.address },
      await signedFor(account, owner, 1).then((each) => ({ ...each, chainId: anvil.chainId }))
    ]) {
      expect(wallet(await verify(wrong, ask)), JSON.stringify(wrong)).toMatchObject({ state: 'fails' });
    }
    expect(wallet(await verify({ ...signature, chainId: 10 }, ask))).toMatchObject({
      ...{ state: 'unknown', chainId: 10 }
    });
  });

  it('is unknown where who answers is on another chain, or nobody answers', async () => {
    const signature = await signedFor(account);
    const second = await startAnvil({ chainId: 1337 });
    try {
      const lost: ChainRequest = (_, { method, params }) => second.rpc(method, params as unknown[]);
      expect(wallet(await verify(signature, lost))).toMatchObject({
        ...{ state: 'unknown', reason: expect.stringMatching(/is on chain 1337/) as string }
      });
      const breaking: ChainRequest = (chainId, request) =>
        request.method === 'eth_chainId'
          ? ask(chainId, request)
          : Promise.reject(new Error('The line broke'));
      expect(wallet(await verify(signature, breaking))).toMatchObject({
        ...{ state: 'unknown', reason: expect.stringMatching(/The line broke/) as string }
      });
    } finally {
      await second.stop();
    }
  });
});

describe('the signature of an account that is not deployed yet (ERC-6492)', () => {
  it('holds where its chain is asked, deploys nothing, and fails by another key', async () => {
    const factory = await deployCode(anvil, factoryCode);
    const bytecode = accountCode(owner.address);
    const account = getContractAddress({ opcode: 'CREATE2', from: factory, salt: zeroHash, bytecode });
    const wrapped = async (signer: typeof owner) => {
      const { value, ...rest } = await signedFor(account, signer);
      const signature = serializeErc6492Signature({
        address: factory,
        data: bytecode,
        signature: value as Hex
      });
      return { ...rest, value: signature };
    };
    const signature = await wrapped(owner);
    expect(wallet(await verify(signature, ask))).toMatchObject({ state: 'holds' });
    expect(wallet(await verify(await wrapped(stranger), ask))).toMatchObject({ state: 'fails' });
    expect(wallet(await verify(signature))).toMatchObject({ state: 'unknown', chainId: anvil.chainId });
    expect(await getCode(anvil.client, { address: account })).toBeUndefined();
    // The same once it is there: whoever kept the claim verifies it for good.
    await waitForTransactionReceipt(anvil.client, {
      hash: await sendTransaction(anvil.client, {
        ...{ account: richAccount(9), chain: null, to: factory, data: bytecode, gas: 500_000n }
      })
    });
    expect(await getCode(anvil.client, { address: account })).toMatch(/^0x6004/);
    expect(wallet(await verify(signature, ask))).toMatchObject({ state: 'holds' });
  });
});

describe('an off-chain attestation', () => {
  it('has schemas that EAS knows by the same UIDs', async () => {
    const { registry } = await deployEas(anvil);
    for (const kind of ['run-manifest', 'attribution-receipt', 'contribution'] as const) {
      const { result } = await simulateContract(anvil.client, {
        ...{ address: registry, abi: registryAbi, functionName: 'register', account: owner },
        args: [easSchema(kind), `0x${'0'.repeat(40)}`, true]
      });
      expect(result).toBe(await easSchemaUid(kind));
    }
  });

  it('holds until its signer revokes it on the chain', async () => {
    const { eas } = await deployEas(anvil);
    const domain = { chainId: anvil.chainId, version: '1.4.0', address: eas };
    const prepared = await prepareOffchain(claim, domain, new Date('2026-11-24T12:00:00Z'));
    type Data = Parameters<typeof owner.signTypedData>[0];
    const value = await owner.signTypedData(prepared.typedData as Data);
    const file = await offchainFile(prepared, owner.address, value);
    const revocation = async () => {
      const report = await verifyFile(new Blob([JSON.stringify(file)]), 'x', {
        ...claimChecks,
        now,
        chain: ask
      });
      expect(report.checks.filter(({ state }) => state === 'fails').length).toBeLessThan(2);
      return report.checks.find(({ name }) => name === 'revocation on the chain');
    };
    expect(await revocation()).toMatchObject({ state: 'holds' });
    const revoke = async (account: typeof owner) => {
      const data = encodeFunctionData({ abi: easAbi, functionName: 'revokeOffchain', args: [file.sig.uid] });
      const hash = await sendTransaction(anvil.client, { account, chain: null, to: eas, data });
      await waitForTransactionReceipt(anvil.client, { hash });
    };
    await revoke(stranger);
    expect(await revocation()).toMatchObject({ state: 'holds' });
    await revoke(owner);
    expect(await revocation()).toMatchObject({
      state: 'fails',
      reason: expect.stringMatching(/revoked/) as string
    });
  });
});
