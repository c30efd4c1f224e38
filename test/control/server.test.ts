import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Claim, claimStateDir, SOCKET } from '../../src/control/claim.ts';
import { askService } from '../../src/control/client.ts';
import { type StatusServer, serveStatus } from '../../src/control/serve-status.ts';
import { controlRoutes, serveRoutes } from '../../src/control/server.ts';
import { UsageError } from '../../src/core/errors.ts';
import { askedOperations } from '../support/asked-operations.ts';
import { temporaryFolder } from '../support/folder.ts';

describe('what a running service answers', () => {
  let stateDir: string;
  let claim: Claim;
  let stub: ReturnType<typeof askedOperations>;
  const events: string[] = [];

  beforeEach(async () => {
    stateDir = await temporaryFolder();
    claim = await claimStateDir(stateDir);
    stub = askedOperations();
    claim.serve(serveRoutes(controlRoutes(stub.operations), (_, event) => events.push(event)));
  });
  afterEach(() => claim.release());

  const get = (path: string) => askService(stateDir, 'GET', path);
  const post = (path: string) => askService(stateDir, 'POST', path);

  /** Sends what no client of ours would, and resolves with all that comes back. */
  const sendRaw = async (text: string): Promise<string> => {
    const socket = createConnection(join(stateDir, SOCKET)).setEncoding('utf8');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => undefined).write(text);
    await once(socket, 'close');
    return answer;
  };
  const postBody = (path: string, body: string) =>
    sendRaw(`POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`);

  it('shows its status, that it lives, and whether it is ready', async () => {
    expect(JSON.parse((await get('/status')).text)).toEqual(stub.report);
    expect(await get('/livez')).toMatchObject({ status: 200, text: 'alive\n' });
    expect(await get('/readyz')).toMatchObject({ status: 200, text: 'ready\n' });
    stub.readiness = { ready: false, why: ['bird6: held', 'bird: waiting'] };
    expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready\nbird6: held\nbird: waiting\n' });
    expect((await get('/metrics')).status).toBe(404);
    expect((await get('/log')).status).toBe(404);
    stub.operations.log = () => ['one\n', 'two\n'];
    claim.serve(serveRoutes(controlRoutes(stub.operations), () => undefined));
    expect(await get('/log')).toMatchObject({ status: 200, text: 'one\ntwo\n' });
    await get('/readyz?target=bird6');
    expect(stub.asked).toEqual([['readiness', ['bird6']]]);
  });

  it('does what it is asked for, with targets, by query or as JSON', async () => {
    expect(await post('/approve')).toMatchObject({ status: 200 });
    await post('/resume?target=bird6');
    await post('/reload?target=bird&target=bird6');
    await post('/rollback?back=2&for=30m&target=bird');
    await post('/rollback');
    await postBody('/rollback', JSON.stringify({ target: ['bird', 'bird6'], back: 3, for: '90s' }));
    expect(stub.asked).toEqual([
      ['approve', null],
      ['resume', ['bird6']],
      ['reload', ['bird', 'bird6']],
      ['rollback', 2, 1_800_000, ['bird']],
      ['rollback', 1, 3_600_000, null],
      ['rollback', 3, 90_000, ['bird', 'bird6']],
    ]);
  });

  it('answers 409 with the lines when what was done is not confirmed', async () => {
    stub.result = { ok: false, lines: [{ target: 'bird', text: 'still held' }] };
    const { status, text } = await post('/approve');
    expect([status, JSON.parse(text)]).toEqual([409, stub.result]);
  });

  it('refuses what it does not know, and does nothing', async () => {
    const statuses = async (paths: readonly string[]) =>
      Promise.all(paths.map(async (path) => [path, (await post(path)).status]));
    const odd = ['/rollback?back=0', '/rollback?back=x', '/rollback?for=soon', '/rollback?for=0', '/approve?all=1'];
    expect(await statuses(odd)).toEqual(odd.map((path) => [path, 400]));
    expect(await statuses(['/nowhere', '/', '/status', '/constructor'])).toEqual([
      ['/nowhere', 404],
      ['/', 404],
      ['/status', 405],
      ['/constructor', 404],
    ]);
    expect((await get('/approve')).status).toBe(405);
    expect(await postBody('/approve', '[1]')).toMatch(/^HTTP\/1.1 400 [\s\S]*expected a JSON object/);
    expect(await postBody('/approve', '{"target"')).toMatch(/^HTTP\/1.1 400 /);
    expect(await postBody('/approve', 'x'.repeat(5000))).toMatch(/^HTTP\/1.1 413 /);
    expect(await sendRaw(`GET /livez HTTP/1.1\r\nx: ${'x'.repeat(9000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
    expect(stub.asked).toEqual([]);
  });

  it('tells what an operation refuses, and logs what breaks', async () => {
    stub.failure = new UsageError('there is no target bird7');
    expect(await post('/approve')).toMatchObject({ status: 400, text: '{"message":"there is no target bird7"}\n' });
    expect(events).toEqual([]);
    stub.failure = new Error('broken');
    expect(await post('/approve')).toMatchObject({ status: 500, text: '{"message":"broken"}\n' });
    expect(events).toEqual(['question-failed']);
  });

  describe('over TCP', () => {
    let server: StatusServer;
    beforeEach(async () => {
      server = await serveStatus(
        '127.0.0.1:0',
        { ...stub.operations, metrics: () => 'up 1\n', log: () => [] },
        () => undefined,
      );
    });
    afterEach(() => server.close());
    const fetched = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method });

    it('lets look, and not touch', async () => {
      expect(await (await fetched('/status')).json()).toEqual(stub.report);
      const metrics = await fetched('/metrics');
      expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(await metrics.text()).toBe('up 1\n');
      expect((await fetched('/log')).status).toBe(404);
      expect((await fetched('/readyz', 'HEAD')).status).toBe(200);
      const touching = ['/approve', '/resume', '/reload', '/rollback'].map(
        async (p) => (await fetched(p, 'POST')).status,
      );
      expect(await Promise.all(touching)).toEqual([404, 404, 404, 404]);
      expect(stub.asked).toEqual([]);
    });

    it('refuses what is no address, and one that is taken', async () => {
      for (const odd of ['9180', ':9180', 'localhost', '127.0.0.1:99999', '::1:9180', '']) {
        await expect(serveStatus(odd, stub.operations, () => undefined)).rejects.toThrow('expected HOST:PORT');
      }
      const taken = serveStatus(`127.0.0.1:${server.port}`, stub.operations, () => undefined);
      await expect(taken).rejects.toThrow(/--status-address 127\.0\.0\.1:\d+: .*EADDRINUSE/);
      const six = await serveStatus('[::1]:0', stub.operations, () => undefined);
      expect((await fetch(`http://[::1]:${six.port}/livez`)).status).toBe(200);
      await six.close();
    });
  });
});
