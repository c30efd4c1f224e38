import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { configuration, information, node, peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { temporaryFolder } from '../support/folder.ts';

type Entries = readonly (readonly [string, string])[];

async function dump(name: string, entries: Entries): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, JSON.stringify(Object.fromEntries(entries)));
  return path;
}

const sessions = (svg: string) =>
  [...svg.matchAll(/data-sessions="(\d+)"/g)].reduce((sum, [, n]) => sum + Number(n), 0);

describe('birdconfd graph', () => {
  it('draws who speaks with whom, and runs on no particular node', async () => {
    const reflector = node('rr', '192.0.2.9/24', { routeReflectorClusterID: '244.0.0.1' });
    const input = await dump('etcd.json', [
      ...SMALL_CLUSTER,
      reflector,
      peer('to-rr', { peerSelector: 'all()', node: 'rr' }),
      peer('tor', { peerIP: '192.0.2.254', asNumber: 64500 }),
    ]);
    const { code, out, err } = await runCli(['graph', '--input', input, '--node', 'nobody']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
    expect(out.match(/class="chip node"/g)).toHaveLength(3);
    expect(out.match(/class="chip reflector"/g)).toHaveLength(1);
    expect(out.match(/class="chip peer"/g)).toHaveLength(1);
    expect(out.match(/data-as="AS \d+"/g)).toEqual(['data-as="AS 64500"', 'data-as="AS 64512"']);
    expect(sessions(out)).toBe(3 + 3 + 4);
  });

  it('exits 3 where there is nothing to draw', async () => {
    const input = await dump('etcd.json', [information('v3.33.0'), configuration('default', {})]);
    const { code, out, err } = await runCli(['graph', '--input', input]);
    expect({ code, out, err }).toEqual({ code: 3, out: '', err: expect.stringContaining('no node') });
  });
});
