#!/usr/bin/env node
// Brings a fresh clone to readiness: the right Node, node_modules as package-lock.json says, and on request the
// Debian packages that tests, demo and benchmark need. Only node: builtins, since it runs before `npm ci`.
//   node scripts/prepare.mjs [--bird] [--etcd] [--redis] [--systemd] [--faults] [--image] [--chromium]
// Silent when everything is there; progress on stderr; exit 1 with a sentence that says what to do.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installMissing } from './debian-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a message to the person at the keyboard is enough for: no stack. */
class Unready extends Error {}

/** Whether `version` ("20.19.1") satisfies a range of `^a.b.c` and `>=a.b.c` parts joined by `||`. */
function satisfies(version, range) {
  const numbers = (text) => text.split('.').map((part) => Number.parseInt(part, 10));
  const atLeast = (a, b) => (a[0] - b[0] || a[1] - b[1] || a[2] - b[2]) >= 0;
  const have = numbers(version);
  return range.split('||').some((part) => {
    const [, operator, floor] = part.trim().match(/^(\^|>=)(\d+\.\d+\.\d+)$/) ?? [];
    if (!operator)
      throw new Unready(`package.json: engines.node has "${part.trim()}", which scripts/prepare.mjs cannot read`);
    const wanted = numbers(floor);
    return atLeast(have, wanted) && (operator === '>=' || have[0] === wanted[0]);
  });
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (satisfies(process.versions.node, engines.node)) return;
  throw new Unready(`Node ${process.versions.node} is too old or untested here: birdconfd needs Node ${engines.node}.`);
}

/**
 * Whether node_modules holds what the lockfile says. The contents are compared, not times: a checkout touches the lockfile
 * without changing it, and npm writes its own record last, so that a broken-off install has none.
 */
function modulesMatchLock() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  let installed;
  try {
    installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  } catch {
    return false;
  }
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const same = (a, b) => a.version === b.version && a.integrity === b.integrity;
  const wanted = Object.entries(locked).filter(([path]) => path !== '');
  return (
    wanted.every(([path, entry]) =>
      // Packages for other platforms are optional and never installed here.
      installed[path] ? same(entry, installed[path]) && existsSync(join(root, path)) : entry.optional === true,
    ) && Object.keys(installed).every((path) => path in locked)
  );
}

function installModules() {
  if (modulesMatchLock()) return;
  console.error('prepare: npm ci');
  // npm's own words go to stderr; --include=dev because NODE_ENV=production would leave the tools out.
  const npm = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.error) throw new Unready(`npm could not be started (${npm.error.message}): install npm, then try again.`);
  if (npm.status !== 0) throw new Unready('npm ci failed: see its message above.');
}

const known = {
  '--bird': ['bird', 'iproute2'],
  '--etcd': ['etcd-server', 'etcd-client', 'openssl'],
  '--redis': ['redis-server'],
  '--systemd': ['systemd'],
  '--faults': ['nftables', 'faketime'],
  '--image': ['buildah', 'mmdebstrap'],
  '--chromium': ['chromium'],
};
try {
  const flags = process.argv.slice(2);
  const unknown = flags.find((flag) => !(flag in known));
  if (unknown !== undefined)
    throw new Unready(
      `unknown option ${unknown}; usage: prepare.mjs ${Object.keys(known)
        .map((flag) => `[${flag}]`)
        .join(' ')}`,
    );
  checkNode();
  await installMissing(
    flags.flatMap((flag) => known[flag]),
    (message) => new Unready(message),
  );
  installModules();
} catch (error) {
  if (!(error instanceof Unready)) throw error;
  console.error(`prepare: ${error.message}`);
  process.exitCode = 1;
}
