import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BirdSession, withBirdSocket } from '../../src/bird/control-socket.ts';
import { startBird, type TestBird } from '../support/bird.ts';

const CONFIG = 'router id 10.0.0.1;\nprotocol device { scan time 60; }\n';

const never = () => new AbortController().signal;
const status = (session: BirdSession) => session.command('show status');
const ask = (path: string, timeoutMs = 10_000) => withBirdSocket(path, { signal: never(), timeoutMs }, status);
const fault = (code: string) => ({ name: 'StageError', stage: 'reload', code, retryable: true });

describe('with a BIRD', () => {
  let bird: TestBird;
  beforeEach(async () => {
    bird = await startBird(CONFIG);
  });
  afterEach(() => bird.stop());

  it('greets, and answers one command after the other on one connection', async () => {
    await withBirdSocket(bird.socket, { signal: never(), timeoutMs: 10_000 }, async (session) => {
      expect(session.greeting).toBe('BIRD 1.6.8 ready.');
      expect((await session.command('show status')).code).toBe(13);
      expect((await session.command('no such command')).code).toBe(9001);
      expect((await session.command('show protocols')).lines.map((l) => l.text).join('\n')).toContain('device1');
    });
  });

  it('closes the connection, also when its user throws', async () => {
    let kept: BirdSession | undefined;
    const failing = withBirdSocket(bird.socket, { signal: never(), timeoutMs: 10_000 }, async (session) => {
      kept = session;
      throw new Error('mine');
    });
    await expect(failing).rejects.toThrow('mine');
    await expect(kept?.command('show status')).rejects.toMatchObject(fault('connection-lost'));
  });

  it('keeps to one command at a time, of one line that fits into the buffer of BIRD', async () => {
    await withBirdSocket(bird.socket, { signal: never(), timeoutMs: 10_000 }, async (session) => {
      const first = session.command('show status');
      await expect(session.command('show status')).rejects.toThrow('one command at a time');
      expect((await first).code).toBe(13);
      await expect(session.command('show status\ndown')).rejects.toThrow('no command');
      await expect(session.command(' '.repeat(1001))).rejects.toThrow('no command');
      expect((await session.command('show status')).code).toBe(13);
    });
  });

  it('says that the connection was lost when BIRD goes down', async () => {
    const asking = withBirdSocket(bird.socket, { signal: never(), timeoutMs: 10_000 }, async (session) => {
      expect((await session.command('down')).code).toBe(7);
      for (;;) await session.command('show status');
    });
    await expect(asking).rejects.toMatchObject(fault('connection-lost'));
  });

  it('says that nobody listens when BIRD has crashed and left its socket', async () => {
    await bird.crash();
    await expect(ask(bird.socket)).rejects.toMatchObject(fault('socket-refused'));
  });

  it('stops at once when it is aborted', async () => {
    const abort = new AbortController();
    const asking = withBirdSocket(bird.socket, { signal: abort.signal, timeoutMs: 10_000 }, async (session) => {
      await session.command('show status');
      abort.abort();
      await session.command('show status');
    });
    await expect(asking).rejects.toMatchObject(fault('aborted'));
    const late = withBirdSocket(bird.socket, { signal: abort.signal, timeoutMs: 10_000 }, status);
    await expect(late).rejects.toMatchObject(fault('aborted'));
  });
});

describe('without a BIRD', () => {
  let dir: string;
  let path: string;
  const servers: Server[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-socket-'));
    path = join(dir, 'bird.ctl');
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    await rm(dir, { recursive: true, force: true });
  });

  /** A server that breaks BIRD's protocol in one way: what BIRD itself cannot be brought to do. */
  async function serve(misbehave: (client: Socket) => void): Promise<void> {
    const server = createServer((client) => {
      client.on('error', () => {});
      misbehave(client);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
  }

  it('says where the socket is missing and how to start BIRD', async () => {
    await expect(ask(path)).rejects.toMatchObject({
      ...fault('socket-missing'),
      message: expect.stringContaining(`-s ${path}`),
    });
    await expect(ask(join(path, 'deeper'))).rejects.toMatchObject(fault('socket-missing'));
  });

  it('says that nobody listens on a file that is no socket', async () => {
    await writeFile(path, '');
    await expect(ask(path)).rejects.toMatchObject(fault('socket-refused'));
  });

  it('gives up on a server that never greets', async () => {
    await serve(() => {});
    await expect(ask(path, 50)).rejects.toMatchObject(fault('timeout'));
  });

  it('gives up on a command that is never answered, and takes no late answer for another', async () => {
    let closed: Promise<unknown> | undefined;
    await serve((client) => {
      closed = once(client, 'close');
      client.write('0001 BIRD 1.6.8 ready.\n');
      client.once('data', () => client.write('1000-BIRD 1.6.8\n'));
    });
    await withBirdSocket(path, { signal: never(), timeoutMs: 50 }, async (session) => {
      await expect(session.command('show status')).rejects.toMatchObject(fault('timeout'));
      await closed;
      await expect(session.command('show status')).rejects.toMatchObject(fault('timeout'));
    });
  });

  it('says that the connection was lost in the middle of an answer', async () => {
    await serve((client) => {
      client.write('0001 BIRD 1.6.8 ready.\n');
      client.once('data', () => client.end('0002-Reading configuration from /a\n0003 Recon'));
    });
    await expect(ask(path)).rejects.toMatchObject(fault('connection-lost'));
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['another greeting', '0000 \n'],
    ['an endless line', '0'.repeat(70_000)],
    ['an answer that nobody asked for', '0001 BIRD 1.6.8 ready.\n0003 Reconfigured\n'],
  ])('calls %s garbage', async (_, text) => {
    await serve((client) => client.write(text));
    await expect(ask(path)).rejects.toMatchObject(fault('garbage'));
  });
});
