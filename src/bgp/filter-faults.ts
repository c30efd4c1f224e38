import type { Diagnostic } from '../core/diagnostic.ts';
import type { Family } from '../core/ip-address.ts';
import { resourceKey } from '../core/keys.ts';
import { byBytes } from '../core/order.ts';
import type { BgpPeer } from '../datamodel/bgp-peer.ts';
import type { FamilyFilter, Filters } from './filters.ts';

/** What becomes of a filter that never was valid. */
function effectOf(filter: FamilyFilter, family: Family): string {
  if (filter.state === 'closed') return `it rejects every IPv${family} route`;
  const symbols = [filter.import, filter.export].flatMap((found) => (found ? [found.symbol] : []));
  return `${symbols.join(' and ')} ${symbols.length === 1 ? 'stays as it is' : 'stay as they are'} in the live file`;
}

/**
 * What is wrong with the filters that `peers` name, for their sessions in one family: one that does not exist has no effect; one that
 * never was valid rejects everything, or stays as the live file has it.
 */
export function filterFaults(peers: Iterable<BgpPeer>, filters: Filters, family: Family): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const affected = new Map<FamilyFilter, Set<string>>();
  for (const { key, name, filters: named } of new Set(peers)) {
    for (const [i, word] of named.entries()) {
      const filter = filters.get(resourceKey('BGPFilter', word));
      if (filter && filter.state !== 'valid') affected.set(filter, (affected.get(filter) ?? new Set()).add(name));
      if (filter) continue;
      const message = `there is no BGPFilter "${word}": the peer does without`;
      diagnostics.push({ severity: 'warning', code: 'unknown-filter', key, path: ['spec', 'filters', i], message });
    }
  }
  for (const [filter, names] of affected) {
    const { key } = filter;
    const all = [...names].sort(byBytes).join(', ');
    const message = `this filter never was valid, so ${effectOf(filter, family)}, to and from the peers that name it: BGPPeer ${all}`;
    diagnostics.push({ severity: 'error', code: 'filter-invalid', key, path: [], message });
  }
  return diagnostics;
}
