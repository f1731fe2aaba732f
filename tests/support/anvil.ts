/** A real chain on this machine, and the published contracts that tests put on it. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  createClient,
  encodeDeployData,
  getAddress,
  http,
  type Abi,
  type Address,
  type Client,
  type Hex
} from 'viem';
import { mnemonicToAccount, type HDAccount } from 'viem/accounts';
import { sendTransaction, waitForTransactionReceipt } from 'viem/actions';

const require = createRequire(import.meta.url);

/** The mnemonic that anvil funds accounts of, known to everybody. */
const mnemonic = 'test test test test test test test test test test test junk';

/** A key of its own with 10,000 coins on every chain that `startAnvil` starts. @param index 0 to 9 */
export const richAccount = (index: number): HDAccount => mnemonicToAccount(mnemonic, { addressIndex: index });

export interface Anvil {
  readonly url: string;
  readonly chainId: number;
  /** For viem's actions. */
  readonly client: Client;
  /** One call of its JSON-RPC interface, `anvil_…` and `evm_…` among them. */
  rpc<T = unknown>(method: string, params?: unknown[]): Promise<T>;
  stop(): Promise<void>;
}

/** Starts a chain on a free port. It ends with `stop`, and in any case with this process. */
export async function startAnvil({ chainId = 31337 } = {}): Promise<Anvil> {
  const keeper = fileURLToPath(new URL('anvil.keeper.mjs', import.meta.url));
  const args = [
    '--port',
    '0',
    '--chain-id',
    String(chainId),
    '--mnemonic',
    mnemonic,
    '--timestamp',
    '1795500000'
  ];
  const child = spawn(process.execPath, [keeper, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /^Listening on (\S+)$/.exec(line)?.[1];
      if (address) resolve(`http://${address}`);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code} before it listened.`)));
  });
  const client = createClient({ transport: http(url), pollingInterval: 20 });
  return {
    url,
    chainId,
    client,
    rpc: (method, params = []) => client.request({ method, params } as never) as never,
    async stop() {
      child.stdin.end();
      await ended;
    }
  };
}

/** A contract as its authors compiled it. @param artifact file in an npm package */
export async function deploy(anvil: Anvil, artifact: string, args: unknown[] = []): Promise<Address> {
  const { abi, bytecode } = require(artifact) as { abi: Abi; bytecode: string };
  const hash = await sendTransaction(anvil.client, {
    account: richAccount(9),
    chain: null,
    data: encodeDeployData({ abi, bytecode: `0x${bytecode.replace(/^0x/, '')}` as Hex, args })
  });
  const { contractAddress } = await waitForTransactionReceipt(anvil.client, { hash });
  return getAddress(contractAddress!);
}

const easArtifacts = '@ethereum-attestation-service/eas-contracts/artifacts/contracts';

/** EAS and its registry of schemas. */
export async function deployEas(anvil: Anvil): Promise<{ eas: Address; registry: Address }> {
  const registry = await deploy(anvil, `${easArtifacts}/SchemaRegistry.sol/SchemaRegistry.json`);
  return { registry, eas: await deploy(anvil, `${easArtifacts}/EAS.sol/EAS.json`, [registry]) };
}

/** An ERC-20 token with 18 decimals. @param supply in its smallest unit, all of it the owner's */
export function deployToken(anvil: Anvil, supply: bigint, owner: Address): Promise<Address> {
  const artifact = '@openzeppelin/contracts/build/contracts/ERC20PresetFixedSupply.json';
  return deploy(anvil, artifact, ['Test Token', 'TEST', supply, owner]);
}
