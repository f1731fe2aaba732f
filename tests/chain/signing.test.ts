/** People whose wallet is a contract sign a claim as all others do; its chain is asked through that very wallet. */
import 'fake-indexeddb/auto';
import {
  getContractAddress,
  serializeErc6492Signature,
  zeroHash,
  type Address,
  type Hex,
  type LocalAccount
} from 'viem';
import { toAccount } from 'viem/accounts';
import { getCode } from 'viem/actions';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimChecks } from '../../src/lib/attribution/claims/checks';
import { askThroughWallet } from '../../src/lib/components/claims/wallet/ask-chain';
import { signShown } from '../../src/lib/components/datanet/sign/wallet-signature';
import { isForWallets } from '../../src/lib/datanets/trust/wallet-kinds';
import { verifyFile } from '../../src/lib/datanets/verify/verify';
import { WalletConnection } from '../../src/lib/wallet/connection';
import { madeRun } from '../../src/lib/workers/claims/testing-claims';
import { DatanetService } from '../../src/lib/workers/datanets/service';
import { Browser } from '../../src/lib/workers/datanets/testing-people';
import { richAccount, startAnvil, type Anvil } from '../support/anvil';
import { AnvilWallet } from '../support/anvil-wallet';
import { accountCode, deployCode, factoryCode } from '../support/contract-account';

const owner = richAccount(0);
const stranger = richAccount(1);
const id = 'org.example.smart-wallet';

let anvil: Anvil;
let wallet: AnvilWallet;
let data: DatanetService;
let adapter: string;

beforeAll(async () => {
  anvil = await startAnvil();
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await anvil?.stop();
});

beforeEach(async () => {
  wallet = new AnvilWallet(anvil);
  const page = new EventTarget();
  const info = { uuid: crypto.randomUUID(), name: 'Smart Wallet', icon: 'data:,', rdns: id };
  page.addEventListener('eip6963:requestProvider', () =>
    page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: { info, provider: wallet } }))
  );
  vi.stubGlobal('window', page);
  const ada = await Browser.of('Ada');
  ({ adapter } = await madeRun(ada));
  data = new DatanetService(Promise.resolve(ada.store), undefined);
});

/** A contract account, as its wallet shows it: it has an address of its own, and the key of its owner signs. */
function account(address: Address, signer = owner, given = (value: Hex) => value): LocalAccount {
  const never = () => Promise.reject(new Error('It signs typed data only.'));
  return toAccount({
    ...{ address, signMessage: never, signTransaction: never },
    signTypedData: async (shown) => given(await signer.signTypedData(shown as never))
  });
}

/** What the Sign dialog does with a run manifest. */
async function signManifest(of: LocalAccount, asks = true) {
  wallet.accounts = [of];
  const connection = await WalletConnection.open(id);
  const { prepared, statement } = await data.prepare({ kind: 'run-manifest', adapter }, () => undefined);
  if (!isForWallets(statement)) throw new Error('A wallet signs a run manifest.');
  const signature = await signShown(connection, statement, await connection.account());
  return asks ? data.sign(prepared, signature, askThroughWallet(connection)) : data.sign(prepared, signature);
}

/** The check of the wallet, by whoever is given the file. */
async function walletCheck(file: File, chain = true) {
  const { checks } = await verifyFile(file, 'x', {
    ...{ ...claimChecks, now: new Date() },
    ...(chain && { chain: (_, { method, params }) => anvil.rpc(method, params as unknown[]) })
  });
  return checks.find(({ name }) => name === 'wallet');
}

describe('a run manifest', () => {
  it('is signed by a contract account (ERC-1271), and only by its owner', async () => {
    const address = await deployCode(anvil, accountCode(owner.address));
    const { file } = await signManifest(account(address));
    expect(wallet.asked).toContain('eth_call');
    expect(wallet.asked.filter((method) => /^eth_send|Chain$/.test(method))).toEqual([]);
    expect(JSON.parse(await file.text())).toMatchObject({ wallet: { address, chainId: anvil.chainId } });
    expect(await walletCheck(file)).toMatchObject({ state: 'holds' });
    expect(await walletCheck(file, false)).toMatchObject({ state: 'unknown', chainId: anvil.chainId });

    await expect(signManifest(account(address, stranger))).rejects.toThrow(/does not accept the signature/);
  });

  it('is signed by an account that is not deployed yet (ERC-6492), which stays so', async () => {
    const factory = await deployCode(anvil, factoryCode);
    const bytecode = accountCode(owner.address);
    const address = getContractAddress({ opcode: 'CREATE2', from: factory, salt: zeroHash, bytecode });
    const wrapped = (signature: Hex) =>
      serializeErc6492Signature({ address: factory, data: bytecode, signature });
    const { file } = await signManifest(account(address, owner, wrapped));
    expect(await walletCheck(file)).toMatchObject({ state: 'holds' });
    expect(await getCode(anvil.client, { address })).toBeUndefined();

    await expect(signManifest(account(address, stranger, wrapped))).rejects.toThrow(/does not accept/);
    // Without the chain there is nothing to go by, and the person is told so.
    await expect(signManifest(account(address, owner, wrapped), false)).rejects.toThrow(
      /only its chain \(31337\) can check.*sign again, or sign without the wallet/
    );
  });
});
