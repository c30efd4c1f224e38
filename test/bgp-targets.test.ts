import { describe, expect, it } from 'vitest';
import { bgpTargets } from '../src/bgp-targets.ts';
import { kubernetesSecretKey } from '../src/core/keys.ts';
import { builtInTemplates, readTemplates } from '../src/host/read-templates.ts';
import type { Bundle } from '../src/render/bundle.ts';
import { TestStore } from './datamodel/snapshot.ts';
import { configuration, node, pool, SMALL_CLUSTER } from './support/cluster.ts';
import { selfFor } from './support/self.ts';

const templates = await readTemplates(builtInTemplates(), 'bird1');
const NOWHERE = { binary: '/nonexistent', socket: '/nonexistent' };
const SECRET = kubernetesSecretKey('kube-system', 'bgp');
const MESH = configuration('default', { nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } } });

function targets() {
  const self = selfFor('node-a');
  const options = { self, flavour: '1.6', layout: 'single', templates, version: 'test', lastGood: new Map() } as const;
  return bgpTargets(options, { output: '/nonexistent', bird: NOWHERE, bird6: NOWHERE });
}

const sessions = (bundle: Bundle | null) =>
  new Map(
    bundle?.files[0].blocks.flatMap((block) => {
      const name = /^protocol bgp (\S+)/m.exec(block.text)?.[1];
      return name === undefined ? [] : [[name, block] as const];
    }),
  );

describe('the targets of BGP mode', () => {
  it('keep a live password, name the session, and write the same block as long as it is the same', () => {
    const store = new TestStore('node-a', [
      ...SMALL_CLUSTER,
      node('node-a', '192.0.2.1/24', { ipv6Address: '2001:db8::1/64' }),
      node('node-b', '192.0.2.2/24', { ipv6Address: '2001:db8::2/64' }),
      MESH,
      [SECRET, JSON.stringify({ stringData: { mesh: 'geheim' } })],
    ]);
    const [bird, bird6] = targets();
    const first = bird.render(store.snapshot(), null);
    expect(first).toMatchObject({ kept: [], diagnostics: [] });
    const live = first.bundle!.files;
    store.delete(SECRET);
    const second = bird.render(store.snapshot(), live);
    expect(second.kept).toEqual(['Mesh_192_0_2_2', 'Mesh_192_0_2_3']);
    expect(second.bundle!.bytes).toBe(first.bundle!.bytes);
    for (const [name, block] of sessions(second.bundle)) expect(block, name).toBe(sessions(first.bundle).get(name));
    store.put(...pool('more', '203.0.113.0/24'));
    const third = bird.render(
      store.snapshot(),
      second.bundle!.files.map((file) => ({ ...file })),
    );
    expect(third.bundle!.bytes).not.toBe(first.bundle!.bytes);
    for (const [name, block] of sessions(third.bundle)) expect(block, name).toBe(sessions(first.bundle).get(name));
    const edited = live.map(({ name, text }) => ({ name, text: text.replace('"geheim"', '"anders"') }));
    const fourth = sessions(bird.render(store.snapshot(), edited).bundle);
    expect([...fourth.values()].map(({ text }) => /password (.*);/.exec(text)?.[1])).toEqual(['"anders"', '"geheim"']);
    expect(bird.render(store.snapshot(), null).kept).toEqual([]);
    expect(JSON.stringify([second.diagnostics, [...second.lastGood]])).not.toContain('geheim');
    // Each has files of its own: what one of them may keep is missing in the other.
    const other = bird6.render(store.snapshot(), null);
    expect(other).toMatchObject({ kept: [], diagnostics: [{ code: 'password-missing' }] });
    expect([...sessions(other.bundle).keys()]).toEqual([]);
  });

  it('hand out the same bundle as long as their own family says the same', () => {
    const store = new TestStore('node-a', [...SMALL_CLUSTER, node('node-a', '192.0.2.1/24')]);
    const [bird, bird6] = targets();
    const [four, six] = [bird, bird6].map((target) => target.render(store.snapshot(), null).bundle);
    store.put(...node('node-z', '192.0.2.9/24'));
    expect(bird6.render(store.snapshot(), null).bundle).toBe(six);
    expect(bird.render(store.snapshot(), null).bundle).not.toBe(four);
    store.put(...pool('six', '2001:db8:1::/48'));
    expect(bird6.render(store.snapshot(), null).bundle!.files[0].text).toContain('2001:db8:1::/48');
  });
});
