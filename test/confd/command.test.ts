import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../../src/confd/command.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';
import { groupBench } from './group-bench.ts';

const never = new AbortController().signal;
const options = { stage: 'check', timeoutMs: 30_000, signal: never } as const;

/** Whether a process runs; one that has ended and waits for its parent's look does not. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && !/\) Z /.test(stat);
}
const allGone = (pids: readonly number[]) =>
  eventually(async () => expect((await Promise.all(pids.map(isAlive))).includes(true)).toBe(false));

/** Forks a child that forks another, notes all three, and waits for them; `trap` is what they do with the polite signal. */
const family = (pids: string, trap = '') =>
  `${trap} echo $$ >> ${pids}; (sleep 300 & echo $! >> ${pids}; wait) & echo $! >> ${pids}; wait`;
const pidsIn = async (path: string) => (await readFile(path, 'utf8')).trim().split('\n').map(Number);

it('ends a check_cmd with all that it started when its time is over, and that is told as such', async () => {
  const pids = join(await temporaryFolder(), 'pids');
  const running = runCommand(family(pids), { ...options, timeoutMs: 500 });
  await expect(running).rejects.toMatchObject({ stage: 'check', code: 'timeout', retryable: true });
  const found = await pidsIn(pids);
  expect(found).toHaveLength(3);
  await allGone(found);
});

it('ends those that are deaf to the polite signal, too', async () => {
  const pids = join(await temporaryFolder(), 'pids');
  const running = runCommand(family(pids, "trap '' TERM;"), { ...options, stage: 'reload', timeoutMs: 500 });
  await expect(running).rejects.toMatchObject({ stage: 'reload', code: 'timeout' });
  const found = await pidsIn(pids);
  expect(found).toHaveLength(3);
  await allGone(found);
});

it('ends the group when it is aborted', async () => {
  const pids = join(await temporaryFolder(), 'pids');
  const stop = new AbortController();
  const running = runCommand(family(pids), { ...options, signal: stop.signal });
  await eventually(async () => expect(await pidsIn(pids)).toHaveLength(3));
  stop.abort();
  await expect(running).rejects.toMatchObject({ code: 'aborted', retryable: true });
  await allGone(await pidsIn(pids));
});

it('leaves alone what a command that ended well has started, and does not wait for it', async () => {
  const pids = join(await temporaryFolder(), 'pids');
  const said = await runCommand(`sleep 300 & echo $! > ${pids}; echo said`, options);
  const [pid] = await pidsIn(pids);
  const wasAlive = await isAlive(pid!);
  process.kill(pid!, 'SIGKILL');
  expect([said, wasAlive]).toEqual(['said\n', true]);
});

it('tells exit code and last words; a check that fails has spoken, a reload may yet succeed', async () => {
  const bad = (stage: 'check' | 'reload') => runCommand('echo %s of 100%; exit 7', { ...options, stage });
  await expect(bad('check')).rejects.toMatchObject({ code: 'command-failed', retryable: false });
  await expect(bad('reload')).rejects.toMatchObject({ code: 'command-failed', retryable: true });
  await expect(bad('check')).rejects.toThrow('check_cmd "echo %s of 100%; exit 7" failed with exit code 7: %s of 100%');
  await expect(runCommand('no-such-program-here', options)).rejects.toThrow('exit code 127');
  await expect(runCommand('kill -9 $$', options)).rejects.toMatchObject({ retryable: true });
});

it('has its time limits from the resource: check_cmd_timeout and reload_cmd_timeout', async () => {
  const bench = await groupBench(
    {
      slow: `check_cmd = "${family('DIR/check')}"\ncheck_cmd_timeout = "300ms"`,
      late: `reload_cmd = "${family('DIR/reload')}"\nreload_cmd_timeout = "300ms"`,
    },
    { '/v': '1' },
  );
  await writeFile(bench.at('check'), '');
  const { slow, late } = await bench.units();
  expect(slow?.error).toMatchObject({ stage: 'check', code: 'timeout' });
  expect(slow?.error?.message).toContain('did not end within 300 ms');
  expect(late).toMatchObject({ outcome: 'owed', error: { stage: 'reload', code: 'timeout' } });
  expect(await bench.names('out')).toEqual(['late']);
  await allGone([...(await pidsIn(bench.at('check'))), ...(await pidsIn(bench.at('reload')))]);
});
