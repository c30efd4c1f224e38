import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { MAIN } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

const run = promisify(execFile);

/** In a network of its own nothing else can be at etcd's usual port. */
const SCRIPT = `
ip link set lo up
etcd --data-dir "$DIR/etcd" --log-level error &
trap "kill $!" EXIT
trap 'exit 1' TERM
until ETCDCTL_API=3 etcdctl put /app/as 64512; do :; done
node "$MAIN" confd "$@"`;

it.runIf(process.getuid?.() === 0).each([
  ['the backend etcd', []],
  ['the backend etcdv3', ['-backend', 'etcdv3']],
])('without -node, %s is asked at 127.0.0.1:2379', async (_, backend) => {
  const dir = await temporaryFolder();
  for (const name of ['conf.d', 'templates']) await mkdir(join(dir, name));
  await writeFile(join(dir, 'templates/t'), 'as {{getv "/app/as"}}\n');
  await writeFile(join(dir, 'conf.d/one.toml'), `[template]\nsrc = "t"\ndest = "${dir}/one"\nkeys = ["/app"]\n`);
  const flags = [
    '-onetime',
    '-confdir',
    dir,
    '-config-file',
    join(dir, 'none'),
    '-state-dir',
    join(dir, 'state'),
    ...backend,
  ];
  const env = { PATH: process.env.PATH ?? '', DIR: dir, MAIN };
  await run('unshare', ['--net', 'bash', '-c', SCRIPT, 'bash', ...flags], { env, timeout: 60_000 });
  expect(await readFile(join(dir, 'one'), 'utf8')).toBe('as 64512\n');
});
