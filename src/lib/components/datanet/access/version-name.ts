import { shortId } from '$lib/components/datanet/person/short-id';
import type { VersionSummary } from '$lib/workers/datanets/protocol';

/** `Version 3`, or the beginning and end of its root where this browser does not have it. */
export function versionName(versions: readonly VersionSummary[], root: string): string {
  const version = versions.find((each) => each.root === root);
  return version ? `Version ${version.number}` : `Version ${shortId(root)}`;
}
