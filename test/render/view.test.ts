import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BLOCK_HELPERS } from '../../src/render/compile-options.ts';
import { HELPERS } from '../../src/render/helpers.ts';
import { familyView, fileNames } from '../../src/render/view.ts';
import { build } from '../bgp/build.ts';
import { configuration, filter, peer, SMALL_CLUSTER } from '../support/cluster.ts';

const templates = fileURLToPath(new URL('../../templates', import.meta.url));
const readme = readFileSync(`${templates}/README.md`, 'utf8');
const SPEC = { ignoredInterfaces: ['eth*'], bindMode: 'NodeIP', listenPort: 1179 };
const RULE = {
  action: 'Accept',
  matchOperator: 'In',
  cidr: '198.51.100.0/24',
  prefixLength: {},
  interface: 'eth*',
  communities: { values: ['1:2'] },
  asPathPrefix: [1],
  priority: 1,
  operations: [{ addCommunity: { value: '1:2' } }, { prependASPath: { prefix: [1] } }, { setPriority: { value: 1 } }],
};
const { v4 } = build('node-a', [
  ...SMALL_CLUSTER,
  configuration('default', { ...SPEC, prefixAdvertisements: [{ cidr: '198.51.100.0/24', communities: ['1:2'] }] }),
  filter('f', { importV4: [RULE] }),
  peer('x', { peerIP: '203.0.113.1', asNumber: 1, filters: ['f'], reachableBy: '192.0.2.254' }),
]);

/** The names of all fields in a view, at any depth; items of a list stand for one another. */
function fieldsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...fieldsOf(member)]);
}

describe('the families’ view', () => {
  it('tells a listen address or port, or none', () => {
    const listen = (address: string | null, port: number | null) =>
      familyView({ ...v4, listenAddress: address, listenPort: port }, fileNames('single', 'bird'), '1').listen;
    expect(listen('192.0.2.1', 1179)).toEqual({ address: '192.0.2.1', port: 1179 });
    expect(listen(null, 1179)).toEqual({ address: null, port: 1179 });
    expect(listen('192.0.2.1', null)).toEqual({ address: '192.0.2.1', port: null });
    expect(listen(null, null)).toBeNull();
  });

  it('names the included files where there are any', () => {
    expect(familyView(v4, fileNames('single', 'bird'), '1').includes).toBeNull();
    const { includes } = familyView(v4, fileNames('calico', 'bird6'), '1');
    expect([includes?.aggr.value, includes?.ipam.value]).toEqual(['bird6_aggr.cfg', 'bird6_ipam.cfg']);
  });
});

describe('templates/README.md', () => {
  it('names every field of every view', () => {
    const fields = new Set(fieldsOf(familyView(v4, fileNames('calico', 'bird'), '1')));
    expect(fields.size).toBeGreaterThan(30);
    expect([...fields].filter((name) => !new RegExp(`\`(\\w+\\.)?${name}(\\.\\w+)?\``).test(readme))).toEqual([]);
  });

  it('names every helper and every template, and none that is not there', () => {
    const helpers = [...readme.matchAll(/^\| `(\w+)` \| [^|]+ \| `/gm)].map(([, name]) => name);
    expect(helpers.sort()).toEqual([...Object.keys(HELPERS), ...BLOCK_HELPERS].sort());
    const named = [...new Set([...readme.matchAll(/`([\w-]+\.hbs)`/g)].map(([, name]) => name))];
    expect(named.sort()).toEqual(readdirSync(`${templates}/bird1`).sort());
  });
});
