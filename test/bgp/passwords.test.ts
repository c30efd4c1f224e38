import { describe, expect, it } from 'vitest';
import type { PasswordOptions } from '../../src/bgp/passwords.ts';
import { kubernetesSecretKey, secretFileKey } from '../../src/core/keys.ts';
import { configuration, node, peer } from '../support/cluster.ts';
import { build } from './build.ts';

const NODES = [node('a', '192.0.2.1'), node('b', '192.0.2.2')];
const password = { secretKeyRef: { name: 'bgp', key: 'rack' } };
const X = peer('x', { peerIP: '203.0.113.1', asNumber: 64496, password });
const MESH = configuration('default', { nodeMeshPassword: password });
const secret = (stringData: object, namespace = 'kube-system') =>
  [kubernetesSecretKey(namespace, 'bgp'), JSON.stringify({ stringData })] as const;
const file = (text: string) => [secretFileKey('bgp', 'rack'), text] as const;

function passwords(entries: Parameters<typeof build>[1], options: Partial<PasswordOptions> = {}) {
  const { v4, diagnostics } = build('a', [...NODES, ...entries], {
    passwords: { namespace: 'kube-system', allowMissing: false, ...options },
  });
  const found = Object.fromEntries(v4.peers.map((session) => [session.name, session.password?.reveal() ?? null]));
  return {
    found,
    told: diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${path.join('.')}`),
    diagnostics,
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
