import { describe, expect, it } from 'vitest';
import { affinityPrefix, kubernetesPrefix, type ResourceKind, resourceKey } from '../../src/core/keys.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { block, configuration, node, peer, pool } from '../support/cluster.ts';
import { TestStore } from './snapshot.ts';

const NODE = 'worker-1';

/** The one resource of `entries`, typed, or null; and what is told about it. */
function decodeOne(entry: readonly [key: string, value: string]) {
  const { resources, diagnostics } = new ResourcesDecoder(NODE, new Map()).decode(
    new TestStore(NODE, [entry]).snapshot(),
  );
  const [value = null] = Object.values(resources).flatMap((map: ReadonlyMap<string, unknown>) => [...map.values()]);
  return { value, told: diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${path.join('.')}`) };
}

const raw = (kind: ResourceKind, name: string, value: unknown) =>
  [resourceKey(kind, name), JSON.stringify(value)] as const;

describe('resources', () => {
  it('are read from Nodes, with every field', () => {
    const more = { ipv6Address: '2001:db8::9/64', asNumber: '1.5', routeReflectorClusterID: '192.0.2.254' };
    expect(decodeOne(node('worker-9', '192.0.2.9/24', more))).toMatchObject({
      told: [],
      value: {
        key: resourceKey('Node', 'worker-9'),
        name: 'worker-9',
        ipv4Address: { text: '192.0.2.9', subnet: '192.0.2.9/24' },
        ipv6Address: { text: '2001:db8::9', subnet: '2001:db8::9/64' },
        asNumber: 65541,
        routeReflectorClusterID: { text: '192.0.2.254' },
      },
    });
  });

  it.each([
    {},
    { spec: null },
    { spec: {} },
    { spec: { bgp: null } },
    { spec: { bgp: { ipv4Address: '', ipv6Address: null } } },
  ])('are Nodes without BGP where there is %j', (value) => {
    const nothing = { ipv4Address: null, ipv6Address: null, asNumber: null, routeReflectorClusterID: null };
    const unlabelled = { labels: new Map(), podCidrs: [], wireguard: { 4: false, 6: false } };
    const { value: decoded, told } = decodeOne(raw('Node', 'a', value));
    expect(told).toEqual([]);
    expect(decoded).toEqual({ key: resourceKey('Node', 'a'), name: 'a', ...nothing, ...unlabelled });
  });

  it.each([
    [{}, { 4: false, 6: false }],
    [{ interfaceIPv4Address: '198.51.100.1' }, { 4: true, 6: false }],
    [{ interfaceIPv6Address: '2001:db8:9::1' }, { 4: false, 6: true }],
    [
      { interfaceIPv4Address: '198.51.100.1', interfaceIPv6Address: '2001:db8:9::1' },
      { 4: true, 6: true },
    ],
  ])('are Nodes that speak WireGuard in their families where there is %j', (wireguard, expected) => {
    expect(decodeOne(raw('Node', 'a', { spec: { wireguard } }))).toMatchObject({
      told: [],
      value: { wireguard: expected },
    });
  });

  it.each([{}, { spec: null }, { spec: {} }])('are BGPConfigurations that set nothing where there is %j', (value) => {
    expect(decodeOne(raw('BGPConfiguration', 'default', value))).toEqual({
      told: [],
      value: {
        key: resourceKey('BGPConfiguration', 'default'),
        name: 'default',
        approval: null,
        logSeverity: null,
        meshEnabled: true,
        asNumber: null,
        listenPort: null,
        bindMode: 'None',
        ignoredInterfaces: [],
        programClusterRoutes: null,
        prefixAdvertisements: null,
        meshPassword: null,
        meshRestartSeconds: null,
        serviceRanges: { cluster: [], external: [], loadBalancer: [] },
        loadBalancerAggregation: true,
        normalRoutePriority: { 4: null, 6: null },
      },
    });
  });

  it.each([
    ['Debug', 'debug', []],
    ['INFO', 'info', []],
    ['Trace', 'none', []],
    ['Fatal', 'none', []],
    ['Verbose', 'none', ['warning unknown-word spec.logSeverityScreen']],
  ])('take the log severity %s for %s', (word, logSeverity, told) => {
    expect(decodeOne(configuration('default', { logSeverityScreen: word }))).toMatchObject({
      value: { logSeverity },
      told,
    });
  });

  it.each([
    [{}, 'none'],
    [{ ipipMode: 'Never', vxlanMode: '' }, 'none'],
    [{ ipipMode: 'Always' }, 'ipip-always'],
    [{ ipipMode: 'CrossSubnet' }, 'ipip-cross-subnet'],
    [{ vxlanMode: 'CrossSubnet' }, 'vxlan'],
    [{ vxlanMode: 'Always', ipipMode: 'Always' }, 'vxlan'],
  ])('are IPPools whose modes %j mean %s', (modes, encapsulation) => {
    expect(decodeOne(pool('a', '198.51.100.7/24', modes))).toMatchObject({
      told: [],
      value: { encapsulation, cidr: { text: '198.51.100.0/24' }, disableBgpExport: false },
    });
  });

  it('are BGPPeers, with defaults for what they do not say', () => {
    expect(decodeOne(peer('a', { peerIP: '203.0.113.1:1179', asNumber: 64496 }))).toMatchObject({
      told: [],
      value: {
        node: null,
        peerAddress: { port: 1179 },
        asNumber: 64496,
        sourceAddress: 'UseNodeIP',
        reversePeering: 'Auto',
      },
    });
  });

  it('are BGPPeers with every field, times in whole seconds', () => {
    const spec = {
      node: 'worker-1',
      nodeSelector: 'all()',
      peerSelector: 'has(reflector)',
      localWorkloadSelector: 'all()',
      asNumber: 64496,
      localASNumber: '1.0',
      keepOriginalNextHop: true,
      nextHopMode: 'Keep',
      password: { secretKeyRef: { name: 'bgp', key: 'password', optional: false } },
      sourceAddress: 'None',
      maxRestartTime: '1m30s',
      keepaliveTime: '7s500ms',
      numAllowedLocalASNumbers: 2,
      ttlSecurity: 255,
      reachableBy: '192.0.2.254',
      filters: ['b', 'a'],
      reversePeering: 'Manual',
    };
    expect(decodeOne(peer('a', spec))).toMatchObject({
      told: [],
      value: {
        node: 'worker-1',
        nodeSelector: { text: 'all()' },
        peerSelector: { text: 'has(reflector)' },
        peerAddress: null,
        forLocalWorkloads: true,
        localAsNumber: 65536,
        keepOriginalNextHop: true,
        nextHopMode: 'Keep',
        password: { name: 'bgp', key: 'password' },
        maxRestartSeconds: 90,
        keepaliveSeconds: 8,
        allowedLocalAsNumbers: 2,
        ttlSecurity: 255,
        reachableBy: { text: '192.0.2.254' },
        filters: ['b', 'a'],
        reversePeering: 'Manual',
      },
    });
  });

  it('refuse a BGPConfiguration for a community without a name or a value', () => {
    expect(decodeOne(configuration('default', { asNumber: 64496, communities: [{}] }))).toEqual({
      value: null,
      told: ['error missing-value spec.communities.0.name', 'error missing-value spec.communities.0.value'],
    });
  });

  it.each([
    ['confirmed', 'confirmed', []],
    ['', 'confirmed', []],
    ['pending', 'pending', []],
    ['pendingDeletion', 'pendingDeletion', []],
    ['frozen', 'pendingDeletion', ['warning unknown-word state']],
  ])('are block affinities whose state %j means %s', (state, meant, told) => {
    expect(decodeOne(block(NODE, '198.51.100.0/26', state))).toMatchObject({ value: { state: meant }, told });
  });

  it('are block affinities by their keys: family, masked range; an empty value is old data', () => {
    const at = (path: string) => decodeOne([`${affinityPrefix(NODE)}${path}`, '']);
    expect(at('ipv4/block/198.51.100.7-26')).toMatchObject({
      value: { cidr: { text: '198.51.100.0/26' }, state: 'confirmed' },
    });
    expect(at('ipv6/block/2001:DB8::-122')).toMatchObject({ value: { cidr: { text: '2001:db8::/122', family: 6 } } });
    for (const path of ['ipv6/block/198.51.100.0-26', 'ipv4/block/2001:db8::-122', 'ipv4/block/198.51.100.0-33', 'x'])
      expect(at(path)).toEqual({ value: null, told: ['error invalid-key '] });
  });

  it.each(['x', 'a/b/c', '/b', 'a/', ''])('are no Kubernetes objects under %j', (rest) => {
    const key = kubernetesPrefix('Service') + rest;
    expect(decodeOne([key, '{"spec":{}}'])).toEqual({ value: null, told: ['error invalid-key '] });
  });

  it('are named by their keys, whatever their metadata say', () => {
    const entry = raw('Node', 'by-key', { metadata: { name: 'by-metadata' }, kind: 2, apiVersion: [] });
    expect(decodeOne(entry)).toMatchObject({ value: { name: 'by-key' }, told: [] });
  });

  it('have no effect under a BGPConfiguration name that nobody reads, with a warning', () => {
    expect(decodeOne(configuration('Default', {})).told).toEqual(['warning unused-name ']);
    expect(decodeOne(configuration('node.x', {})).told).toEqual([]);
  });
});

describe('ResourcesDecoder', () => {
  it('decodes a snapshot once, and only what changed of the next one', () => {
    const store = new TestStore(NODE, [node('a', '192.0.2.1'), node('b', '192.0.2.2'), pool('p', '198.51.100.0/24')]);
    const decoder = new ResourcesDecoder(NODE, new Map());
    const first = decoder.decode(store.snapshot());
    expect(decoder.decode(store.snapshot())).toBe(first);
    store.put(...node('b', '192.0.2.3'));
    const second = decoder.decode(store.snapshot());
    expect(second.resources.ipPools).toBe(first.resources.ipPools);
    const [a, b] = ['a', 'b'].map((name) => resourceKey('Node', name)) as [string, string];
    expect(second.resources.nodes.get(a)).toBe(first.resources.nodes.get(a));
    expect(second.resources.nodes.get(b)).not.toBe(first.resources.nodes.get(b));
  });

  it('keeps the last valid values of all kinds, and hands them over for the next start', () => {
    const good = [
      node(NODE, '192.0.2.1'),
      pool('p', '198.51.100.0/24'),
      peer('x', { peerIP: '203.0.113.1', asNumber: 1 }),
      configuration('default', { listenPort: 1179 }),
      block(NODE, '198.51.100.0/26'),
    ];
    const store = new TestStore(NODE, good);
    const decoder = new ResourcesDecoder(NODE, new Map());
    const before = decoder.decode(store.snapshot());
    for (const [key] of good) store.put(key, 'broken');
    const after = decoder.decode(store.snapshot());
    expect(after.resources).toEqual(before.resources);
    expect(new Map(after.lastGood)).toEqual(new Map(good));
    expect(after.diagnostics.map(({ code }) => code)).toEqual(Array(good.length).fill('invalid-json'));
    expect(new ResourcesDecoder(NODE, after.lastGood).decode(store.snapshot()).resources).toEqual(before.resources);
  });
});
