import { easOn, type EasDeployment } from '$lib/attribution/claims/eas-deployments';
import type { ChainFacts } from '$lib/chain/known';
import { TabtuneError } from '$lib/errors';
import type { WalletConnection } from '$lib/wallet/connection';
import { chainOf, factsOfChains } from '../wallet/chain-of';
import type { PageWallet } from '../wallet/page-wallet.svelte';

/** What was typed is not the address of the Ethereum Attestation Service on this chain. */
export class NotEasError extends TabtuneError {}

/** Where the wallet is, and where the Ethereum Attestation Service is there. */
export class EasPlace {
  /** Of the network where the wallet is; undefined until they are known. */
  facts = $state.raw<ChainFacts>();
  /** A contract that the person named, for chains that nobody published one for. */
  given = $state.raw<EasDeployment>();
  readonly #wallet: PageWallet<WalletConnection>;
  /** What is used: named by the person, else as it is published for the chain. */
  readonly contract = $derived.by(() => {
    const chainId = this.#wallet.account?.chainId;
    if (chainId === undefined) return undefined;
    return this.given?.chainId === chainId ? this.given : easOn(chainId);
  });

  constructor(wallet: PageWallet<WalletConnection>) {
    this.#wallet = wallet;
  }

  /** Whether the person named the contract: then others have to know of it. */
  get isGiven(): boolean {
    return this.contract !== undefined && this.contract === this.given;
  }

  /** Looks up what the network is called. Of several at once, the last counts. */
  async look(chainId: number | undefined): Promise<void> {
    if (this.facts?.id !== chainId) this.facts = undefined;
    if (chainId === undefined) return;
    const [facts] = await factsOfChains([chainId]);
    if (this.#wallet.account?.chainId === chainId) this.facts = facts;
  }

  /** Uses the contract at an address, once it has answered as EAS does. @throws NotEasError, SignerMovedError */
  async use(address: string): Promise<void> {
    this.given = await this.at(address);
  }

  /** Facts of the contract at an address of the wallet's chain. @throws NotEasError, SignerMovedError */
  async at(address: string): Promise<EasDeployment> {
    const [{ getAddress, isAddress, parseAbi }, { readContract }] = await Promise.all([
      import('viem'),
      import('viem/actions')
    ]);
    const chain = await chainOf(this.#wallet);
    const refuse = (why: string, cause?: unknown) =>
      new NotEasError(
        `${address.slice(0, 80) || 'An empty address'} is not the Ethereum Attestation Service on ${chain.name}: ${why}`,
        { details: { chainId: chain.id }, cause }
      );
    if (!isAddress(address, { strict: false })) {
      throw refuse(
        'an address is 0x and 40 hexadecimal digits. Copy it from where the contract was deployed.'
      );
    }
    const contract = {
      address: getAddress(address),
      abi: parseAbi([
        'function getSchemaRegistry() view returns (address)',
        'function version() view returns (string)'
      ])
    } as const;
    try {
      const [schemaRegistry, version] = await Promise.all([
        readContract(chain.client, { ...contract, functionName: 'getSchemaRegistry' }),
        readContract(chain.client, { ...contract, functionName: 'version' })
      ]);
      return { chainId: chain.id, version, address: contract.address, schemaRegistry };
    } catch (cause) {
      throw refuse('nothing there answers as it does. Look at the address and at the network.', cause);
    }
  }
}
