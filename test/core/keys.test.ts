import { describe, expect, it } from 'vitest';
import {
  affinityCidr,
  affinityKey,
  affinityPrefix,
  PLURALS,
  prefixesFor,
  type ResourceKind,
  resourceKey,
  resourceName,
} from '../../src/core/keys.ts';

describe('resource keys', () => {
  it('are where Calico writes them, and give the name back', () => {
    expect(resourceKey('BGPPeer', 'a.b')).toBe('/calico/resources/v3/projectcalico.org/bgppeers/a.b');
    for (const kind of Object.keys(PLURALS) as ResourceKind[])
      expect(resourceName(kind, resourceKey(kind, 'node.worker-1'))).toBe('node.worker-1');
  });

  it('have no name where the path is empty or deeper', () => {
    expect(resourceName('Node', resourceKey('Node', ''))).toBeNull();
    expect(resourceName('Node', resourceKey('Node', 'a/b'))).toBeNull();
  });
});

describe('affinity keys', () => {
  it.each([
    ['198.51.100.0/26', '/calico/ipam/v2/host/worker-1/ipv4/block/198.51.100.0-26'],
    ['2001:db8::/122', '/calico/ipam/v2/host/worker-1/ipv6/block/2001:db8::-122'],
  ])('of %s is %s, and back', (cidr, key) => {
    expect(affinityKey('worker-1', cidr)).toBe(key);
    expect(affinityCidr('worker-1', key)).toEqual({ family: cidr.includes(':') ? 6 : 4, cidr });
  });

  it.each([
    'ipv4/block/',
    'ipv4/block/198.51.100.0',
    'ipv5/block/198.51.100.0-26',
    'ipv4/blocks/198.51.100.0-26',
    'ipv4/block/a/198.51.100.0-26',
    'ipv4/block/198.51.100.0-26/x',
    'ipv4/block/198.51.100.0-',
  ])('is not %s', (rest) => {
    expect(affinityCidr('worker-1', affinityPrefix('worker-1') + rest)).toBeNull();
  });
});

describe('prefixesFor', () => {
  it('ends every prefix in a slash, so that no other node and no other kind is under it', () => {
    const prefixes = prefixesFor('worker-1');
    expect(prefixes.every((prefix) => prefix.endsWith('/'))).toBe(true);
    expect(new Set(prefixes).size).toBe(prefixes.length);
    const under = (key: string) => prefixes.filter((prefix) => key.startsWith(prefix));
    expect(under(affinityKey('worker-1', '198.51.100.0/26'))).toEqual([affinityPrefix('worker-1')]);
    expect(under(affinityKey('worker-10', '198.51.100.0/26'))).toEqual([]);
    expect(under('/calico/ipam/v2/virtual/worker-1/ipv4/block/198.51.100.0-26')).toEqual([]);
    for (const kind of Object.keys(PLURALS) as ResourceKind[]) expect(under(resourceKey(kind, 'x'))).toHaveLength(1);
  });
});
