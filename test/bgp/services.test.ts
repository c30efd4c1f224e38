import { describe, expect, it } from 'vitest';
import type { Self } from '../../src/bgp/node-bgp.ts';
import { kubernetesPrefix, resourceKey } from '../../src/core/keys.ts';
import { parseTypedCidr } from '../../src/datamodel/values.ts';
import { configuration } from '../support/cluster.ts';
import { build } from './build.ts';

const self = (labels: object = {}, more: object = {}) =>
  [
    resourceKey('Node', 'a'),
    JSON.stringify({
      metadata: { labels },
      spec: { bgp: { ipv4Address: '192.0.2.1', ipv6Address: '2001:db8::1', ...more } },
    }),
  ] as const;
const EXCLUDED = { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' };
const RANGES = {
  serviceClusterIPs: [{ cidr: '203.0.113.0/26' }, { cidr: '2001:db8:10::/112' }, {}],
  serviceExternalIPs: [{ cidr: '203.0.113.64/26' }, { cidr: '203.0.113.130/32' }],
  serviceLoadBalancerIPs: [{ cidr: '203.0.113.192/27' }, { cidr: '203.0.113.131/32' }],
};
const config = (more: object = {}) => configuration('default', { ...RANGES, ...more });
const ROUTES4 = ['203.0.113.0/26', '203.0.113.192/27', '203.0.113.64/26'];

const service = (spec: object, ingress: readonly object[] = []) =>
  [
    `${kubernetesPrefix('Service')}default/s`,
    JSON.stringify({ spec: { ipFamilies: ['IPv4'], ...spec }, status: { loadBalancer: { ingress } } }),
  ] as const;
const slice = (nodeName: string | null, ready: boolean | null = true, addressType = 'IPv4', namespace = 'default') =>
  [
    `${kubernetesPrefix('EndpointSlice')}${namespace}/s-1`,
    JSON.stringify({
      metadata: { labels: { 'kubernetes.io/service-name': 's' } },
      addressType,
      endpoints: [{ nodeName, conditions: { ready } }],
    }),
  ] as const;

/** The single addresses that node a tells of one service. */
function told(entries: Parameters<typeof build>[1], more: object = {}, options: Partial<Self> = {}) {
  const { v4, v6 } = build('a', [self(), config(more), ...entries], options);
  return [...v4.services.statics, ...v6.services.statics].filter((cidr) => /\/(32|128)$/.test(cidr));
}

const LOCAL = {
  type: 'ClusterIP',
  clusterIP: '203.0.113.1',
  clusterIPs: ['203.0.113.1'],
  externalTrafficPolicy: 'Local',
};
const CLUSTER = { ...LOCAL, type: 'LoadBalancer', externalTrafficPolicy: 'Cluster' };
const DISABLED = { serviceLoadBalancerAggregation: 'Disabled' };

describe('service ranges', () => {
  it('are told and kept out of the kernel, but for single external and load balancer addresses', () => {
    const { v4, v6 } = build('a', [self(), config()]);
    expect(v4.services).toEqual({
      statics: ROUTES4,
      rejects: ROUTES4,
      reflectedLoadBalancer: [],
      reflectedExternal: [],
    });
    expect(v6.services).toMatchObject({ statics: ['2001:db8:10::/112'], rejects: ['2001:db8:10::/112'] });
  });

  it('are only kept out of the kernel on an excluded node, by exactly "true"', () => {
    expect(build('a', [self(EXCLUDED), config()]).v4.services).toMatchObject({ statics: [], rejects: ROUTES4 });
    const almost = Object.fromEntries(Object.keys(EXCLUDED).map((name) => [name, 'True']));
    expect(build('a', [self(almost), config()]).v4.services.statics).toEqual(ROUTES4);
  });

  it('of load balancers are none without aggregation', () => {
    const { statics, rejects } = build('a', [self(), config(DISABLED)]).v4.services;
    expect([statics, rejects]).toEqual([ROUTES4.toSpliced(1, 1), ROUTES4.toSpliced(1, 1)]);
  });

  it('are passed on by a route reflector, as the release has it', () => {
    const reflector = self(EXCLUDED, { routeReflectorClusterID: '192.0.2.254' });
    const balanced = ['203.0.113.192/27', '203.0.113.131/32'];
    const at = (minor: number) => build('a', [reflector, config()], { release: { minor, patch: 0 } }).v4.services;
    expect(at(33)).toMatchObject({
      reflectedLoadBalancer: balanced,
      reflectedExternal: ['203.0.113.64/26', '203.0.113.130/32'],
    });
    expect(at(32)).toMatchObject({ reflectedLoadBalancer: balanced, reflectedExternal: [] });
  });

  it('of the cluster may come from the environment, before 3.33 only without a default configuration', () => {
    const clusterIps = parseTypedCidr('203.0.113.128/26');
    const at = (minor: number, ...entries: readonly (readonly [string, string])[]) =>
      build('a', [self(), ...entries], { clusterIps, release: { minor, patch: 0 } }).v4.services.statics;
    expect(at(33, config())).toEqual(['203.0.113.128/26', ...ROUTES4.slice(1)]);
    expect(at(32, config())).toEqual(ROUTES4.slice(1));
    expect(at(32)).toEqual(['203.0.113.128/26']);
  });
});

describe('a service is told by a node (spec 6.2)', () => {
  it('1 unless the node is excluded', () => {
    const entries = [config(), service(LOCAL), slice('a')];
    expect(build('a', [self(), ...entries]).v4.services.statics).toContain('203.0.113.1/32');
    expect(build('a', [self(EXCLUDED), ...entries]).v4.services.statics).toEqual([]);
  });

  it('2 if its type has addresses', () => {
    for (const type of ['ClusterIP', 'NodePort', 'LoadBalancer'])
      expect(told([service({ ...LOCAL, type }), slice('a')]), type).toEqual(['203.0.113.1/32']);
    expect(told([service({ ...LOCAL, type: 'ExternalName' }), slice('a')])).toEqual([]);
  });

  it('3 if it has a cluster IP', () => {
    for (const clusterIP of ['', 'None', null])
      expect(told([service({ ...LOCAL, clusterIP }), slice('a')])).toEqual([]);
  });

  it('and has that one, where the list of its cluster IPs is empty', () => {
    expect(told([service({ ...LOCAL, clusterIPs: [] }), slice('a')])).toEqual(['203.0.113.1/32']);
    expect(told([service({ ...LOCAL, clusterIPs: ['203.0.113.2'] }), slice('a')])).toEqual(['203.0.113.2/32']);
  });

  it('4 if an address of it is one that is advertised by itself', () => {
    const single = '203.0.113.131';
    expect(told([service({ ...CLUSTER, loadBalancerIP: single })])).toEqual(['203.0.113.1/32']);
    expect(told([service(CLUSTER, [{ ip: single }])])).toEqual(['203.0.113.1/32', `${single}/32`]);
    expect(told([service({ ...CLUSTER, type: 'NodePort', loadBalancerIP: single })])).toEqual([]);
    expect(told([service({ ...CLUSTER, type: 'NodePort', externalIPs: ['203.0.113.130'] })])).toEqual([
      '203.0.113.1/32',
      '203.0.113.130/32',
    ]);
    expect(told([service({ ...CLUSTER, externalIPs: ['203.0.113.70'] }), slice('a')])).toEqual([]);
    expect(told([service({ ...LOCAL, externalIPs: ['203.0.113.130'] })])).toEqual([]);
  });

  it('5 and 6 of policy Local if an endpoint is ready on it; of another without aggregation if one is anywhere', () => {
    expect(told([service(LOCAL), slice('b')])).toEqual([]);
    expect(told([service(LOCAL), slice('b')], {}, { kubernetesNode: 'b' })).toEqual(['203.0.113.1/32']);
    expect(told([service(LOCAL), slice('a', false)])).toEqual([]);
    expect(told([service(LOCAL), slice('a', null)])).toEqual(['203.0.113.1/32']);
    expect(told([service(LOCAL), slice('a', true, 'IPv6')])).toEqual([]);
    expect(told([service(LOCAL), slice('a', true, 'IPv4', 'other')])).toEqual([]);
    expect(told([service(CLUSTER), slice('b')])).toEqual([]);
    expect(told([service(CLUSTER), slice(null)], DISABLED)).toEqual(['203.0.113.1/32']);
    expect(told([service(CLUSTER), slice('b', false)], DISABLED)).toEqual([]);
  });

  it('7 and otherwise not', () => {
    expect(told([service(LOCAL)])).toEqual([]);
    expect(told([service(CLUSTER)], DISABLED)).toEqual([]);
  });

  it('by those of its addresses that lie in a range', () => {
    const spec = {
      ...LOCAL,
      clusterIPs: ['203.0.113.1', '2001:db8:10::1', 'None'],
      externalIPs: ['203.0.113.70', '192.0.2.9', 'x'],
    };
    const ingress = [{ ip: '203.0.113.200' }, { ip: '192.0.2.9' }, { hostname: 'lb.example' }];
    expect(told([service(spec, ingress), slice('a')])).toEqual([
      '203.0.113.1/32',
      '203.0.113.200/32',
      '203.0.113.70/32',
      '2001:db8:10::1/128',
    ]);
    expect(told([service(spec, ingress), slice('a')], { serviceClusterIPs: [] })).toEqual([
      '203.0.113.200/32',
      '203.0.113.70/32',
    ]);
  });
});
