// One program under measurement: a service against an etcd of its own, or a single run to its end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEtcd } from './etcd.mjs';

const patienceMs = 120_000;

/** How every program is started; `--node-binary` changes it. */
export const runtime = { node: process.execPath };

/** A peer that was plugged in is a shell command; everything else is arguments for Node. */
export const commandOf = ({ args, shell }) => (shell ? ['sh', ['-c', `exec ${shell}`]] : [runtime.node, args]);

/**
 * Starts `program` (`{name, watch(endpoint, output)}`) against an etcd of its own with `values`, so that a change meant for one program does not
 * wake the others. `prepare(output, endpoint)` runs before it. `lines` is called with each line of its log and when that came. `file` is
 * the one that is looked at.
 */
export async function startService(program, values, { lines = () => {}, prepare = () => {}, file = 'bird.cfg' } = {}) {
  const output = await mkdtemp(join(tmpdir(), 'birdconfd-bench-'));
  const { endpoint, etcd, kill9, stop: stopEtcd } = await startEtcd(values);
  await prepare(output, endpoint);
  const command = program.watch(endpoint, output);
  const child = spawn(...commandOf(command), {
    env: { ...process.env, ...command.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  let partial = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    const at = performance.now();
    complaint = (complaint + text).slice(-4000);
    const whole = (partial + text).split('\n');
    partial = whole.pop() ?? '';
    for (const line of whole) lines(line, at);
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    await stopEtcd();
    await rm(output, { recursive: true, force: true });
  };
  const arrival = (text) => fileWith(output, file, text, () => `${program.name}:\n${complaint}`);
  return { name: program.name, etcd, endpoint, output, pid: child.pid, arrival, kill9, stop };
}

/** Resolves with the time (performance.now) at which a file of this name was renamed into place that holds `wanted`. */
export function fileWith(dir, name, wanted, story) {
  const file = join(dir, name);
  return new Promise((resolve, reject) => {
    const settle = (act) => {
      clearTimeout(timer);
      watcher.close();
      act();
    };
    const look = async (seen) => {
      const text = await readFile(file, 'utf8').catch(() => '');
      if (text.includes(wanted)) settle(() => resolve(seen));
    };
    const late = () => reject(new Error(`no file with ${wanted} within ${patienceMs} ms from ${story()}`));
    const timer = setTimeout(() => settle(late), patienceMs);
    // Only the final name's own event: at a temporary file's, the new text might be found a moment later and dated too early.
    const watcher = watch(dir, (_, changed) => {
      if (changed === name) void look(performance.now());
    });
    void look(performance.now());
  });
}

/** CPU time so far, and memory, now and at its highest. */
export async function footprint(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  const mib = (field) => Number(status.match(new RegExp(`${field}:\\s+(\\d+)`))[1]) / 1024;
  // Linux counts in hundredths of a second here, whatever its tick rate is.
  return { cpuMs: (user + system) * 10, peakMib: mib('VmHWM'), rssMib: mib('VmRSS') };
}
