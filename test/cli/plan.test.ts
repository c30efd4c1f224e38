import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { configuration, node, peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { temporaryFolder } from '../support/folder.ts';

const SECRETS = ['before-1', 'after-2'] as const;

describe('birdconfd plan', () => {
  let dir: string;
  const path = (name: string) => join(dir, name);
  const common = () => [
    '--input',
    path('etcd.json'),
    '--node',
    'node-a',
    '--output',
    path('out'),
    '--secrets-dir',
    path('secrets'),
  ];
  const write = (...more: readonly (readonly [string, string])[]) =>
    writeFile(path('etcd.json'), JSON.stringify(Object.fromEntries([...SMALL_CLUSTER, ...more])));
  const planned = async (...args: readonly string[]) => {
    const { code, out } = await runCli(['plan', ...common(), '--json', ...args]);
    return { code, bird: JSON.parse(out)[0] };
  };
  const setPassword = (text: string) => writeFile(path('secrets/bgp/password'), text);

  beforeEach(async () => {
    dir = await temporaryFolder();
    await mkdir(path('secrets/bgp'), { recursive: true });
    await setPassword(SECRETS[0]);
    await write();
    expect((await runCli(['render', ...common()])).code).toBe(0);
  });

  it('names sessions that come, go and start again, and exits 2', async () => {
    await write(node('node-c', '192.0.2.33/24'), node('node-b', '192.0.2.2/24', { asNumber: 64555 }));
    const { code, bird } = await planned();
    expect(code).toBe(2);
    expect(bird).toMatchObject({
      target: 'bird',
      steps: ['commit', 'reload'],
      meaning: {
        added: ['Mesh_192_0_2_33'],
        removed: ['Mesh_192_0_2_3'],
        restarted: ['Mesh_192_0_2_2'],
        refiltered: [],
      },
    });
    expect(bird.diff).toContain('+  neighbor 192.0.2.33 as 64512;');
  });

  it('exits by a limit, as a number and in percent', async () => {
    await write(node('node-c', '192.0.2.33/24'));
    expect((await planned('--max-restarted', '1')).code).toBe(0);
    expect((await planned('--max-restarted', '0')).code).toBe(2);
    expect((await planned('--max-restarted', '50%')).code).toBe(0);
    expect((await planned('--max-restarted', '1%')).code).toBe(2);
    expect((await runCli(['plan', ...common(), '--max-restarted', 'some'])).code).toBe(1);
  });

  it('writes nothing', async () => {
    const before = await readFile(path('out/bird.conf'), 'utf8');
    await write(peer('tor', { peerIP: '192.0.2.200', asNumber: 64500 }));
    expect((await runCli(['plan', ...common()])).out).toContain('added      Global_192_0_2_200');
    expect(await readFile(path('out/bird.conf'), 'utf8')).toBe(before);
  });

  it('tells that a password changes, and neither the old nor the new one', async () => {
    const password = { secretKeyRef: { name: 'bgp', key: 'password' } };
    await write(configuration('default', { nodeMeshPassword: password }));
    expect((await runCli(['render', ...common()])).code).toBe(0);
    expect(await readFile(path('out/bird.conf'), 'utf8')).toContain(`password "${SECRETS[0]}";`);
    await setPassword(SECRETS[1]);
    const { out, err } = await runCli(['plan', ...common()]);
    expect(out).toMatch(/^\+ {2}password \[redacted/m);
    expect(out).toMatch(/restarted +Mesh_192_0_2_2/);
    for (const secret of SECRETS) expect(out + err).not.toContain(secret);
  });

  it('keeps the password of a Secret that is gone, as `run` would, where `render` and `check` judge the data alone', async () => {
    const password = { secretKeyRef: { name: 'bgp', key: 'password' } };
    await write(configuration('default', { nodeMeshPassword: password }));
    expect((await runCli(['render', ...common()])).code).toBe(0);
    await rm(path('secrets/bgp/password'));
    const { out, err } = await runCli(['plan', ...common()]);
    expect(out).toBe('bird: reload\nbird6: reload\n'); // no ledger says that BIRD confirmed it
    expect(err).toMatch(/^warning password-kept .*: Mesh_192_0_2_2, Mesh_192_0_2_3 keep the one in the live file\n/);
    expect(err).not.toContain(SECRETS[0]);
    const checked = await runCli(['check', ...common()]);
    expect(checked).toMatchObject({ code: 3, err: expect.stringMatching(/^error password-missing /) });
  });
});

it('does not start where the data name a password and there is no source of secrets, not even with a live file that has it', async () => {
  const dir = await temporaryFolder();
  const { startEtcd } = await import('../support/etcd.ts');
  const etcd = await startEtcd();
  try {
    const password = { secretKeyRef: { name: 'bgp', key: 'password' } };
    for (const [key, value] of [...SMALL_CLUSTER, configuration('default', { nodeMeshPassword: password })]) {
      await etcd.client.put(key).value(value);
    }
    const live = 'protocol bgp Mesh_192_0_2_2 { password "x"; }\nprotocol bgp Mesh_192_0_2_3 { password "x"; }\n';
    await writeFile(join(dir, 'bird.conf'), live);
    const args = ['run', '--endpoints', etcd.endpoint, '--node', 'node-a', '--bird', '1.6', '--output', dir];
    const { code, err } = await runCli(args);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/nodeMeshPassword names a password.*--secrets-dir/),
    });
    expect(await readFile(join(dir, 'bird.conf'), 'utf8')).toBe(live);
  } finally {
    await etcd.stop();
  }
});
