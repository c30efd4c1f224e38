import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { parseDocuments } from '../../src/datastore/documents.ts';
import { AddressMap } from '../../src/golden/capture/anonymise-address.ts';
import { anonymiseValues } from '../../src/golden/capture/anonymise-values.ts';
import { redactValues } from '../../src/golden/capture/redact-values.ts';
import { renderCase } from '../../src/testing.ts';
import { temporaryFolder } from '../support/folder.ts';

const CLUSTER = `
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {nodeToNodeMeshEnabled: true, asNumber: 64512, nodeMeshPassword: {secretKeyRef: {name: bgp-secret, key: mesh}}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: berlin-1, labels: {row: alpha}, annotations: {owner: "Jane Doe"}}
spec: {bgp: {ipv4Address: 8.8.4.1/24}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: berlin-2, labels: {row: beta}}
spec: {bgp: {ipv4Address: 8.8.4.2/24}}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: mesh}
spec: {nodeSelector: "row == 'alpha'", peerIP: 8.8.4.254, asNumber: 64501, password: {secretKeyRef: {name: bgp-secret, key: mesh}}}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: other}
spec: {node: berlin-1, peerIP: 8.8.5.254, asNumber: 64501, password: {secretKeyRef: {name: bgp-secret, key: rack}}}
---
apiVersion: v1
kind: Secret
metadata: {name: bgp-secret, namespace: kube-system}
stringData: {mesh: hunter2-mesh, rack: hunter2-rack, unused: hunter2-unused}
---
apiVersion: v1
kind: Secret
metadata: {name: unrelated, namespace: kube-system}
stringData: {token: hunter2-token}
---
kind: BlockAffinity
spec: {node: berlin-2, cidr: 10.1.2.64/26, state: confirmed}
`;

/** Runs the verb over the cluster; what it wrote. */
async function captured(...more: readonly string[]): Promise<{ readonly dir: string; readonly text: string }> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/all.yaml'), CLUSTER);
  const dir = join(folder, 'case');
  const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const code = await runProgram(['capture', dir, '--input', join(folder, 'data'), '--calico-release', '3.31', ...more]);
  said.mockRestore();
  expect(code).toBe(0);
  return { dir, text: await readFile(join(dir, 'in.yaml'), 'utf8') };
}

const passwordsIn = (text: string) => [...text.matchAll(/password (".*");/g)].map(([, value]) => value);

describe('capture', () => {
  it('makes a case that renders what the cluster renders, but for its passwords', async () => {
    const { dir, text } = await captured();
    expect(text).not.toMatch(/hunter2|Jane Doe|unrelated|unused/);
    const { files } = await renderCase(dir);
    const own = files['out/berlin-1/1.6-single/bird.conf'] ?? '';
    expect(own).toContain('neighbor 8.8.4.254 as 64501;');
    expect(files['out/berlin-2/1.6-single/bird.conf']).toContain('10.1.2.64/26');
    const passwords = passwordsIn(own);
    // Global and mesh session share one secret, the other session has another: that can still be told.
    expect(passwords).toHaveLength(3);
    expect(new Set(passwords).size).toBe(2);
  });

  it('with --anonymise has the same sessions between nobodies', async () => {
    const plain = await renderCase((await captured()).dir);
    const { dir, text } = await captured('--anonymise');
    expect(text).not.toMatch(/berlin|8\.8\.|alpha|beta|row\b|bgp-secret|rack|other|hunter2/);
    const { files } = await renderCase(dir);
    const shape = (all: Readonly<Record<string, string>>) =>
      Object.values(all).map((each) =>
        each.match(/^ {2}(neighbor|password|passive|route|import|export)\b|^protocol \w+/gm),
      );
    expect(shape(files)).toEqual(shape(plain.files));
  });

  it('refuses to write over a case', async () => {
    const { dir } = await captured();
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await runProgram(['capture', dir, '--input', dir])).toBe(1);
    expect(said).toHaveBeenCalledWith(expect.stringContaining('is there already'));
    said.mockRestore();
  });
});

describe('addresses of nobody', () => {
  const map = new AddressMap(Buffer.alloc(32, 7));

  it('share as many first bits as the real ones, and leave special ranges alone', () => {
    const host = (text: string) => text.split('/')[0]?.split('.').map(Number) ?? [];
    const common = (a: string, b: string) => {
      const bits = (text: string) =>
        host(map.map(text))
          .map((octet) => octet.toString(2).padStart(8, '0'))
          .join('');
      const [x, y] = [bits(a), bits(b)];
      return [...x].findIndex((bit, i) => bit !== y[i]);
    };
    expect(common('8.8.4.1', '8.8.4.2')).toBe(30);
    expect(common('8.8.4.1', '8.8.5.1')).toBe(23);
    expect(map.map('8.8.4.0/24').split('.').slice(0, 3)).toEqual(map.map('8.8.4.9').split('.').slice(0, 3));
    expect(map.map('10.1.2.64/26')).toMatch(/^10\.\d+\.\d+\.64\/26$/);
    for (const same of ['127.0.0.1', '0.0.0.0/0', '::1', '::/0', '192.0.2.7', 'no address'])
      expect(map.map(same)).toBe(same);
    expect(map.map('2a00:1450::1')).not.toContain('1450');
  });
});

describe('values', () => {
  it('keep one stand-in for one secret in every form, and tell an unusable one', async () => {
    const { entries } = await parseDocuments(CLUSTER, 'all.yaml');
    const values = new Map([...entries].map(([key, { value }]) => [key, value]));
    values.set('secret:/bgp-secret/mesh', 'hunter2-mesh\n');
    values.set('secret:/bgp-secret/rack', 'with "quote"');
    const redacted = redactValues(values);
    const secret = JSON.parse(redacted.get('k8s:/Secret/kube-system/bgp-secret') ?? '{}');
    expect(redacted.get('secret:/bgp-secret/mesh')).toBe(secret.stringData.mesh);
    expect(redacted.get('secret:/bgp-secret/rack')).toMatch(/^redacted-\d+"$/);
    const { values: nobody } = anonymiseValues(redacted, Buffer.alloc(32));
    expect([...nobody.keys()].filter((key) => /berlin|bgp-secret/.test(key))).toEqual([]);
  });
});
