/** Where the Ethereum Attestation Service is on a chain. */
export interface EasDeployment {
  readonly chainId: number;
  /** Of the contract, as its EIP-712 domain has it. */
  readonly version: string;
  /** Of EAS, checksummed (EIP-55). */
  readonly address: `0x${string}`;
  readonly schemaRegistry: `0x${string}`;
}

/**
 * The published deployments, as `@ethereum-attestation-service/eas-contracts` lists them, without those on chains that
 * were shut down. https://github.com/ethereum-attestation-service/eas-contracts#deployments
 */
const DEPLOYMENTS: readonly (readonly [
  chainId: number,
  version: string,
  address: `0x${string}`,
  schemaRegistry: `0x${string}`
])[] = [
  [1, '0.26', '0xA1207F3BBa224E2c9c3c6D5aF63D0eb1582Ce587', '0xA7b39296258348C78294F95B872b282326A97BDF'],
  [10, '1.0.1', '0x4200000000000000000000000000000000000021', '0x4200000000000000000000000000000000000020'],
  [40, '1.4.0', '0x9898C3FF2fdCA9E734556fC4BCCd5b9239218155', '0x842511adC21B85C0B2fdB02AAcFA92fdf7Cda470'],
  [
    130,
    '1.4.1-beta.1',
    '0x4200000000000000000000000000000000000021',
    '0x4200000000000000000000000000000000000020'
  ],
  [137, '1.3.0', '0x5E634ef5355f45A855d02D66eCD687b1502AF790', '0x7876EEF51A891E737AF8ba5A5E0f0Fd29073D5a7'],
  [324, '1.3.0', '0x21d8d4eE83b80bc0Cc0f2B7df3117Cf212d02901', '0xB8566376dFe68B76FA985D5448cc2FbD578412a2'],
  [
    1868,
    '1.4.1-beta.1',
    '0x4200000000000000000000000000000000000021',
    '0x4200000000000000000000000000000000000020'
  ],
  [8453, '1.0.1', '0x4200000000000000000000000000000000000021', '0x4200000000000000000000000000000000000020'],
  [42161, '0.26', '0xbD75f629A22Dc1ceD33dDA0b68c546A1c035c458', '0xA310da9c5B885E7fb3fbA9D66E9Ba6Df512b78eB'],
  [
    42170,
    '1.3.0',
    '0x6d3dC0Fe5351087E3Af3bDe8eB3F7350ed894fc3',
    '0x49563d0DA8DF38ef2eBF9C1167270334D72cE0AE'
  ],
  [
    42220,
    '1.3.0',
    '0x72E1d8ccf5299fb36fEfD8CC4394B8ef7e98Af92',
    '0x5ece93bE4BDCF293Ed61FA78698B594F2135AF34'
  ],
  [
    57073,
    '1.4.1-beta.1',
    '0x4200000000000000000000000000000000000021',
    '0x4200000000000000000000000000000000000020'
  ],
  [
    59144,
    '1.2.0',
    '0xaEF4103A04090071165F78D45D83A0C0782c2B2a',
    '0x55D26f9ae0203EF95494AE4C170eD35f4Cf77797'
  ],
  [
    80002,
    '1.3.0',
    '0xb101275a60d8bfb14529C421899aD7CA1Ae5B5Fc',
    '0x23c5701A1BDa89C61d181BD79E5203c730708AE7'
  ],
  [
    84532,
    '1.2.0',
    '0x4200000000000000000000000000000000000021',
    '0x4200000000000000000000000000000000000020'
  ],
  [
    421614,
    '1.3.0',
    '0x2521021fc8BF070473E1e1801D3c7B4aB701E1dE',
    '0x45CB6Fa0870a8Af06796Ac15915619a0f22cd475'
  ],
  [
    534351,
    '1.3.0',
    '0xaEF4103A04090071165F78D45D83A0C0782c2B2a',
    '0x55D26f9ae0203EF95494AE4C170eD35f4Cf77797'
  ],
  [
    534352,
    '1.3.0',
    '0xC47300428b6AD2c7D03BB76D05A176058b47E6B0',
    '0xD2CDF46556543316e7D34e8eDc4624e2bB95e3B6'
  ],
  [
    11155111,
    '0.26',
    '0xC2679fBD37d54388Ce493F1DB75320D236e1815e',
    '0x0a7E2Ff54e76B8E6659aedc9103FB21c038050D0'
  ],
  [
    11155420,
    '1.0.2',
    '0x4200000000000000000000000000000000000021',
    '0x4200000000000000000000000000000000000020'
  ]
];

/** EAS on a chain, or undefined where nobody published one. */
export function easOn(chainId: number): EasDeployment | undefined {
  const found = DEPLOYMENTS.find(([id]) => id === chainId);
  if (!found) return undefined;
  const [, version, address, schemaRegistry] = found;
  return { chainId, version, address, schemaRegistry };
}

/** Ids of the chains on which EAS is. */
export function easChains(): number[] {
  return DEPLOYMENTS.map(([id]) => id);
}
