import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import type { WalletStatement } from '../../attribution/claims/typed-data';
import { claimOf, WalletSignatureError } from '../../attribution/claims/wallet-signature';
import { canonicalJson } from '../../datanets/canonical';
import { readSigned } from '../../datanets/trust/sign';
import type { Statement, WalletSignature } from '../../datanets/trust/statements';
import { Browser } from './testing-people';

const wallet = privateKeyToAccount(generatePrivateKey());
const licence = { spdx: 'CC-BY-4.0' };

let ada: Browser;
let bo: Browser;
let pelhaven: string;

beforeEach(async () => {
  ada = await Browser.of('Ada');
  bo = await Browser.of('Bo');
  pelhaven = await ada.create();
});

async function signedByWallet(statement: Statement): Promise<WalletSignature> {
  const claim = claimOf(statement as WalletStatement, 1);
  const value = await wallet.signTypedData(claim as Parameters<typeof wallet.signTypedData>[0]);
  return { standard: 'EIP-712', address: wallet.address, chainId: 1, value };
}

describe('a wallet', () => {
  it('signs a contribution beside the person, and both are checked when it is opened', async () => {
    const id = await bo.take(await ada.sign({ kind: 'invitation', id: pelhaven }));
    await bo.write(id, 'One row');
    const { prepared, statement } = await bo.exchange.prepare(
      { kind: 'contribution', id, source: '', licence },
      () => undefined
    );
    const signature = await signedByWallet(statement);
    await expect(bo.exchange.sign(prepared, { ...signature, chainId: 5 })).rejects.toThrow(
      WalletSignatureError
    );
    const file = await bo.exchange.sign(prepared, signature);
    await ada.take(file);
    const { signed } = await ada.store.statements.get(file.cid);
    expect(signed.wallet?.address).toBe(wallet.address);
  });

  it('is said to be somebody’s only with its own signature', async () => {
    const { prepared, statement } = await bo.exchange.prepare(
      { kind: 'wallet-link', address: wallet.address },
      () => undefined
    );
    await expect(bo.exchange.sign(prepared)).rejects.toThrow('own signature');
    const file = await bo.exchange.sign(prepared, await signedByWallet(statement));
    const received = await ada.open(file.fragment!);
    expect(received).toMatchObject({ kind: 'wallet-link', by: bo.person });
    await ada.exchange.keep(received.received);
    expect((await ada.store.statements.find(file.cid))?.signed.statement).toMatchObject({
      address: wallet.address
    });

    const { wallet: _, ...without } = await readSigned(await file.file.text());
    const cut = new File([canonicalJson(without)], 'x.tabtune.json');
    await expect(ada.open(cut)).rejects.toThrow('does not have that wallet');
  });

  it('signs nothing else', async () => {
    const { prepared, statement } = await ada.exchange.prepare(
      { kind: 'invitation', id: pelhaven },
      () => undefined
    );
    const signature = await signedByWallet({
      ...statement,
      kind: 'wallet-link',
      address: wallet.address
    } as Statement);
    await expect(ada.exchange.sign(prepared, signature)).rejects.toThrow('A wallet does not sign');
    const file = await ada.exchange.sign(prepared);
    const signed = await readSigned(await file.file.text());
    const more = new File([canonicalJson({ ...signed, wallet: signature })], 'x.tabtune.json');
    await expect(bo.open(more)).rejects.toThrow('a wallet does not sign');
  });
});
