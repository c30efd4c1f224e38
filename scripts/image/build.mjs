#!/usr/bin/env node
// Builds the Dockerfile as it stands, with buildah and without a container engine or a registry of images, and prints where the result's
// root file system lies and the image's configuration, as JSON: {"root", "size", "config"}.
//   node scripts/image/build.mjs
// Everything is kept in a storage of its own below the user's cache folder; what is up to date is not built again. One build at a time: the
// others wait for it. Progress on stderr.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BASE, makeBase } from './base.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'birdconfd-image');

/** Runs a program with its progress on stderr and returns what it prints; throws when it fails. */
function run(command, args, options = {}) {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
    maxBuffer: 1 << 26,
    ...options,
  });
  if (done.error) throw new Error(`${command} could not be started: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${done.status ?? done.signal}`);
  return done.stdout?.trim() ?? '';
}

const storage = ['--root', join(cache, 'storage'), '--runroot', join(cache, 'run'), '--storage-driver', 'vfs'];
const buildah = (args, options) => run('buildah', [...storage, ...args], options);
const isThere = (image) => spawnSync('buildah', [...storage, 'inspect', '--type', 'image', image]).status === 0;

/** The files that the Dockerfile copies, by .dockerignore, which names each folder of them. */
function contextFiles() {
  const named = readFileSync(join(root, '.dockerignore'), 'utf8').match(/^!.+$/gm) ?? [];
  const below = (path) =>
    statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => below(join(path, name))) : [path];
  return named.flatMap((line) => below(join(root, line.slice(1)))).sort();
}

/** Another text wherever the image would be another one. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const path of [join(root, 'Dockerfile'), ...contextFiles()]) {
    hash.update(`${relative(root, path)} ${statSync(path).mode.toString(8)}\0`).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}

/** How this machine reaches npm's and Debian's registries is told to the build by files that are only there while it runs. */
function hostSettings() {
  const dir = join(cache, 'host');
  mkdirSync(dir, { recursive: true });
  const npm = (key) => run('npm', ['config', 'get', key], { cwd: cache }).replace(/^(null|undefined)$/, '');
  const authority = npm('cafile') || process.env.NODE_EXTRA_CA_CERTS || '';
  const settings = [`registry=${npm('registry')}`];
  const volumes = [];
  if (authority !== '' && existsSync(authority)) {
    copyFileSync(authority, join(dir, 'authority.crt'));
    settings.push('cafile=/run/authority.crt');
    volumes.push(`${join(dir, 'authority.crt')}:/run/authority.crt:ro`);
  }
  writeFileSync(join(dir, 'npmrc'), `${settings.join('\n')}\n`);
  const acquire = run('apt-config', ['dump', 'Acquire'])
    .split('\n')
    .filter((line) => /^Acquire::(https?|Check-|Retries|ForceIPv)/.test(line));
  writeFileSync(join(dir, 'apt.conf'), `${acquire.join('\n')}\n`);
  volumes.push(
    `${join(dir, 'npmrc')}:/usr/local/etc/npmrc:ro`,
    `${join(dir, 'apt.conf')}:/etc/apt/apt.conf.d/99host:ro`,
  );
  return volumes.flatMap((volume) => ['--volume', volume]);
}

const DAY_MS = 86_400_000;
const containers = () => JSON.parse(buildah(['containers', '--json'])) ?? [];

/** Removes what earlier trees came to. What is younger than a day may be in use by the tests of another tree. */
function removeOld(tag) {
  for (const { names, created } of JSON.parse(buildah(['images', '--json']))) {
    const name = (names ?? []).find((each) => each.startsWith('localhost/birdconfd:'));
    if (!name || name.endsWith(`/${tag}`) || Date.now() - created * 1000 < DAY_MS) continue;
    for (const { id, imagename } of containers()) if (imagename === name) buildah(['rm', id]);
    buildah(['rmi', name]);
  }
}

function build() {
  if (!isThere(BASE)) makeBase(cache, { run, buildah });
  const tag = `birdconfd:${fingerprint()}`;
  if (!isThere(tag)) {
    const how = ['--isolation', 'chroot', '--pull-never', '--format', 'docker', ...hostSettings()];
    buildah(['bud', ...how, '--tag', tag, root], { stdio: ['ignore', 2, 2] });
  }
  removeOld(tag);
  const name = tag.replace(':', '-');
  if (!containers().some(({ containername }) => containername === name))
    buildah(['from', '--pull-never', '--name', name, tag]);
  const about = JSON.parse(buildah(['inspect', '--type', 'image', tag])).Docker;
  const mounted = buildah(['mount', name]);
  const { size } = JSON.parse(buildah(['images', '--json', tag]))[0];
  console.log(JSON.stringify({ root: mounted, size, config: about.config }));
}

mkdirSync(cache, { recursive: true });
if (process.argv[2] === '--locked') build();
else {
  // A killed build leaves no lock behind.
  const again = [process.execPath, fileURLToPath(import.meta.url), '--locked'];
  const done = spawnSync('flock', [join(cache, 'lock'), ...again], { stdio: ['ignore', 'inherit', 'inherit'] });
  process.exitCode = done.status ?? 1;
}
