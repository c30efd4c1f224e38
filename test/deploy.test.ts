import { execFile, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { runCli } from './support/cli.ts';
import { startEtcd } from './support/etcd.ts';
import { temporaryFolder } from './support/folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const deploy = (path: string) => join(root, 'deploy', path);
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

/** The capabilities that the Dockerfile names. */
const CAPABILITIES = (/^# Needed: (.*)\.$/m.exec(textOf('Dockerfile'))?.[1] ?? '').match(/\b(?!BIRD)[A-Z_]{4,}/g) ?? [];

describe('the examples under deploy/', () => {
  it('name the capabilities that the Dockerfile names', () => {
    expect(CAPABILITIES).toEqual(['NET_ADMIN', 'NET_BIND_SERVICE', 'NET_RAW', 'SETUID', 'SETGID', 'CHOWN', 'KILL']);
    const { services } = parse(textOf('deploy/compose/compose.yaml'), { merge: true });
    for (const name of ['node-a', 'node-b', 'node-c']) {
      expect(services[name]).toMatchObject({ cap_drop: ['ALL'], cap_add: CAPABILITIES });
      expect(services[name].environment).toMatchObject({ NODENAME: name, ETCD_ENDPOINTS: 'http://172.30.0.9:2379' });
    }
    const documents = parseAllDocuments(textOf('deploy/kubernetes/birdconfd.yaml')).map((each) => each.toJS());
    expect(documents.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'Role', 'RoleBinding', 'DaemonSet']);
    const [container] = documents[3].spec.template.spec.containers;
    expect(container.securityContext.capabilities).toEqual({ drop: ['ALL'], add: CAPABILITIES });
  });

  it('fill the etcd of the compose file with a cluster that has no fault', async () => {
    const etcd = await startEtcd();
    onTestFinished(() => etcd.stop());
    await promisify(execFile)(process.execPath, [deploy('compose/seed.mjs'), etcd.endpoint]);
    const output = await temporaryFolder();
    const of = ['--endpoints', etcd.endpoint, '--node', 'node-a'];
    expect(await runCli(['check', ...of])).toMatchObject({ code: 0, err: expect.not.stringMatching(/^error/m) });
    expect(await runCli(['render', ...of, '--output', output])).toMatchObject({ code: 0 });
    const text = await readFile(join(output, 'bird.conf'), 'utf8');
    expect(text.match(/^protocol bgp \S+/gm)).toEqual([
      'protocol bgp Mesh_172_30_0_12',
      'protocol bgp Mesh_172_30_0_13',
    ]);
    expect(text).toContain('route 10.65.0.0/26 blackhole;');
  });

  it.runIf(spawnSync('systemd-analyze', ['--version']).status === 0)('are units that systemd takes', async () => {
    const dir = await temporaryFolder();
    await cp(deploy('systemd'), dir, { recursive: true });
    const units = readdirSync(dir).filter((name) => name.endsWith('.service'));
    expect(units).toHaveLength(2);
    for (const name of ['bird', 'bird6']) {
      const unit = join(dir, `${name}.service`);
      await cp(`/lib/systemd/system/${name}.service`, unit);
      units.push(`${name}.service`);
    }
    const { status, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', ...units.map((name) => join(dir, name))],
      {
        encoding: 'utf8',
        env: { ...process.env, SYSTEMD_UNIT_PATH: `${dir}:` },
      },
    );
    expect({ status, ours: stderr.split('\n').filter((line) => /bird/.test(line)) }).toEqual({ status: 0, ours: [] });
  });
});
