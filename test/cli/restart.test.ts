import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { laterThanLast, startBird } from '../support/bird.ts';
import { runCli, startCli } from '../support/cli.ts';
import { configuration, SMALL_CLUSTER } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { BOOT_CONFIG } from '../support/target-bench.ts';

/** The machine is shared. */
const LATER = { timeoutMs: 40_000 };

it('the service has BIRD restarted by --restart-cmd when it must listen elsewhere', async () => {
  const bird = await startBird(BOOT_CONFIG);
  onTestFinished(() => bird.stop());
  const path = (name: string) => join(bird.dir, name);
  const write = async (entries: readonly (readonly [string, string])[]) => {
    await writeFile(path('next.json'), JSON.stringify(Object.fromEntries(entries)));
    await rename(path('next.json'), path('etcd.json'));
  };
  // The other half of a service manager, which starts what has ended, is the test.
  await writeFile(path('restart.sh'), `echo $1 >> ${path('restarted')}\n[ $1 = bird ] && kill -KILL ${bird.pid}\n`);
  await write(SMALL_CLUSTER);
  const args = ['run', '--input', path('etcd.json'), '--node', 'node-a', '--bird', '1.6', '--output', bird.dir];
  const sockets = ['--bird-socket', bird.socket, '--bird6-socket', path('bird6.ctl')];
  const restart = ['--restart-cmd', `sh ${path('restart.sh')} {daemon}`, '--restart-spread', '0s'];
  const service = startCli([...args, ...sockets, ...restart, '--state-dir', path('state'), '--poll-interval', '100ms']);
  onTestFinished(() => service.stop('SIGKILL').then(() => undefined));
  const state = async () => {
    const { out } = await runCli(['status', '--json', '--state-dir', path('state')]);
    return JSON.parse(out).targets.find(({ name }: { readonly name: string }) => name === 'bird').state;
  };
  await eventually(async () => expect(await state()).toBe('converged'), LATER);
  await laterThanLast(bird);
  await write([...SMALL_CLUSTER, configuration('node.node-a', { listenPort: 1790 })]);
  await service.logged(/info restarted target=bird .*restart\.sh bird/);
  await bird.restart();
  await eventually(async () => expect(await state()).toBe('converged'), LATER);
  expect(await readFile(bird.configFile, 'utf8')).toContain('listen bgp port 1790;');
  expect(await readFile(path('restarted'), 'utf8')).toBe('bird\n');
  expect((await service.stop()).code).toBe(0);
});
