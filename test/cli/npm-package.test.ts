import { execFile } from 'node:child_process';
import { readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { SMALL_CLUSTER } from '../support/cluster.ts';
import { temporaryFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

it('the npm package installs globally, and renders there', { timeout: 300_000 }, async () => {
  const dir = await temporaryFolder();
  const prefix = join(dir, 'prefix');
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: root });
  const [packed = ''] = (await readdir(dir)).filter((name) => name.endsWith('.tgz'));
  await run('npm', ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', join(dir, packed)], {
    cwd: dir,
  });
  const birdconfd = join(prefix, 'bin', 'birdconfd');
  // The bundle as it was packed, not a link to this tree.
  expect(await realpath(birdconfd)).toBe(join(await realpath(prefix), 'lib/node_modules/birdconfd/dist/main.js'));
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  expect((await run(birdconfd, ['--version'])).stdout).toBe(`${version}\n`);
  // Its templates came along.
  const input = join(dir, 'etcd.json');
  await writeFile(input, JSON.stringify(Object.fromEntries(SMALL_CLUSTER)));
  await run(birdconfd, ['render', '--input', input, '--node', 'node-a', '--bird', '1.6', '--output', join(dir, 'out')]);
  expect(await readFile(join(dir, 'out', 'bird.conf'), 'utf8')).toContain('protocol bgp Mesh_192_0_2_2 ');
});
