/**
 * What licences ask, as far as it decides whether rows under one may go into a Datanet under another. From the texts
 * themselves: Creative Commons deeds and legal codes (https://creativecommons.org/licenses/), its compatible licences
 * (https://creativecommons.org/share-your-work/licensing-considerations/compatible-licenses/), the GNU list
 * (https://www.gnu.org/licenses/license-list.html), Open Data Commons (https://opendatacommons.org/licenses/), the
 * Community Data License Agreements (https://cdla.dev). A reading aid and no advice.
 */
export interface LicenceTerms {
  /** Not for commercial use. */
  nonCommercial: boolean;
  /** May be passed on, but not changed: masked, cut, translated, mixed. */
  noDerivatives: boolean;
  /** What is made of it keeps this licence, or one of `into`. */
  shareAlike: boolean;
  /** Authors must be named. */
  attribution: boolean;
  /** Licences that share-alike material may go under, besides its own; prefixes of SPDX identifiers. */
  into: readonly string[];
}

const OPEN: LicenceTerms = {
  nonCommercial: false,
  noDerivatives: false,
  shareAlike: false,
  attribution: false,
  into: []
};

const NAMED = { ...OPEN, attribution: true };

/** By the beginning of the SPDX identifier: the first that fits. */
const TERMS: readonly (readonly [prefix: string, terms: LicenceTerms])[] = [
  ['CC0-', OPEN],
  ['PDDL-', OPEN],
  ['Unlicense', OPEN],
  ['0BSD', OPEN],
  ['CC-PDDC', OPEN],
  ['CC-PDM-', OPEN],
  ['MIT-0', OPEN],
  ['WTFPL', OPEN],
  ['CDLA-Permissive-', NAMED],
  // A share-alike for data: section 3 of CDLA-Sharing-1.0.
  ['CDLA-Sharing-', { ...NAMED, shareAlike: true }],
  ['CC-BY-NC-ND-', { ...NAMED, nonCommercial: true, noDerivatives: true }],
  ['CC-BY-NC-SA-', { ...NAMED, nonCommercial: true, shareAlike: true }],
  ['CC-BY-NC-', { ...NAMED, nonCommercial: true }],
  ['CC-BY-ND-', { ...NAMED, noDerivatives: true }],
  // One way, since 2015: BY-SA 4.0 material may be adapted into GPLv3.
  ['CC-BY-SA-4.0', { ...NAMED, shareAlike: true, into: ['GPL-3.0', 'FAL-1.3'] }],
  // Section 4(b) of 2.0 to 3.0: later versions of the same licence.
  ['CC-BY-SA-', { ...NAMED, shareAlike: true, into: ['CC-BY-SA-'] }],
  ['CC-BY-', NAMED],
  ['ODC-By-', NAMED],
  // Section 4.4 of ODbL: the same licence, a later version, or one that its makers name.
  ['ODbL-', { ...NAMED, shareAlike: true, into: ['ODbL-'] }],
  ['AGPL-', { ...NAMED, shareAlike: true, into: ['AGPL-'] }],
  // Section 13 of GPLv3: may be combined with AGPLv3.
  ['GPL-3.0', { ...NAMED, shareAlike: true, into: ['GPL-3.0', 'AGPL-3.0'] }],
  ['GPL-2.0-or-later', { ...NAMED, shareAlike: true, into: ['GPL-2.0', 'GPL-3.0', 'AGPL-3.0'] }],
  ['GPL-', { ...NAMED, shareAlike: true, into: ['GPL-2.0'] }],
  ['LGPL-3.0', { ...NAMED, shareAlike: true, into: ['LGPL-3.0', 'GPL-3.0', 'AGPL-3.0'] }],
  ['LGPL-', { ...NAMED, shareAlike: true, into: ['LGPL-', 'GPL-'] }],
  // Section 1.3 of GFDL 1.3 let wikis move to CC BY-SA until 2009; not since.
  ['GFDL-', { ...NAMED, shareAlike: true, into: ['GFDL-'] }],
  ['MPL-2.0', { ...NAMED, shareAlike: true, into: ['MPL-2.0', 'GPL-', 'LGPL-', 'AGPL-'] }],
  [
    'EUPL-',
    { ...NAMED, shareAlike: true, into: ['EUPL-', 'GPL-', 'AGPL-', 'LGPL-', 'MPL-2.0', 'CC-BY-SA-'] }
  ],
  ['FAL-', { ...NAMED, shareAlike: true, into: ['CC-BY-SA-4.0'] }],
  ['Apache-2.0', NAMED],
  ['MIT', NAMED],
  ['BSD-', NAMED],
  ['ISC', NAMED],
  ['OGL-UK-', NAMED],
  ['etalab-', NAMED],
  ['DL-DE-ZERO-', OPEN],
  ['DL-DE-BY-', NAMED]
];

/** What a licence of the SPDX list asks; undefined where this table does not know it. */
export function termsOf(id: string): LicenceTerms | undefined {
  return TERMS.find(([prefix]) => id.toLowerCase().startsWith(prefix.toLowerCase()))?.[1];
}
