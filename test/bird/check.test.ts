import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flavourOf, parseVersion } from '../../src/bird/ask-version.ts';
import { CheckRejected, checkConfig } from '../../src/bird/check.ts';

const BIRD = '/usr/sbin/bird';
const BIRD6 = '/usr/sbin/bird6';
const GOOD = 'router id 10.0.0.1;\nprotocol device { scan time 60; }\n';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'birdconfd-check-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(dir, name), text);
  return join(dir, name);
}
/** A program in place of BIRD that ends as no BIRD can be brought to end. */
async function program(body: string): Promise<string> {
  const path = await write('program', `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}
const signal = new AbortController().signal;
const check = (binary: string, configFile: string, timeoutMs = 10_000) =>
  checkConfig({ binary, configFile, signal, timeoutMs });
const fault = (code: string) => ({ name: 'StageError', stage: 'check', code, retryable: true });

describe('checkConfig', () => {
  it('accepts what BIRD accepts, in either family', async () => {
    const file = await write('bird.conf', GOOD);
    await expect(check(BIRD, file)).resolves.toBeUndefined();
    await expect(check(BIRD6, file)).resolves.toBeUndefined();
  });

  it('finds a binary that is named without a path', async () => {
    await expect(check('bird', await write('bird.conf', GOOD))).resolves.toBeUndefined();
  });

  it('tells where BIRD refuses a file, and that trying again is useless', async () => {
    const file = await write('bird.conf', `${GOOD}protocol static { route nowhere; }\n`);
    const rejection = check(BIRD, file);
    await expect(rejection).rejects.toBeInstanceOf(CheckRejected);
    await expect(rejection).rejects.toMatchObject({
      stage: 'check',
      code: 'rejected',
      retryable: false,
      file,
      line: 3,
      column: 25,
      text: 'IP address expected',
      message: expect.stringContaining(`${file}:3:25 IP address expected`),
    });
  });

  it('names the included file that holds the fault', async () => {
    const aggr = await write('bird_aggr.cfg', 'function f()\n{ nonsense; }\n');
    const file = await write('bird.cfg', `${GOOD}include "bird_aggr.cfg";\n`);
    await expect(check(BIRD, file)).rejects.toMatchObject({ code: 'rejected', file: aggr, line: 2 });
  });

  it('knows a refusal without a place', async () => {
    await expect(check(BIRD, join(dir, 'missing.conf'))).rejects.toMatchObject({
      code: 'rejected',
      file: null,
      line: null,
      column: null,
      text: null,
      message: expect.stringContaining('Unable to open configuration file'),
    });
  });

  it('reads where BIRD 3 refuses a file, below what it only warns of', async () => {
    const binary = await program(
      `echo 'bird: b.conf:1:2 Missing authentication option, assuming MD5' >&2
       echo 'bird: 2026-11-21 19:17:49.308 [0000] <FATAL> /a:b/bird.conf:7:9 syntax error, unexpected IMPORT' >&2
       exit 1`,
    );
    const found = { file: '/a:b/bird.conf', line: 7, column: 9, text: 'syntax error, unexpected IMPORT' };
    await expect(check(binary, 'bird.conf')).rejects.toMatchObject({ code: 'rejected', ...found });
  });

  it('judges by the exit code, not by what is printed', async () => {
    const binary = await program("echo 'bird: bird.conf:33:1 Missing authentication option' >&2");
    await expect(check(binary, 'bird.conf')).resolves.toBeUndefined();
  });

  it('hands over neither our environment nor a shell', async () => {
    const binary = await program(`env > ${join(dir, 'env')}; echo "$3" > ${join(dir, 'file')}`);
    process.env.BIRDCONFD_TEST_PASSWORD = 'hunter2';
    await check(binary, '$(touch x); "y"');
    delete process.env.BIRDCONFD_TEST_PASSWORD;
    expect(await readFile(join(dir, 'env'), 'utf8')).not.toContain('hunter2');
    expect(await readFile(join(dir, 'file'), 'utf8')).toBe('$(touch x); "y"\n');
  });

  it('tells a missing checker from a refusal', async () => {
    await expect(check(join(dir, 'no-bird'), 'bird.conf')).rejects.toMatchObject(fault('checker-missing'));
  });

  it('tells a checker that may not be run, dies, ends oddly or floods from a refusal', async () => {
    const file = await write('bird.conf', GOOD);
    await expect(check(file, file)).rejects.toMatchObject(fault('checker-failed'));
    await expect(check(await program('kill -SEGV $$'), file)).rejects.toMatchObject(fault('checker-failed'));
    await expect(check(await program('exit 127'), file)).rejects.toMatchObject(fault('checker-failed'));
    await expect(check(await program('yes >&2'), file)).rejects.toMatchObject(fault('checker-failed'));
  });

  it('does not wait for a checker that hangs, nor for what that started', async () => {
    const started = Date.now();
    await expect(check(await program('sleep 30; exit 0'), 'bird.conf', 100)).rejects.toMatchObject(fault('timeout'));
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it('stops when it is aborted', async () => {
    const abort = new AbortController();
    const options = { binary: await program('sleep 30; exit 0'), configFile: 'bird.conf', signal: abort.signal };
    const checking = checkConfig(options);
    abort.abort();
    await expect(checking).rejects.toMatchObject(fault('aborted'));
  });
});

describe('flavourOf', () => {
  it('asks the binary itself', async () => {
    expect(await flavourOf(BIRD)).toBe('1.6');
    expect(await flavourOf(BIRD6)).toBe('1.6');
    expect(await flavourOf(await program('echo "BIRD version v0.3.3+birdv1.6.8" >&2'))).toBe('calico');
  });

  it('tells a missing binary', async () => {
    await expect(flavourOf(join(dir, 'no-bird'))).rejects.toMatchObject(fault('checker-missing'));
  });

  it.each([
    ['BIRD version 1.6.8\n', '1.6'],
    ['BIRD version v0.3.3+birdv1.6.8\n', 'calico'],
    ['BIRD version v0.3.3-208-g1e2ff99d+birdv1.6.8', 'calico'],
    ['BIRD version 2.0.12\n', 'unknown:2.0.12'],
    ['BIRD version 1.60\n', 'unknown:1.60'],
    ['usage: cat\n', 'unknown:usage: cat'],
  ])('reads %j as %s', (output, flavour) => {
    expect(parseVersion(output)).toBe(flavour);
  });
});
