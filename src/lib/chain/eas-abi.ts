import { parseAbi } from 'viem';
import { EAS_READING } from '../attribution/claims/eas-reading';

/** What is used of EAS: the same in all of its versions. https://github.com/ethereum-attestation-service/eas-contracts */
export const easAbi = parseAbi([
  ...EAS_READING,
  'struct AttestationRequestData { address recipient; uint64 expirationTime; bool revocable; bytes32 refUID; bytes data; uint256 value; }',
  'struct AttestationRequest { bytes32 schema; AttestationRequestData data; }',
  'struct RevocationRequestData { bytes32 uid; uint256 value; }',
  'struct RevocationRequest { bytes32 schema; RevocationRequestData data; }',
  'function attest(AttestationRequest request) payable returns (bytes32)',
  'function revoke(RevocationRequest request) payable',
  'function revokeOffchain(bytes32 data) returns (uint64)',
  'error AccessDenied()',
  'error AlreadyRevoked()',
  'error InvalidAttestation()',
  'error InvalidExpirationTime()',
  'error InvalidRevocation()',
  'error InvalidSchema()',
  'error Irrevocable()',
  'error NotFound()'
]);

export const registryAbi = parseAbi([
  'struct SchemaRecord { bytes32 uid; address resolver; bool revocable; string schema; }',
  'function register(string schema, address resolver, bool revocable) returns (bytes32)',
  'function getSchema(bytes32 uid) view returns (SchemaRecord)',
  'error AlreadyExists()'
]);
