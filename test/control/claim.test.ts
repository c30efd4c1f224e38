import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimStateDir, SOCKET } from '../../src/control/claim.ts';
import { askService } from '../../src/control/client.ts';
import { temporaryFolder } from '../support/folder.ts';

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process that is loaded, and claims when it is told to. */
class Claimant {
  readonly child: ChildProcess;
  readonly #lines: Interface;

  constructor(bundle: string, stateDir: string) {
    this.child = spawn(process.execPath, [bundle, stateDir], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.child.stdout! });
    running.add(this.child);
    this.child.once('exit', () => running.delete(this.child));
  }

  async line(): Promise<string> {
    const [line] = await once(this.#lines, 'line');
    return line;
  }

  /** Resolves with "won", or with why not. */
  async claim(): Promise<string> {
    const line = this.line();
    this.child.stdin!.write('go\n');
    return line;
  }

  async kill(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}

describe('claimStateDir', () => {
  let dir: string;
  let stateDir: string;
  beforeEach(async () => {
    dir = await temporaryFolder();
    stateDir = join(dir, 'state');
  });
  const pidAt = async (at = stateDir) => JSON.parse((await askService(at, 'GET', '/pid')).text).pid;

  it('answers at a socket that nobody else may open, and leaves nothing when it is given up', async () => {
    const claim = await claimStateDir(stateDir);
    expect(await pidAt()).toBe(process.pid);
    const [folder, socket] = await Promise.all([stat(stateDir), stat(join(stateDir, SOCKET))]);
    expect([folder.mode & 0o777, socket.mode & 0o777, socket.isSocket()]).toEqual([0o700, 0o600, true]);
    await claim.release();
    expect(await readdir(stateDir)).toEqual(['owner']);
    await expect(pidAt()).rejects.toThrow(`no birdconfd is running on ${stateDir}: start it or give --state-dir`);
    const again = await claimStateDir(stateDir);
    expect(await pidAt()).toBe(process.pid);
    await again.release();
  });

  it('says that it is starting until there is something to serve', async () => {
    const claim = await claimStateDir(stateDir);
    expect(await askService(stateDir, 'GET', '/readyz')).toMatchObject({ status: 503, text: /starting/ });
    claim.serve((_, response) => response.end('served'));
    expect(await askService(stateDir, 'GET', '/readyz')).toMatchObject({ status: 200, text: 'served' });
    await claim.release();
  });

  it('takes a path of any length', async () => {
    for (const length of [90, 107, 108, 109, 124, 300]) {
      const long = `${dir}/${'d'.repeat(40)}/`.padEnd(Math.min(length, 250), 'x').padEnd(length, '/yyyyyyyyy');
      const claim = await claimStateDir(long);
      expect(await pidAt(long)).toBe(process.pid);
      await expect(claimStateDir(long)).rejects.toThrow(`pid ${process.pid} `);
      expect(await readdir(long)).toEqual([SOCKET, 'owner']);
      await claim.release();
    }
  });

  it('refuses where a process accepts but does not answer', async () => {
    const claim = await claimStateDir(stateDir);
    await claim.release();
    const hung = createServer();
    await once(hung.listen(join(stateDir, 'owner', '4711-hung')), 'listening');
    await expect(claimStateDir(stateDir, { askMs: 50 })).rejects.toThrow(/pid 4711 .*does not answer within 50 ms/);
    hung.close();
    const next = await claimStateDir(stateDir);
    await next.release();
  });

  it('says what is in its way', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(claimStateDir(join(dir, 'file/state'))).rejects.toThrow(/--state-dir .*cannot be claimed: ENOTDIR/);
    await mkdir(join(stateDir, SOCKET), { recursive: true });
    await expect(claimStateDir(stateDir)).rejects.toThrow(/cannot be claimed: EISDIR/);
    await rm(join(stateDir, SOCKET), { recursive: true });
    const claim = await claimStateDir(stateDir);
    await claim.release();
  });

  describe('among processes', () => {
    let bundle: string;
    beforeEach(async () => {
      bundle = join(dir, 'claimant.mjs');
      const entry = fileURLToPath(new URL('claimant.ts', import.meta.url));
      await build({ entryPoints: [entry], outfile: bundle, bundle: true, platform: 'node', format: 'esm' });
    });
    const start = async (count: number): Promise<readonly Claimant[]> => {
      const claimants = Array.from({ length: count }, () => new Claimant(bundle, stateDir));
      await Promise.all(claimants.map((claimant) => claimant.line()));
      return claimants;
    };

    it('lets one of twenty have it that start at once where the owner was killed, and tells the others its pid', async () => {
      let starters = await start(21);
      let winner = starters[0]!;
      expect(await winner.claim()).toBe('won');
      for (let round = 0; round < 3; round++) {
        starters = starters.filter((starter) => starter !== winner);
        await winner.kill();
        const answers = await Promise.all(starters.map((starter) => starter.claim()));
        const winners = starters.filter((_, i) => answers[i] === 'won');
        expect(winners, answers.join('\n')).toHaveLength(1);
        winner = winners[0]!;
        const { pid } = winner.child;
        const told = answers.filter((answer) => answer.includes(`the birdconfd with pid ${pid} runs on it: `));
        expect(told, answers.join('\n')).toHaveLength(starters.length - 1);
        expect(await pidAt()).toBe(pid);
        expect(await readdir(stateDir)).toEqual([SOCKET, 'owner']);
      }
    });

    it('tells of an owner that was stopped, and lets the next one have it once that is killed', async () => {
      const [owner, next] = await start(2);
      expect(await owner!.claim()).toBe('won');
      owner!.child.kill('SIGSTOP');
      const hung = new RegExp(`pid ${owner!.child.pid} .*does not answer`);
      await expect(claimStateDir(stateDir, { askMs: 200 })).rejects.toThrow(hung);
      await owner!.kill();
      expect(await next!.claim()).toBe('won');
    });
  });
});
