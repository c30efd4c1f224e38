import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { groupBench } from './group-bench.ts';

/** A process that notes the signals it gets; `user`: as whom it runs. Resolves with its number once it listens. */
async function listener(file: string, user?: number) {
  const script =
    'for s in HUP USR1; do trap "echo $s >> $0" $s; done; echo up >> $0; while :; do sleep 300 & wait $!; done';
  await writeFile(file, '');
  await chmod(file, 0o666);
  const child = spawn('/bin/sh', ['-c', script, file], { stdio: 'ignore', detached: true, ...(user && { uid: user }) });
  const pid = child.pid ?? 0;
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && process.kill(-pid, 'SIGKILL'))
      await once(child, 'exit');
  };
  onTestFinished(stop);
  await eventually(async () => expect(await readFile(file, 'utf8')).toBe('up\n'));
  return { pid, stop, heard: () => readFile(file, 'utf8').then((text) => text.trim().split('\n').slice(1)) };
}

const SIGNAL = 'reload_mode = "signal"\npid_file = "DIR/run.pid"';

describe('reload_mode = "signal"', () => {
  it('sends SIGHUP to the process of the pid file, after the file is in place, once for all resources with that pid file', async () => {
    const bench = await groupBench({ one: SIGNAL, two: SIGNAL }, { '/v': '1' });
    const { pid, heard } = await listener(bench.at('heard'));
    await writeFile(bench.at('run.pid'), ` ${pid}\n`);
    const { one, two } = await bench.units();
    expect([one?.outcome, two?.outcome]).toEqual(['confirmed', 'confirmed']);
    await eventually(async () => expect(await heard()).toEqual(['HUP']));
    await bench.pass();
    bench.store.put('/v', '2');
    await bench.pass();
    await eventually(async () => expect(await heard()).toEqual(['HUP', 'HUP']));
  });

  it('sends another signal that is named', async () => {
    const bench = await groupBench({ one: `${SIGNAL}\nreload_signal = "SIGUSR1"` }, { '/v': '1' });
    const { pid, heard } = await listener(bench.at('heard'));
    await writeFile(bench.at('run.pid'), `${pid}`);
    await bench.pass();
    await eventually(async () => expect(await heard()).toEqual(['USR1']));
  });

  it('owes the reload while the pid file is missing, or names nobody any more, and pays it once the service runs', async () => {
    const bench = await groupBench({ one: SIGNAL }, { '/v': '1' });
    expect((await bench.units()).one).toMatchObject({ outcome: 'owed', error: { code: 'no-pid', retryable: true } });
    const dead = await listener(bench.at('dead'));
    await dead.stop();
    await writeFile(bench.at('run.pid'), `${dead.pid}\n`);
    const stale = (await bench.units()).one;
    expect(stale).toMatchObject({
      outcome: 'owed',
      error: { stage: 'reload', code: 'signal-failed', retryable: true },
    });
    expect(stale?.error?.message).toMatch(
      new RegExp(`template resource one .*SIGHUP to ${dead.pid} .*run\\.pid.*ESRCH`),
    );
    const { pid, heard } = await listener(bench.at('heard'));
    await writeFile(bench.at('run.pid'), `${pid}\n`);
    expect((await bench.units()).one?.outcome).toBe('confirmed');
    await eventually(async () => expect(await heard()).toEqual(['HUP']));
  });

  it.each(['0', '-1', '1', 'x', '', '12 13', '99999999999'])(
    'sends nothing where the pid file says %j',
    async (text) => {
      // A signal that does nothing to who gets it: were the check ever gone, these are whole groups, and process 1.
      const bench = await groupBench({ one: `${SIGNAL}\nreload_signal = "SIGURG"` }, { '/v': '1' });
      await writeFile(bench.at('run.pid'), text);
      expect((await bench.units()).one).toMatchObject({ outcome: 'owed', error: { code: 'no-pid' } });
    },
  );

  it.runIf(process.geteuid?.() === 0)(
    'lets the pid file of another user name that user’s processes, and nobody else’s',
    async () => {
      const bench = await groupBench({ one: SIGNAL }, { '/v': '1' });
      await chmod(bench.dir, 0o755);
      const ours = await listener(bench.at('ours'));
      const theirs = await listener(bench.at('theirs'), 65_534);
      await writeFile(bench.at('run.pid'), `${ours.pid}\n`);
      await chown(bench.at('run.pid'), 65_534, 65_534);
      const refused = (await bench.units()).one;
      expect(refused).toMatchObject({ outcome: 'owed', error: { code: 'foreign-pid', retryable: true } });
      await writeFile(bench.at('run.pid'), `${theirs.pid}\n`);
      expect((await bench.units()).one?.outcome).toBe('confirmed');
      await eventually(async () => expect(await theirs.heard()).toEqual(['HUP']));
      expect(await ours.heard()).toEqual([]);
    },
  );
});
