import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { runCli } from '../support/cli.ts';
import { filter, peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { temporaryFolder } from '../support/folder.ts';

const SECRET = 'k33p-th1s';

describe('birdconfd explain', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await temporaryFolder();
    await mkdir(join(dir, 'secrets/bgp'), { recursive: true });
    await writeFile(join(dir, 'secrets/bgp/tor'), SECRET);
    const password = { secretKeyRef: { name: 'bgp', key: 'tor' } };
    const entries = [
      ...SMALL_CLUSTER,
      filter('drop', { importV4: [{ action: 'Reject' }] }),
      peer('tor', { peerIP: '192.0.2.200', asNumber: 64500, filters: ['drop'], password }),
    ];
    await writeFile(join(dir, 'etcd.json'), JSON.stringify(Object.fromEntries(entries)));
  });
  const explain = async (name: string) => {
    const args = ['--input', join(dir, 'etcd.json'), '--secrets-dir', join(dir, 'secrets'), '--node', 'node-a'];
    const { code, out, err } = await runCli(['explain', name, ...args, '--json']);
    expect(out + err).not.toContain(SECRET);
    return { code, explanations: JSON.parse(out), err };
  };

  it('tells the lines of a session, and the resource that it comes from', async () => {
    const { code, explanations } = await explain('Global_192_0_2_200');
    expect(code).toBe(0);
    expect(explanations).toMatchObject([
      { file: 'bird.conf', sources: [{ key: resourceKey('BGPPeer', 'tor'), spec: { peerIP: '192.0.2.200' } }] },
    ]);
    const { lines } = explanations[0];
    expect([lines[0], lines.at(-1)]).toEqual(['protocol bgp Global_192_0_2_200 from bgp_template {', '}']);
    expect(lines).toContain('  password [redacted];');
  });

  it('tells them of a filter, by its function', async () => {
    const { explanations } = await explain('bgp_drop_importFilterV4');
    expect(explanations).toMatchObject([{ lines: ["function 'bgp_drop_importFilterV4'() {", '  reject;', '}'] }]);
    expect(explanations[0].sources).toMatchObject([{ key: resourceKey('BGPFilter', 'drop') }]);
  });

  it('tells the lines that name a range, of the one block that it is', async () => {
    const { explanations } = await explain('198.51.100.0/26');
    expect(explanations).toHaveLength(1);
    expect(explanations[0].lines[0]).toBe('  route 198.51.100.0/26 blackhole;');
    expect(explanations[0].sources.map(({ key }: { key: string }) => key)).toEqual([
      '/calico/ipam/v2/host/node-a/ipv4/block/198.51.100.0-26',
    ]);
  });

  it('exits 2 for what is not rendered', async () => {
    expect(await explain('Mesh_192_0_2_99')).toMatchObject({
      code: 2,
      explanations: [],
      err: expect.stringMatching(/nothing/),
    });
  });
});
