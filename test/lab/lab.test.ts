import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBird } from '../../scripts/lab/bird.mjs';
import { type Lab, labUp } from '../../scripts/lab/lab.mjs';
import { eventually } from '../support/eventually.ts';

const LAB = new URL('../../scripts/lab/', import.meta.url);

let dir: string;
let lab: Lab | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'birdconfd-lab-'));
});
afterEach(async () => {
  await lab?.down();
  lab = undefined;
  await rm(dir, { recursive: true, force: true });
});

/** A speaker at 10.0.0.<me> with a route of its own, and one neighbor. */
const config = (me: number, neighbor: number) => `
router id 10.0.0.${me};
protocol device { }
protocol direct { interface "eth0"; }
protocol kernel { export all; }
protocol static own { route 10.48.${me}.0/26 blackhole; }
protocol bgp session {
  local as 64512; neighbor 10.0.0.${neighbor} as 64512; source address 10.0.0.${me}; multihop; gateway recursive;
  connect delay time 1; connect retry time 1; import all; export where proto = "own";
}
`;

async function options(name: string, text: string, binary = 'bird') {
  const configFile = join(dir, `${name}.conf`);
  await writeFile(configFile, text);
  return { binary, configFile, socket: join(dir, `${name}.ctl`), log: join(dir, `${name}.log`) };
}
const namespaceOf = (pid: number | 'self') => readlinkSync(`/proc/${pid}/ns/net`);
const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}/exe`) && readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z';

describe('a lab', () => {
  it('lets BIRDs peer over its bridge, each in a network of its own', async () => {
    lab = await labUp({
      nodes: [
        { name: 'a', address: '10.0.0.1/24' },
        { name: 'b', address: '10.0.0.2/24' },
      ],
    });
    const a = await lab.node('a').startBird(await options('a', config(1, 2)));
    const b = await lab.node('b').startBird(await options('b', config(2, 1)));
    expect(new Set([namespaceOf('self'), namespaceOf(a.pid), namespaceOf(b.pid)]).size).toBe(3);
    await eventually(
      async () => {
        expect(await a.protocols()).toContainEqual(expect.objectContaining({ name: 'session', info: 'Established' }));
        expect(await b.routes()).toContainEqual({
          prefix: '10.48.1.0/26',
          via: 'via 10.0.0.1 on eth0',
          protocol: 'session',
        });
        expect(await lab?.node('b').ip('route')).toContain('10.48.1.0/26 via 10.0.0.1 dev eth0 proto bird');
      },
      { timeoutMs: 30_000 },
    );
    expect(spawnSync('ip', ['route']).stdout.toString()).not.toContain('10.48.');
  });

  it('takes in a node later, and speaks IPv6', async () => {
    lab = await labUp({ nodes: [{ name: 'a', address: 'fd00::1/64' }] });
    const b = await lab.addNode({ name: 'b', address: 'fd00::2/64' });
    await expect(lab.addNode({ name: 'b', address: 'fd00::3/64' })).rejects.toThrow('has a node b already');
    expect(await b.ip('route get fd00::1')).toContain('dev eth0');
    const bird = await b.startBird(await options('b', 'router id 10.0.0.2;\nprotocol device { }\n', 'bird6'));
    expect(await bird.protocols()).toMatchObject([{ name: 'device1', state: 'up' }]);
  });

  it('refuses to start a BIRD in the network of this machine', async () => {
    const log = join(dir, 'a.log');
    const refused = startBird(process.pid, await options('a', config(1, 2)));
    await expect(refused).rejects.toThrow("this is the machine's own network namespace: bird is not started here");
    // Some machines do not even let root look into the namespace of pid 1: no BIRD starts there either.
    await expect(startBird(1, await options('a', config(1, 2)))).rejects.toThrow('did not start');
    expect(readFileSync(log, 'utf8')).not.toContain('Started');
  });

  it('says why a BIRD did not start', async () => {
    lab = await labUp({ nodes: [{ name: 'a', address: '10.0.0.1/24' }] });
    const starting = lab.node('a').startBird(await options('a', 'nonsense;\n'));
    await expect(starting).rejects.toThrow(/did not start: .*a\.conf:1:\d+ syntax error/);
  });

  it('takes failure replies for errors, and ends every BIRD when it goes down', async () => {
    lab = await labUp({ nodes: [{ name: 'a', address: '10.0.0.1/24' }] });
    const bird = await lab.node('a').startBird(await options('a', config(1, 2)));
    await expect(bird.ask('show nonsense')).rejects.toThrow('9001 syntax error');
    const holder = lab.node('a').pid;
    await lab.down();
    expect([bird.pid, holder].filter(isAlive)).toEqual([]);
    await expect(bird.ask('show status')).rejects.toThrow('ENOENT');
  });

  it('leaves nothing behind when the process that made it is killed', async () => {
    const script = `
      import { labUp } from ${JSON.stringify(new URL('lab.mjs', LAB).href)};
      const lab = await labUp({ nodes: [{ name: 'a', address: '10.0.0.1/24' }] });
      const bird = await lab.node('a').startBird(${JSON.stringify(await options('a', config(1, 2)))});
      console.log(JSON.stringify([lab.node('a').pid, bird.pid]));
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(child, 'exit').then(() => Promise.reject(new Error('the script ended by itself')));
    const [line] = await Promise.race([once(child.stdout, 'data'), gone]);
    gone.catch(() => {});
    const pids: number[] = JSON.parse(String(line));
    expect(pids.filter(isAlive)).toEqual(pids);
    child.kill('SIGKILL');
    await eventually(() => expect(pids.filter(isAlive)).toEqual([]));
  });
});

const AS_NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];

describe('becomeRoot', () => {
  const script = (body: string) => `
    import { becomeRoot } from ${JSON.stringify(new URL('become-root.mjs', LAB).href)};
    if (await becomeRoot()) { ${body} }
  `;
  const run = async (body: string, asNobody: boolean) => {
    const file = join(dir, 'script.mjs');
    await writeFile(file, script(body), { mode: 0o644 });
    const node = [process.execPath, file, 'argument'];
    const [command = '', ...args] = asNobody ? ['setpriv', ...AS_NOBODY, ...node] : node;
    return spawnSync(command, args, { encoding: 'utf8' });
  };

  it('goes on as it is where it is root already', async () => {
    expect(await run('console.log(process.ppid)', false)).toMatchObject({ status: 0, stdout: `${process.pid}\n` });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('lets its other self end in its own way on %s', async (signal) => {
    await chmod(dir, 0o755);
    const file = join(dir, 'script.mjs');
    const end = "process.on('SIGINT', () => process.exit(9)).on('SIGTERM', () => process.exit(9));";
    await writeFile(file, script(`${end} console.log(process.pid); setInterval(() => {}, 1000);`));
    const child = spawn('setpriv', [...AS_NOBODY, process.execPath, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [pid] = await once(child.stdout, 'data');
    const exit = once(child, 'exit');
    child.kill(signal);
    expect(await exit).toEqual(signal === 'SIGKILL' ? [null, 'SIGKILL'] : [9, null]);
    await eventually(() => expect(isAlive(Number(pid))).toBe(false));
  });

  it('runs the same command as root of a namespace otherwise, and passes its end on', async () => {
    await chmod(dir, 0o755);
    const body = 'console.log(process.getuid(), process.argv[2]); process.exitCode = 7;';
    expect(await run(body, true)).toMatchObject({ status: 7, stdout: '0 argument\n' });
    expect(await run("process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000)", true)).toMatchObject({
      status: 137,
    });
  });
});
