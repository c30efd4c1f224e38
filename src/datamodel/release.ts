import { envelope } from './envelope.ts';
import { type FieldType, optional, record, text, unlessEmpty } from './field.ts';

/** A Calico release as far as it changes rules: `minor` of 3.minor.patch. */
export interface Release {
  readonly minor: number;
  readonly patch: number;
}

/** The newest form of the rules that is known here, and the one for data that name no release. */
export const NEWEST: Release = { minor: 33, patch: 0 };

/** The oldest release whose rules were measured (spec calico-releases). */
const OLDEST_MINOR = 26;

/** How one release's rules differ in meaning from another's (spec calico-releases, the rows marked R). */
export interface ReleaseRules {
  /** Route priorities travel as local preference, and elevated ones escape aggregation (from 3.32). */
  readonly routePriorities: boolean;
  /** Who programs pools into the kernel: BIRD always; all unless Disabled (3.32); by the four words (from 3.33). */
  readonly programming: 'always' | 'unless-disabled' | 'by-word';
  /** The AS of a mesh peer that has none: the cluster's, or this node's (from 3.32). */
  readonly meshAsNumber: 'cluster' | 'own';
  /** Mesh peers count as internal whatever their AS (up to 3.31). */
  readonly meshAlwaysInternal: boolean;
  /** Routes over the IPIP tunnel are kept from internal peers, unless BIRD programs them (from 3.33). */
  readonly hidesTunnelRoutes: boolean;
  /** Routes to nodes behind WireGuard are kept out of the kernel (from 3.33). */
  readonly wireguardRejects: boolean;
  /** A route reflector passes serviceExternalIPs on, as it does load balancer ranges (from 3.33). */
  readonly reflectsExternalRanges: boolean;
  /** CALICO_ADVERTISE_CLUSTER_IPS counts although there is a BGPConfiguration `default` (from 3.33). */
  readonly clusterIpsAlways: boolean;
}

const rules = new Map<number, ReleaseRules>();

/** The one table of releases: what holds from which minor on. The same minor gives the same object. */
export function rulesOf({ minor }: Release): ReleaseRules {
  const known = rules.get(minor);
  if (known) return known;
  const made: ReleaseRules = {
    routePriorities: minor >= 32,
    programming: minor >= 33 ? 'by-word' : minor === 32 ? 'unless-disabled' : 'always',
    meshAsNumber: minor >= 32 ? 'own' : 'cluster',
    meshAlwaysInternal: minor <= 31,
    hidesTunnelRoutes: minor >= 33,
    wireguardRejects: minor >= 33,
    reflectsExternalRanges: minor >= 33,
    clusterIpsAlways: minor >= 33,
  };
  rules.set(minor, made);
  return made;
}

/**
 * The release of a version text as calico/node writes it: `v3.31.7`; `v3.34.0-0.dev-67-g…` opens the cycle of 3.34 and renders as
 * the release before, but 3.33's as 3.33 (spec calico-releases, 7). Newer than known: the newest. Null for what names none.
 */
export function parseRelease(version: string): Release | null {
  const [, major, minor, patch, rest = ''] = /^v?(\d+)\.(\d+)(?:\.(\d+))?(-.*)?$/.exec(version) ?? [];
  if (major !== '3' || minor === undefined) return null;
  const isOpening = rest.startsWith('-0.dev') && Number(minor) > NEWEST.minor;
  const number = isOpening ? Number(minor) - 1 : Number(minor);
  if (number > NEWEST.minor) return NEWEST;
  return number < OLDEST_MINOR ? null : { minor: number, patch: isOpening ? 0 : Number(patch ?? 0) };
}

const version = text('a version', (value) => value);

export const clusterInformationFields = envelope(
  optional(record({ calicoVersion: unlessEmpty(version) }, ['*']), { calicoVersion: null }),
);

export interface ClusterInformation {
  readonly key: string;
  readonly release: Release | null;
  readonly version: string | null;
}

export const toClusterInformation = (
  key: string,
  _name: string,
  { spec: { calicoVersion } }: FieldType<typeof clusterInformationFields>,
): ClusterInformation => ({
  key,
  version: calicoVersion,
  release: calicoVersion === null ? null : parseRelease(calicoVersion),
});
