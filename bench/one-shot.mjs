import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runtime } from './service.mjs';

/** What GNU time tells of a program that is not Node: seconds of CPU, and the peak in KiB. */
const TIMED = '%U %S %M';

function timedUsage(report) {
  const [user, system, peakKib] = report.trim().split('\n').at(-1).split(' ').map(Number);
  return { cpuMs: (user + system) * 1000, peakMib: peakKib / 1024 };
}

const usage = fileURLToPath(new URL('usage.cjs', import.meta.url));

/** Runs `node …args`, or a plugged-in command, to its end. Resolves with wall and CPU time in ms and peak memory in MiB; rejects when it fails. */
function measure({ args, env, shell }) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const own = [runtime.node, ['--require', usage, ...(args ?? [])]];
    const timed = ['/usr/bin/time', ['-f', TIMED, '-o', '/proc/self/fd/3', 'sh', '-c', `exec ${shell}`]];
    const child = spawn(...(shell ? timed : own), {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let wallMs = 0;
    let report = '';
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaint += text;
    });
    child.stdio[3].setEncoding('utf8').on('data', (text) => {
      report += text;
    });
    child.once('error', reject);
    child.once('exit', () => {
      wallMs = performance.now() - began;
    });
    child.once('close', (code) => {
      if (code === 0) resolve({ wallMs, ...(shell ? timedUsage(report) : JSON.parse(report)) });
      else reject(new Error(`${shell ?? `node ${args.join(' ')}`}: exit code ${code}\n${complaint}`));
    });
  });
}

/**
 * Each program in turn, round after round, after one round that is not counted. A program is `{ name, once(output) }`,
 * which gives arguments and environment for one run into an empty directory.
 * @returns {Promise<Map<string, {wallMs: number[], cpuMs: number[], peakMib: number[]}>>} the figures in round order
 */
export async function oneShot(programs, rounds) {
  const figures = new Map(programs.map(({ name }) => [name, { wallMs: [], cpuMs: [], peakMib: [] }]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, once } of programs) {
      const output = await mkdtemp(join(tmpdir(), 'birdconfd-bench-'));
      try {
        const figure = await measure(once(output));
        if (round > 0) for (const [key, values] of Object.entries(figures.get(name))) values.push(figure[key]);
      } finally {
        await rm(output, { recursive: true, force: true });
      }
    }
  }
  return figures;
}
