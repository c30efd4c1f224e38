import type { Diagnostic } from '../core/diagnostic.ts';
import type { BgpFilter, FilterRule } from '../datamodel/bgp-filter.ts';
import type { BgpPeer } from '../datamodel/bgp-peer.ts';
import type { Release } from '../datamodel/release.ts';
import type { Resources } from '../datamodel/resources.ts';

/** The first release that reads a field, as minor and patch of 3.minor.patch (spec calico-releases, 4 and 5). */
type Since = readonly [minor: number, patch: number];

const PEER_FIELDS: readonly (readonly [field: string, since: Since, isSet: (peer: BgpPeer) => boolean])[] = [
  ['localWorkloadSelector', [30, 0], (peer) => peer.forLocalWorkloads],
  ['nextHopMode', [30, 2], (peer) => peer.nextHopMode !== null],
  ['reversePeering', [30, 3], (peer) => peer.reversePeering === 'Manual'],
  ['localASNumber', [31, 0], (peer) => peer.localAsNumber !== null],
  ['keepaliveTime', [32, 0], (peer) => peer.keepaliveSeconds !== null],
];

const has = (kind: FilterRule['conditions'][number]['kind']) => (rule: FilterRule) =>
  rule.conditions.some((condition) => condition.kind === kind);

const RULE_FIELDS: readonly (readonly [field: string, since: Since, isSet: (rule: FilterRule) => boolean])[] = [
  ['source', [27, 0], has('remote-peers')],
  ['interface', [27, 0], has('interface')],
  ['prefixLength', [29, 0], (rule) => rule.conditions.some((c) => c.kind === 'net' && c.lengths !== null)],
  ['peerType', [32, 0], (rule) => rule.peerType !== null],
  ['communities', [32, 0], has('community')],
  ['asPathPrefix', [32, 0], has('as-path')],
  ['priority', [32, 0], has('priority')],
  ['operations', [32, 0], (rule) => rule.operations.length > 0],
];

const isNewer = ([minor, patch]: Since, release: Release): boolean =>
  minor > release.minor || (minor === release.minor && patch > release.patch);

function warn(key: string, path: readonly (string | number)[], [minor, patch]: Since, release: Release): Diagnostic {
  const own = `Calico 3.${release.minor}.${release.patch}`;
  const message = `${own} itself ignores this field, which came with 3.${minor}.${patch}; it is honoured here`;
  return { severity: 'warning', code: 'newer-field', key, path, message };
}

const ofFilter = ({ key, rules }: BgpFilter, release: Release): readonly Diagnostic[] =>
  Object.entries(rules).flatMap(([direction, list]) =>
    list.flatMap((rule, i) =>
      RULE_FIELDS.filter(([, since, isSet]) => isNewer(since, release) && isSet(rule)).map(([field, since]) =>
        warn(key, ['spec', direction, i, field], since, release),
      ),
    ),
  );

/**
 * Fields that the release's own confd does not know. They are honoured all the same - a rule without its condition would let
 * everything through - but whoever goes back to that confd should know.
 */
export function newerFields({ bgpPeers, bgpFilters }: Resources, release: Release): readonly Diagnostic[] {
  const ofPeers = [...bgpPeers.values()].flatMap((peer) =>
    PEER_FIELDS.filter(([, since, isSet]) => isNewer(since, release) && isSet(peer)).map(([field, since]) =>
      warn(peer.key, ['spec', field], since, release),
    ),
  );
  return [...ofPeers, ...[...bgpFilters.values()].flatMap((filter) => ofFilter(filter, release))];
}
