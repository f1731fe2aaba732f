/** Where the Ethereum Attestation Service is on a chain. */
export interface EasDeployment {
  readonly chainId: number;
  /** Of the contract, as its EIP-712 domain has it. */
  readonly version: string;
  /** Of EAS, checksummed (EIP-55). */
  readonly address: `0x${string}`;
  readonly schemaRegistry: `0x${string}`;
}

/** What people are told of a network without asking for anything: as viem publishes it, to the letter. */
export interface KnownNetwork {
  readonly name: string;
  /** Address of the block explorer, without a slash at the end. */
  readonly explorer?: string;
}

/**
 * The published deployments, as `@ethereum-attestation-service/eas-contracts` lists them, without those on chains that
 * were shut down. https://github.com/ethereum-attestation-service/eas-contracts#deployments
 */
const DEPLOYMENTS: readonly (EasDeployment & KnownNetwork)[] = [
  {
    chainId: 1,
    name: 'Ethereum',
    explorer: 'https://etherscan.io',
    version: '0.26',
    address: '0xA1207F3BBa224E2c9c3c6D5aF63D0eb1582Ce587',
    schemaRegistry: '0xA7b39296258348C78294F95B872b282326A97BDF'
  },
  {
    chainId: 10,
    name: 'OP Mainnet',
    explorer: 'https://optimistic.etherscan.io',
    version: '1.0.1',
    address: '0x4200000000000000000000000000000000000021',
    schemaRegistry: '0x4200000000000000000000000000000000000020'
  },
  {
    chainId: 40,
    name: 'Telos',
    explorer: 'https://www.teloscan.io',
    version: '1.4.0',
    address: '0x9898C3FF2fdCA9E734556fC4BCCd5b9239218155',
    schemaRegistry: '0x842511adC21B85C0B2fdB02AAcFA92fdf7Cda470'
  },
  {
    chainId: 130,
    name: 'Unichain',
    explorer: 'https://uniscan.xyz',
    version: '1.4.1-beta.1',
    address: '0x4200000000000000000000000000000000000021',
    schemaRegistry: '0x4200000000000000000000000000000000000020'
  },
  {
    chainId: 137,
    name: 'Polygon',
    explorer: 'https://polygonscan.com',
    version: '1.3.0',
    address: '0x5E634ef5355f45A855d02D66eCD687b1502AF790',
    schemaRegistry: '0x7876EEF51A891E737AF8ba5A5E0f0Fd29073D5a7'
  },
  {
    chainId: 324,
    name: 'ZKsync Era',
    explorer: 'https://explorer.zksync.io',
    version: '1.3.0',
    address: '0x21d8d4eE83b80bc0Cc0f2B7df3117Cf212d02901',
    schemaRegistry: '0xB8566376dFe68B76FA985D5448cc2FbD578412a2'
  },
  {
    chainId: 1868,
    name: 'Soneium Mainnet',
    explorer: 'https://soneium.blockscout.com',
    version: '1.4.1-beta.1',
    address: '0x4200000000000000000000000000000000000021',
    schemaRegistry: '0x4200000000000000000000000000000000000020'
  },
  {
    chainId: 8453,
    name: 'Base',
    explorer: 'https://basescan.org',
    version: '1.0.1',
    address: '0x4200000000000000000000000000000000000021',
    schemaRegistry: '0x4200000000000000000000000000000000000020'
  },
  {
    chainId: 42161,
    name: 'Arbitrum One',
    explorer: 'https://arbiscan.io',
    version: '0.26',
    address: '0xbD75f629A22Dc1ceD33dDA0b68c546A1c035c458',
    schemaRegistry: '0xA310da9c5B885E7fb3fbA9D66E9Ba6Df512b78eB'
  },
  {
    chainId: 42170,
    name: 'Arbitrum Nova',
    explorer: 'https://nova.arbiscan.io',
    version: '1.3.0',
    address: '0x6d3dC0Fe5351087E3Af3bDe8eB3F7350ed894fc3',
    schemaRegistry: '0x49563d0DA8DF38ef2eBF9C1167270334D72cE0AE'
  },
  {
    chainId: 42220,
    name: 'Celo',
    explorer: 'https://celoscan.io',
    version: '1.3.0',
    address: '0x72E1d8ccf5299fb36fEfD8CC4394B8ef7e98Af92',
    schemaRegistry: '0x5ece93bE4BDCF293Ed61FA78698B594F2135AF34'
  },
  {
    chainId: 57073,
    name: 'Ink',
    explorer: 'https://explorer.inkonchain.com',
    version: '1.4.1-beta.1',
    address: '0x4200000000000000000000000000000000000021',
    schemaRegistry: '0x4200000000000000000000000000000000000020'
  },
  {
    chainId: 59144,
    name: 'Linea Mainnet',
    explorer: 'https://lineascan.build',
    version: '1.2.0',
    address: '0xaEF4103A04090071165F78D45D83A0C0782c2B2a',
    schemaRegistry: '0x55D26f9ae0203EF95494AE4C170eD35f4Cf77797'
  },
  {
    chainId: 80002,
    name: 'Polygon Amoy',
    explorer: 'https://amoy.polygonscan.com',
    version: '1.3.0',
    address: '0xb101275a60d8bfb14529C421899aD7CA1Ae5B5Fc',
    schemaRegistry: '0x23c5701A1BDa89C61d181BD79E5203c730708AE7'
  },
  {
    chainId: 84532,
    name: 'Base Sepolia',
    explorer: 'https://sepolia.basescan.org',
    version: '1.2.0',
    address: '0x4200000000000000000000000000000000000021',
    schemaRegistry: '0x4200000000000000000000000000000000000020'
  },
  {
    chainId: 421614,
    name: 'Arbitrum Sepolia',
    explorer: 'https://sepolia.arbiscan.io',
    version: '1.3.0',
    address: '0x2521021fc8BF070473E1e1801D3c7B4aB701E1dE',
    schemaRegistry: '0x45CB6Fa0870a8Af06796Ac15915619a0f22cd475'
  },
  {
    chainId: 534351,
    name: 'Scroll Sepolia',
    explorer: 'https://sepolia.scrollscan.com',
    version: '1.3.0',
    address: '0xaEF4103A04090071165F78D45D83A0C0782c2B2a',
    schemaRegistry: '0x55D26f9ae0203EF95494AE4C170eD35f4Cf77797'
  },
  {
    chainId: 534352,
    name: 'Scroll',
    explorer: 'https://scrollscan.com',
    version: '1.3.0',
    address: '0xC47300428b6AD2c7D03BB76D05A176058b47E6B0',
    schemaRegistry: '0xD2CDF46556543316e7D34e8eDc4624e2bB95e3B6'
  },
  {
    chainId: 11155111,
    name: 'Sepolia',
    explorer: 'https://sepolia.etherscan.io',
    version: '0.26',
    address: '0xC2679fBD37d54388Ce493F1DB75320D236e1815e',
    schemaRegistry: '0x0a7E2Ff54e76B8E6659aedc9103FB21c038050D0'
  },
  {
    chainId: 11155420,
    name: 'OP Sepolia',
    explorer: 'https://optimism-sepolia.blockscout.com',
    version: '1.0.2',
    address: '0x4200000000000000000000000000000000000021',
    schemaRegistry: '0x4200000000000000000000000000000000000020'
  }
];

/** EAS on a chain, or undefined where nobody published one. */
export function easOn(chainId: number): EasDeployment | undefined {
  const found = DEPLOYMENTS.find((each) => each.chainId === chainId);
  if (!found) return undefined;
  const { version, address, schemaRegistry } = found;
  return { chainId, version, address, schemaRegistry };
}

/** What a chain is called; one without a published EAS by its id: `chain 31337`. */
export function networkOf(chainId: number): KnownNetwork {
  const found = DEPLOYMENTS.find((each) => each.chainId === chainId);
  return found ? { name: found.name, explorer: found.explorer } : { name: `chain ${chainId}` };
}

/** Ids of the chains on which EAS is. */
export function easChains(): number[] {
  return DEPLOYMENTS.map(({ chainId }) => chainId);
}
