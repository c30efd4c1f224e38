import { existsSync } from 'node:fs';
import { cp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCli } from '../support/cli.ts';
import { node, SMALL_CLUSTER } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';

describe('the service, without a BIRD to talk to', () => {
  let dir: string;
  let service: ReturnType<typeof startCli>;

  const path = (name: string) => join(dir, name);
  const write = async (entries: readonly (readonly [string, string])[]) => {
    await writeFile(path('next.json'), JSON.stringify(Object.fromEntries(entries)));
    await rename(path('next.json'), path('etcd.json'));
  };
  const eventuallyHolds = (text: string) =>
    eventually(async () => expect(await readFile(path('out/bird.conf'), 'utf8')).toContain(text));

  beforeEach(async () => {
    dir = await temporaryFolder();
    await cp(new URL('../../templates', import.meta.url), path('templates'), { recursive: true });
    await writeFile(path('birdconfd.toml'), `templates = "${path('templates')}"\nquiet-ms = 20\n`);
    await write(SMALL_CLUSTER);
    const sockets = ['--bird-socket', path('b.ctl'), '--bird6-socket', path('b6.ctl')];
    const args = ['run', '--input', path('etcd.json'), '--node', 'node-a', '--bird', '1.6', '--output', path('out')];
    service = startCli([...args, ...sockets, '--config', path('birdconfd.toml'), '--ready-file', path('ready')]);
    await eventuallyHolds('Mesh_192_0_2_2');
  });
  afterEach(() => service.stop('SIGKILL'));

  it('follows the data, says what is owed, and ends with 0 on SIGTERM', async () => {
    await write([...SMALL_CLUSTER, node('node-d', '192.0.2.4/24')]);
    await eventuallyHolds('Mesh_192_0_2_4');
    await service.logged(/warn pass-failed target=bird .*stage=reload code=socket-missing/);
    expect(existsSync(path('ready'))).toBe(false);
    expect((await service.stop()).code).toBe(0);
  });

  it('reads settings and templates again on SIGHUP', async () => {
    const header = path('templates/bird1/header.hbs');
    await writeFile(header, `${await readFile(header, 'utf8')}# edited\n`);
    service.child.kill('SIGHUP');
    await eventuallyHolds('# edited');
    await write([...SMALL_CLUSTER, node('node-e', '192.0.2.5/24')]);
    await eventuallyHolds('Mesh_192_0_2_5');
    expect((await service.stop()).code).toBe(0);
  });

  it('keeps the old settings when the new ones are wrong', async () => {
    await writeFile(path('birdconfd.toml'), 'layout = "both"\n');
    service.child.kill('SIGHUP');
    await service.logged(/error settings-refused .*expected single or calico/);
    await write([...SMALL_CLUSTER, node('node-f', '192.0.2.6/24')]);
    await eventuallyHolds('Mesh_192_0_2_6');
  });
});
