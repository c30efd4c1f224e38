import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withBirdDaemon } from '../../src/bird/daemon-session.ts';
import { isSameMoment } from '../../src/bird/same-moment.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { eventually } from '../support/eventually.ts';

const config = (routerId: string, more = '') =>
  `router id ${routerId};\nprotocol device { scan time 60; }\nprotocol direct { interface "lo"; }\n${more}`;

/** Routes that BIRD takes many turns of its loop to forget, so that a reconfiguration can be watched at work. */
const manyRoutes = (octet: number) => {
  const routes = Array.from({ length: 60_000 }, (_, i) => `route ${octet}.${i >> 8}.${i & 255}.0/24 blackhole;\n`);
  return `protocol static many { import all; ${routes.join('')} }\n`;
};

const ask = (socket: string, configFile: string, clock: Clock = systemClock) =>
  withBirdDaemon(socket, { configFile, signal: new AbortController().signal, clock, timeoutMs: 10_000 }, (daemon) =>
    daemon.configure(),
  );

describe('configure, on a BIRD', () => {
  let bird: TestBird;
  const configure = (configFile = bird.configFile, clock?: Clock) => ask(bird.socket, configFile, clock);

  const running = async (configFile?: string) => {
    const verdict = await configure(configFile);
    if (verdict.kind !== 'running') throw new Error(verdict.message);
    return verdict;
  };

  beforeEach(async () => {
    bird = await startBird(config('10.0.0.1'));
  });
  afterEach(() => bird.stop());

  it('is harmless when nothing has changed, and tells since when BIRD runs', async () => {
    const [first, second] = [await running(), await running()];
    expect([first.restarting, second.restarting]).toEqual([false, false]);
    expect(first.boot).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(isSameMoment(second.boot, first.boot)).toBe(true);
  });

  it('has resolved only when BIRD runs with the new file', async () => {
    await bird.writeConfig(config('10.0.0.1', 'protocol static fresh { }\n'));
    expect((await running()).restarting).toBe(false);
    const { lines } = await bird.ask('show protocols "fresh"');
    expect(lines.map((line) => line.text).join('\n')).toMatch(/^fresh +Static +master +up/m);
  });

  it('says when protocols had to restart, and waits for the end of it', async () => {
    await bird.writeConfig(config('10.0.0.1', manyRoutes(20)));
    await configure();
    await bird.writeConfig(config('10.0.0.2'));
    expect((await running()).restarting).toBe(true);
    const { lines } = await bird.ask('show status');
    expect(lines.map((line) => line.text)).toContain('Router ID is 10.0.0.2');
    expect(lines.at(-1)?.text).toBe('Daemon is up and running');
  });

  it('takes a request that BIRD queues behind another for a success, and waits for both', async () => {
    await eventually(async () => {
      await bird.writeConfig(config('10.0.0.1', manyRoutes(20)));
      await configure();
      await bird.writeConfig(config('10.0.0.2'));
      const busy = bird.ask('configure');
      // The same file again: 0003 if it were not queued.
      const queued = await running();
      expect((await busy).code).toBe(4);
      expect(queued.restarting).toBe(true);
      expect((await bird.ask('show status')).lines.at(-1)?.text).toBe('Daemon is up and running');
    });
  });

  it('gives up when BIRD is still at work at the deadline', async () => {
    await bird.writeConfig(config('10.0.0.1', manyRoutes(20)));
    await configure();
    await bird.writeConfig(config('10.0.0.2'));
    // A day passes at every look at the clock.
    let day = 0;
    const clock: Clock = { now: () => day++ * 86_400_000, sleep: async () => {} };
    await expect(configure(bird.configFile, clock)).rejects.toMatchObject({ code: 'timeout', retryable: true });
  });

  it('tells where BIRD refuses the file', async () => {
    const before = (await bird.ask('show status')).lines;
    await bird.writeConfig(`${config('10.0.0.9')}nonsense;\n`);
    expect(await configure()).toEqual({
      kind: 'refused',
      code: 8002,
      message: expect.stringContaining(`${bird.configFile}:4:`),
    });
    expect((await bird.ask('show status')).lines[1]).toEqual(before[1]);
  });

  it('notices that BIRD reads another file', async () => {
    const other = join(bird.dir, 'other.conf');
    await writeFile(other, config('10.0.0.1'));
    await expect(configure(other)).rejects.toMatchObject({
      stage: 'reload',
      code: 'config-file-mismatch',
      retryable: true,
      message: expect.stringMatching(`reads ${bird.configFile}, not ${other}: start it with -c ${other}`),
    });
    await expect(configure(join(bird.dir, 'missing.conf'))).rejects.toMatchObject({ code: 'config-file-mismatch' });
  });

  it('blames the path, not the file, when BIRD refuses another file than ours', async () => {
    const other = join(bird.dir, 'other.conf');
    await writeFile(other, config('10.0.0.1'));
    await bird.writeConfig('nonsense;\n');
    await expect(configure(other)).rejects.toMatchObject({ code: 'config-file-mismatch' });
  });

  it('knows the same file by another path', async () => {
    await mkdir(join(bird.dir, 'real'));
    await rename(bird.configFile, join(bird.dir, 'real', 'bird.conf'));
    await symlink(join('real', 'bird.conf'), bird.configFile);
    expect((await running(join(bird.dir, 'real', 'bird.conf'))).restarting).toBe(false);
  });
});

describe('configure, on a server that answers as no healthy BIRD can be made to', () => {
  let dir: string;
  let server: Server | undefined;
  const socket = () => join(dir, 'bird.ctl');
  const configFile = () => join(dir, 'bird.conf');
  const configure = () => ask(socket(), configFile());
  const reading = () => `0002-Reading configuration from ${configFile()}\n`;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-configure-'));
  });
  afterEach(async () => {
    server?.close();
    server = undefined;
    await rm(dir, { recursive: true, force: true });
  });

  /** Answers each command with the next text. */
  async function serve(...answers: string[]): Promise<void> {
    const listening = createServer((client) => {
      client.on('error', () => {});
      client.write('0001 BIRD 1.6.8 ready.\n');
      client.on('data', () => client.write(answers.shift() ?? '9001 syntax error\n'));
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen(socket(), resolve));
  }

  it('is told that BIRD ignores the request', async () => {
    await serve(`${reading()}0006 Reconfiguration ignored, shutting down\n`);
    await expect(configure()).rejects.toMatchObject({ code: 'shutting-down', retryable: true });
  });

  it('is told that BIRD goes down after the request', async () => {
    await serve(`${reading()}0004 Reconfiguration in progress\n`, '1000-BIRD 1.6.8\n0013 Shutdown in progress\n');
    await expect(configure()).rejects.toMatchObject({ code: 'shutting-down', retryable: true });
  });

  it('does not take a status that it does not know for success', async () => {
    await serve(`${reading()}0003 Reconfigured\n`, '1000-BIRD 1.6.8\n0013 Daemon is asleep\n');
    await expect(configure()).rejects.toMatchObject({ code: 'garbage', retryable: true });
  });

  it('does not take an answer that names no file for success', async () => {
    await serve('0003 Reconfigured\n');
    await expect(configure()).rejects.toMatchObject({ code: 'config-file-mismatch' });
  });

  it('passes on that there is no socket', async () => {
    await expect(configure()).rejects.toMatchObject({ code: 'socket-missing', retryable: true });
  });
});
