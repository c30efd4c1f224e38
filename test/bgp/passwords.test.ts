import { describe, expect, it } from 'vitest';
import type { PasswordOptions } from '../../src/bgp/passwords.ts';
import { kubernetesSecretKey, secretFileKey } from '../../src/core/keys.ts';
import { Secret } from '../../src/core/secret.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { configuration, node, peer } from '../support/cluster.ts';
import { selfFor } from '../support/self.ts';
import { build, buildBoth } from './build.ts';

const NODES = [node('a', '192.0.2.1'), node('b', '192.0.2.2')];
const password = { secretKeyRef: { name: 'bgp', key: 'rack' } };
const X = peer('x', { peerIP: '203.0.113.1', asNumber: 64496, password });
const MESH = configuration('default', { nodeMeshPassword: password });
const secret = (stringData: object, namespace = 'kube-system') =>
  [kubernetesSecretKey(namespace, 'bgp'), JSON.stringify({ stringData })] as const;
const file = (text: string) => [secretFileKey('bgp', 'rack'), text] as const;

type Live = Parameters<typeof build>[3];

function passwords(
  entries: Parameters<typeof build>[1],
  options: Partial<PasswordOptions> = {},
  live: Live = null,
  nodes = NODES,
) {
  const self = { passwords: { namespace: 'kube-system', allowMissing: false, ...options } };
  const { v4, diagnostics, kept } = build('a', [...nodes, ...entries], self, live);
  const found = Object.fromEntries(v4.peers.map((session) => [session.name, session.password?.reveal() ?? null]));
  return {
    found,
    told: diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${path.join('.')}`),
    diagnostics,
    kept,
    peers: v4.peers,
  };
}

describe('passwords', () => {
  it('are found in the Secret, or before it in a file, less its last newline', () => {
    const found = (...entries: readonly (readonly [string, string])[]) => passwords([X, ...entries]);
    expect(found(secret({ rack: 'from-secret' }))).toMatchObject({
      found: { Global_203_0_113_1: 'from-secret' },
      told: [],
    });
    expect(found(file('from-file\n'), secret({ rack: 'from-secret' })).found.Global_203_0_113_1).toBe('from-file');
    const data = [kubernetesSecretKey('kube-system', 'bgp'), JSON.stringify({ data: { rack: 'w6Q=' } })] as const;
    expect(found(data).found.Global_203_0_113_1).toBe('ä');
  });

  it('that are not there leave the session out, with an error', () => {
    for (const entries of [[X], [X, secret({ other: 'x' })], [X, secret({ rack: 'x' }, 'default')]])
      expect(passwords(entries)).toMatchObject({
        found: { Mesh_192_0_2_2: null },
        told: ['error password-missing spec.password'],
      });
  });

  it('that are not there may be allowed to be, with a warning', () => {
    expect(passwords([X], { allowMissing: true })).toMatchObject({
      found: { Global_203_0_113_1: null, Mesh_192_0_2_2: null },
      told: ['warning password-missing spec.password'],
    });
  });

  it.each(['"', 'a\nb', '\0', '\x7f'])(
    'that hold %j leave the session out, even where missing ones are allowed',
    (character) => {
      const result = passwords([X, secret({ rack: `geheim${character}` })], { allowMissing: true });
      expect(result).toMatchObject({
        found: { Mesh_192_0_2_2: null },
        told: ['error unquotable-password spec.password'],
      });
      expect(JSON.stringify(result.diagnostics)).not.toContain('geheim');
    },
  );

  it('of the mesh go for all its sessions', () => {
    expect(passwords([MESH, secret({ rack: 'm' })])).toMatchObject({ found: { Mesh_192_0_2_2: 'm' }, told: [] });
    expect(passwords([MESH, X, secret({ rack: '"' })]).found).toEqual({});
    expect(passwords([MESH])).toMatchObject({ found: {}, told: ['error password-missing spec.nodeMeshPassword'] });
  });

  it('are looked for in the namespace that is set', () => {
    const entries = [X, secret({ rack: 'x' }, 'calico-system')];
    expect(passwords(entries, { namespace: 'calico-system' }).found.Global_203_0_113_1).toBe('x');
  });
});

describe('passwords that are not there', () => {
  const live = (...sessions: readonly string[]): Live & object => ({
    password: (session) => (sessions.includes(session) ? new Secret(`live ${session}`) : null),
    filterFunction: () => null,
  });
  const Y = peer('y', { peerIP: '203.0.113.2', asNumber: 64496, password });

  it('are the live file’s for the sessions that it has, and only for these', () => {
    const { found, told, kept } = passwords([X, Y], {}, live('Global_203_0_113_1', 'Mesh_192_0_2_2'));
    expect(found).toEqual({ Global_203_0_113_1: 'live Global_203_0_113_1', Mesh_192_0_2_2: null });
    expect(told).toEqual(['warning password-kept spec.password', 'error password-missing spec.password']);
    expect(kept).toEqual(['Global_203_0_113_1']);
  });

  it('of the mesh are the live file’s session by session', () => {
    const nodes = [...NODES, node('c', '192.0.2.3'), node('d', '192.0.2.4')];
    const sessions = live('Mesh_192_0_2_4', 'Mesh_192_0_2_2');
    const { found, told, kept, diagnostics } = passwords([MESH], {}, sessions, nodes);
    expect(found).toEqual({ Mesh_192_0_2_2: 'live Mesh_192_0_2_2', Mesh_192_0_2_4: 'live Mesh_192_0_2_4' });
    expect(kept).toEqual(['Mesh_192_0_2_2', 'Mesh_192_0_2_4']);
    const path = 'spec.nodeMeshPassword';
    expect(told).toEqual([`warning password-kept ${path}`, `error password-missing ${path}`]);
    expect(diagnostics[0]?.message).toBe(
      'there is no key rack of Secret kube-system/bgp for the password: Mesh_192_0_2_2, Mesh_192_0_2_4 keep the one in the live file',
    );
    expect(JSON.stringify(diagnostics)).not.toContain('live Mesh');
  });

  it.each([3, 4, 6])('are told with the first three of %d sessions that keep theirs', (count) => {
    const addresses = Array.from({ length: count }, (_, i) => `192.0.2.${i + 2}`);
    const nodes = [...NODES.slice(0, 1), ...addresses.map((address, i) => node(`n${i}`, address))];
    const sessions = live(...addresses.map((address) => `Mesh_${address.replaceAll('.', '_')}`));
    const { diagnostics } = passwords([MESH], {}, sessions, nodes);
    const more = count > 3 ? ` and ${count - 3} more` : '';
    expect(diagnostics[0]?.message).toContain(`: Mesh_192_0_2_2, Mesh_192_0_2_3, Mesh_192_0_2_4${more} keep the one`);
  });

  it('are told with what becomes of the session', () => {
    const message = (allowMissing: boolean) => passwords([X], { allowMissing }).diagnostics[0]?.message;
    expect(message(false)).toMatch(/: no session, until it is there$/);
    expect(message(true)).toMatch(/: the session goes without$/);
  });

  it('are the live file’s rather than none, where none is allowed', () => {
    const { found, told } = passwords([X, Y], { allowMissing: true }, live('Global_203_0_113_1'));
    expect(found).toMatchObject({ Global_203_0_113_1: 'live Global_203_0_113_1', Global_203_0_113_2: null });
    expect(told).toEqual(['warning password-kept spec.password', 'warning password-missing spec.password']);
  });

  it('are the live file’s also where the Secret holds what BIRD cannot take', () => {
    const { found, told } = passwords([X, secret({ rack: '"' })], {}, live('Global_203_0_113_1'));
    expect(found.Global_203_0_113_1).toBe('live Global_203_0_113_1');
    expect(told).toEqual(['warning password-kept spec.password', 'error unquotable-password spec.password']);
  });

  it('give the same session as before, and the live file is not looked at while none is missing', () => {
    const untouched: Live = {
      password: () => expect.fail('asked for a password'),
      filterFunction: () => expect.fail('asked for a function'),
    };
    const entries = [X, Y, MESH];
    const nodes = [...NODES];
    const store = new TestStore('a', [...nodes, ...entries, secret({ rack: 'live Global_203_0_113_1' })]);
    const decoder = new ResourcesDecoder('a', new Map());
    const self = selfFor('a');
    const before = buildBoth(decoder.decode(store.snapshot()), self, untouched).value![4].peers;
    store.delete(secret({})[0]);
    const after = buildBoth(decoder.decode(store.snapshot()), self, live('Global_203_0_113_1', 'Mesh_192_0_2_2'));
    expect(after.value![4].peers.map(({ name }) => name)).toEqual(['Global_203_0_113_1', 'Mesh_192_0_2_2']);
    expect(after.value![4].peers[0]).toBe(before[0]);
    expect(after.value![4].peers[1]).not.toBe(before[2]);
  });
});
