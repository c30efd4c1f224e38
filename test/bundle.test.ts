import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SMALL_CLUSTER } from './support/cluster.ts';
import { startEtcd } from './support/etcd.ts';
import { temporaryFolder } from './support/folder.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const build = (...options: string[]) => run(process.execPath, [join(root, 'scripts/build.mjs'), ...options]);

/** Built into a folder far from node_modules, and run from elsewhere still. */
describe('the bundle', () => {
  let home: string;
  const birdconfd = (...args: string[]) => run(join(home, 'dist/main.js'), args, { cwd: '/' });
  const render = async (...source: string[]) => {
    const output = await temporaryFolder();
    await birdconfd('render', ...source, '--node', 'node-a', '--layout', 'calico', '--output', output);
    return readFile(join(output, 'bird.cfg'), 'utf8');
  };

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'birdconfd-bundle-'));
    await build('--outdir', join(home, 'dist'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('is an executable that tells the version of package.json', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect((await birdconfd('--version')).stdout).toBe(`${version}\n`);
  });

  it('renders from etcd without a file of its protocol', async () => {
    const etcd = await startEtcd();
    try {
      for (const [key, value] of SMALL_CLUSTER) await etcd.client.put(key).value(value);
      const text = await render('--datastore', 'etcdv3', '--endpoints', etcd.endpoint);
      expect(text).toContain('neighbor 192.0.2.2 as 64512');
    } finally {
      await etcd.stop();
    }
  });

  it('renders from YAML', async () => {
    const input = join(await temporaryFolder(), 'in.yaml');
    const documents = ['node-a', 'node-b'].map((name, at) => [
      'apiVersion: projectcalico.org/v3',
      'kind: Node',
      `metadata: {name: ${name}}`,
      `spec: {bgp: {ipv4Address: 192.0.2.${at + 1}/24}}`,
    ]);
    await writeFile(input, documents.map((lines) => `${lines.join('\n')}\n`).join('---\n'));
    expect(await render('--input', input)).toContain('neighbor 192.0.2.2 as 64512');
  });

  it('imports every part of itself', async () => {
    const dist = join(home, 'dist');
    const parts = (await readdir(dist, { recursive: true })).filter((name) => /^chunks\/.*\.js$/.test(name));
    expect(parts.length).toBeGreaterThan(10);
    const imports = parts.map((name) => `import ${JSON.stringify(`./${name}`)};`).join('\n');
    await writeFile(join(dist, 'all.mjs'), `${imports}\nconsole.log('all there');\n`);
    expect((await run(process.execPath, [join(dist, 'all.mjs')], { cwd: '/' })).stdout).toBe('all there\n');
  });

  it('brings the licence of every package in it', async () => {
    const notices = await readFile(join(home, 'dist/THIRD-PARTY.txt'), 'utf8');
    for (const name of ['etcd3', '@grpc/grpc-js', 'handlebars', 'yaml']) {
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
    }
  });
});

describe('a build', () => {
  it('leaves equal files alone, changes the others and removes what no longer belongs there', async () => {
    const folder = await temporaryFolder();
    const [entry, outdir] = [join(folder, 'entry.ts'), join(folder, 'dist')];
    const inode = async () => (await stat(join(outdir, 'main.js'))).ino;
    await writeFile(entry, `console.log('first');`);
    await build('--entry', entry, '--outdir', outdir);
    const first = await inode();

    await writeFile(join(outdir, 'stale.js'), '');
    await build('--entry', entry, '--outdir', outdir);
    expect(await inode()).toBe(first);
    expect(await readdir(outdir)).not.toContain('stale.js');

    await writeFile(entry, `console.log('second');`);
    await build('--entry', entry, '--outdir', outdir);
    expect((await run(join(outdir, 'main.js'))).stdout).toBe('second\n');
  });
});
