import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BirdDaemon, withBirdDaemon } from '../../src/bird/daemon-session.ts';
import { isSameMoment } from '../../src/bird/same-moment.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { eventually } from '../support/eventually.ts';

const config = (name: string) => `router id 10.0.0.1;\nprotocol device { }\nprotocol static ${name} { }\n`;

describe('withBirdDaemon', () => {
  let bird: TestBird;
  let server: Server | undefined;
  const talk = <T>(use: (daemon: BirdDaemon) => Promise<T>, socket = bird.socket) => {
    const options = { configFile: bird.configFile, signal: new AbortController().signal, clock: systemClock };
    return withBirdDaemon(socket, options, use);
  };
  /** The name by which the running configuration is known. */
  const runs = async (daemon: BirdDaemon) =>
    (await daemon.observe()).protocols.find(({ type }) => type === 'Static')?.name;

  beforeEach(async () => {
    bird = await startBird(config('alpha'));
  });
  afterEach(async () => {
    server?.close();
    server = undefined;
    await bird.stop();
  });

  it('takes several steps on one connection', async () => {
    await bird.writeConfig(config('beta'));
    await talk(async (daemon) => {
      const before = await daemon.observe();
      expect(before.protocols.map(({ name }) => name)).toEqual(['device1', 'alpha']);
      expect(before.gracefulRestart).toBe(false);
      const verdict = await daemon.configure({ undoSeconds: 60 });
      expect(verdict.kind).toBe('running');
      const after = await daemon.observe();
      expect(after.protocols.map(({ name }) => name).sort()).toEqual(['beta', 'device1']);
      expect(isSameMoment(before.boot, after.boot)).toBe(true);
      expect(await daemon.confirm()).toBe('confirmed');
      expect(await daemon.confirm()).toBe('nothing-to-confirm');
      expect(await daemon.undo()).toMatchObject({ kind: 'running' });
      expect(await runs(daemon)).toBe('alpha');
      expect(await daemon.undo()).toBe('nothing-to-undo');
    });
  });

  it('asks for an undo that comes by itself, and tells from the confirmation that it came', async () => {
    await bird.writeConfig(config('beta'));
    await talk(async (daemon) => {
      await daemon.configure({ undoSeconds: 1 });
      expect(await runs(daemon)).toBe('beta');
      await eventually(async () => expect(await runs(daemon)).toBe('alpha'));
      expect(await daemon.confirm()).toBe('nothing-to-confirm');
    });
  });

  it('tells a refusal in words of BIRD, where it is and without the password that stands there', async () => {
    await bird.writeConfig(`${config('beta')}protocol bgp peer { password "sesame" nonsense; }\n`);
    const verdict = await talk((daemon) => daemon.configure());
    expect(verdict).toEqual({ kind: 'refused', code: 8002, message: expect.stringMatching(/:4:\d+ syntax error$/) });
    await bird.writeConfig(`${config('beta')}protocol bgp peer { password sesame; }\n`);
    const unquoted = await talk((daemon) => daemon.configure());
    expect(unquoted).toMatchObject({ kind: 'refused', message: expect.stringContaining(`${bird.configFile}:4:`) });
    expect(JSON.stringify([verdict, unquoted])).not.toContain('sesame');
  });

  it('knows a BIRD in recovery, which says that it is up', async () => {
    const reply = [
      '1000-BIRD 1.6.8',
      '1011-Router ID is 10.0.0.1',
      ' Last reboot on 2026-11-22 00:50:59',
      ' Last reconfiguration on 2026-11-22 00:50:59',
      '0024-Graceful restart recovery in progress',
      ' Waiting for 1 protocols to recover',
      ' Wait timer is 239/240',
      '0013 Daemon is up and running',
      '',
    ].join('\n');
    const socket = await serve(reply, '2002-name\n1002-device1  Device   master   up     00:50:59    \n0000 \n');
    expect(await talk((daemon) => daemon.observe(), socket)).toMatchObject({
      boot: '2026-11-22 00:50:59',
      reconfigured: '2026-11-22 00:50:59',
      gracefulRestart: true,
      protocols: [{ name: 'device1' }],
    });
  });

  it.each([
    ['confirm', ['9001 syntax error\n'], 'garbage'],
    ['undo', ['0021-Undo requested\n0006 Reconfiguration ignored, shutting down\n'], 'shutting-down'],
    ['observe', ['1000-BIRD 1.6.8\n0013 Shutdown in progress\n'], 'shutting-down'],
    ['observe', ['1000-BIRD 1.6.8\n0013 Daemon is up and running\n', '0000 \n'], 'garbage'],
  ] as const)('%s rejects where the answer is %j', async (step, answers, code) => {
    const socket = await serve(...answers);
    await expect(talk((daemon) => daemon[step]() as Promise<unknown>, socket)).rejects.toMatchObject({
      stage: 'reload',
      code,
      retryable: true,
    });
  });

  /** What no healthy BIRD can be made to say, one answer a command. */
  async function serve(...answers: string[]): Promise<string> {
    const listening = createServer((client) => {
      client.on('error', () => {});
      client.write('0001 BIRD 1.6.8 ready.\n');
      client.on('data', () => client.write(answers.shift() ?? '9001 syntax error\n'));
    });
    server = listening;
    const socket = join(bird.dir, 'other.ctl');
    await new Promise<void>((resolve) => listening.listen(socket, resolve));
    return socket;
  }
});
