import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseStatements } from '../../src/bird/statements.ts';
import { resourceKey, secretFileKey } from '../../src/core/keys.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { readTemplates } from '../../src/host/read-templates.ts';
import { Environment } from '../../src/render/environment.ts';
import { renderFamily } from '../../src/render/render-family.ts';
import { buildBoth } from '../bgp/build.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { configuration, peer } from '../support/cluster.ts';
import { selfFor } from '../support/self.ts';
import { expectedSessions, type Session } from './expectation.ts';

const environment = new Environment(
  await readTemplates(fileURLToPath(new URL('../../templates', import.meta.url)), 'bird1'),
);

const maybe = <T>(...values: readonly T[]) => fc.constantFrom(undefined, ...values);
const as = [64512, 64513] as const;
const port = maybe(179, 1179);
const selector = maybe('all()', 'has(rack)', 'rack == "a"', 'rack == "b"', 'has(reflector)');
const secretKeyRef = fc.constantFrom({ name: 'there', key: 'k' }, { name: 'gone', key: 'k' });
const password = fc.option(fc.record({ secretKeyRef }), { nil: undefined });
const bit = fc.boolean();
const mostly = fc.constantFrom(true, true, true, false);

/** Node `n<i>` has addresses that end in 1, 10, 2 and 11: as text and as numbers they sort differently. */
const nodeOf = (index: number) =>
  fc
    .record({
      rack: maybe('a', 'b'),
      reflector: bit,
      has4: mostly,
      has6: mostly,
      as: maybe(...as),
      id: maybe(undefined, '1.1.1.1', '2.2.2.2'),
    })
    .map(({ rack, reflector, has4, has6, as: asNumber, id: routeReflectorClusterID }) => {
      const name = `n${index}`;
      const last = [1, 10, 2, 11][index]!;
      // The node whose files are rendered needs an IPv4 address for its router id.
      const ipv4Address = has4 || index === 1 ? `192.0.2.${last}/24` : undefined;
      const ipv6Address = has6 ? `2001:db8::${last}/64` : undefined;
      const labels = { ...(rack && { rack }), ...(reflector && { reflector: '' }) };
      const spec = { bgp: { ipv4Address, ipv6Address, asNumber, routeReflectorClusterID } };
      return [resourceKey('Node', name), JSON.stringify({ kind: 'Node', metadata: { name, labels }, spec })] as const;
    });

const peerIP = maybe(
  ...['192.0.2.1', '192.0.2.2', '192.0.2.10', '192.0.2.10:179', '192.0.2.11:1179', '203.0.113.1', '203.0.113.1:179'],
  ...['2001:db8::2', '2001:db8::10', '[2001:db8::1]:1179', '[2001:db8::11]:179'],
);
const peers = fc
  .record({
    name: fc.constantFrom('p', 'q', 'r', 's'),
    node: maybe('n0', 'n1', 'n2', 'nowhere'),
    nodeSelector: fc.oneof(fc.constant(undefined), selector),
    to: fc.oneof(
      fc.record({ peerIP, asNumber: fc.constantFrom(...as), localASNumber: maybe(...as, 64514) }),
      fc.record({ peerSelector: selector }),
      fc.constant({ localWorkloadSelector: 'all()' }),
    ),
    password,
    reversePeering: maybe('Auto', 'Manual'),
  })
  .map(({ name, to, ...rest }) => peer(name, { ...rest, ...to }));
const defaults = fc
  .record({
    nodeToNodeMeshEnabled: maybe(true, false),
    asNumber: maybe(64513),
    listenPort: port,
    nodeMeshPassword: password,
  })
  .map((spec) => configuration('default', spec));
const ports = fc
  .tuple(fc.constantFrom('node.n0', 'node.n1', 'node.n2'), port)
  .map(([name, listenPort]) => configuration(name, { listenPort }));

/** The node rendered is n1: there are neighbors before and after it. */
const clusters = fc
  .tuple(
    nodeOf(1),
    fc.subarray([0, 2, 3], { minLength: 1 }).chain((all) => fc.tuple(...all.map(nodeOf))),
    fc.array(peers, { maxLength: 4, size: 'max' }),
    fc.array(fc.oneof(defaults, ports), { maxLength: 3 }),
  )
  .map(([self, ...others]) => new Map([[secretFileKey('there', 'k'), 'secret'], self, ...others.flat()]));

/** The sessions that a configuration text states. */
function sessionsIn(text: string): readonly Session[] {
  const protocols = parseStatements(text).filter(({ words }) => words.startsWith('protocol bgp '));
  return protocols.map(({ words, body }) => {
    const stated = (pattern: RegExp) => body!.map((s) => pattern.exec(s.words)).find((match) => match !== null);
    const [, neighbor = '', remote] = stated(/^neighbor (.+) as (\d+)$/) ?? [];
    const local = stated(/^local as (\d+)$/)?.[1];
    return {
      name: words.split(' ')[2]!,
      neighbor,
      as: Number(remote),
      localAs: local === undefined ? null : Number(local),
      hasPassword: stated(/^password "secret"$/) !== undefined,
      isClient: stated(/^rr client$/) !== undefined,
      isPassive: stated(/^passive on$/) !== undefined,
    };
  });
}

it('any cluster gives the sessions that the rules ask for, worked out a second time', () => {
  const seen = { sessions: 0, clients: 0, passwords: 0, passive: 0, byNode: 0 };
  fc.assert(
    fc.property(clusters, (entries) => {
      const decoded = new ResourcesDecoder('n1', new Map()).decode(new TestStore('n1', entries).snapshot());
      const self = selfFor('n1', { passwords: { namespace: 'kube-system', allowMissing: true } });
      const { value } = buildBoth(decoded, self);
      for (const family of [4, 6] as const) {
        const { files } = renderFamily(environment, value![family], { layout: 'single', version: 'test' });
        const sessions = sessionsIn(files[0].text);
        expect(sessions).toEqual(expectedSessions(entries, 'n1', family));
        seen.sessions += sessions.length;
        seen.clients += sessions.filter((s) => s.isClient).length;
        seen.passwords += sessions.filter((s) => s.hasPassword).length;
        seen.passive += sessions.filter((s) => s.isPassive).length;
        seen.byNode += sessions.filter((s) => s.name.startsWith('Node_')).length;
      }
    }),
    { numRuns: 1000 },
  );
  // Otherwise the generator has become too tame to find anything.
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(20);
});
