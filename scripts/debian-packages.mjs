// Installs Debian packages whose programs are missing, without letting the daemons among them start.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Package → the programs we use of it, and the services that its installation would start. */
const packages = {
  bird: { programs: ['bird', 'bird6'], services: ['bird', 'bird6'] },
  iproute2: { programs: ['ip'], services: [] },
  'etcd-server': { programs: ['etcd'], services: ['etcd'] },
  'etcd-client': { programs: ['etcdctl'], services: [] },
  'redis-server': { programs: ['redis-server'], services: ['redis-server'] },
  buildah: { programs: ['buildah'], services: [] },
  mmdebstrap: { programs: ['mmdebstrap'], services: [] },
  // For systemd-notify alone; nothing is run under systemd.
  systemd: { programs: ['systemd-notify'], services: [] },
  chromium: { programs: ['chromium'], services: [] },
  openssl: { programs: ['openssl'], services: [] },
  nftables: { programs: ['nft'], services: ['nftables'] },
  faketime: { programs: ['faketime'], services: [] },
};

const policy = '/usr/sbin/policy-rc.d';
const policyMark = '# birdconfd-prepare';

function onPath(program) {
  // Debian's daemons live in directories that an ordinary user's PATH leaves out.
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return places.some((place) => {
    try {
      accessSync(join(place || '.', program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const missingOf = (names) => names.filter((name) => !packages[name].programs.every(onPath));

/** Runs a command with its output on stderr; resolves with its exit code (a signal or a failed start counts as 1). */
function run(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn(command, args, { env, stdio: ['ignore', 2, 2] });
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

const alive = (pid) => existsSync(`/proc/${pid}`);

/**
 * Puts a policy-rc.d in place that keeps every service from starting, and returns how to take it away. Throws through
 * `fault` (naming `command`) where another one stands that would let `services` start. One that a killed run of ours left behind is replaced.
 */
async function forbidStarts(services, command, fault) {
  const text = `#!/bin/sh\n${policyMark} pid ${process.pid}: no service starts while its package is installed for tests.\nexit 101\n`;
  for (;;) {
    try {
      writeFileSync(policy, text, { flag: 'wx', mode: 0o755 });
      return () => rmSync(policy, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw fault(`cannot write ${policy}: ${error.message}`);
    }
    const [, pid] = readIfThere(policy).match(new RegExp(`${policyMark} pid (\\d+)`)) ?? [];
    if (pid === undefined) {
      const lets = services.find((service) => spawnSync(policy, [service, 'start']).status !== 101);
      if (lets === undefined) return () => {};
      throw fault(`${policy} stands here and would let ${lets} start. By hand: ${command}`);
    }
    if (!alive(pid)) rmSync(policy, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Resolves once every program of the named packages is there. What is missing is installed (root only); its services are
 * neither started nor left enabled for the next boot. Throws `fault(message)` when that cannot be done.
 */
export async function installMissing(names, fault) {
  const missing = missingOf(names);
  if (missing.length === 0) return;
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (!onPath('apt-get'))
    throw fault(`missing here: ${missing.join(', ')} (Debian's names); install them your system's way.`);
  if (process.getuid?.() !== 0) throw fault(`missing here: ${missing.join(', ')}. Run: sudo ${command}`);
  console.error(`prepare: installing ${missing.join(', ')}`);
  const services = missing.flatMap((name) => packages[name].services);
  const allow = await forbidStarts(services, command, fault);
  // Staying alive until apt-get has ended (Ctrl-C reaches it as well) is what lets us take the policy away.
  let interrupted = false;
  const wait = () => {
    interrupted = true;
  };
  process.on('SIGINT', wait).on('SIGTERM', wait);
  try {
    if ((await run('apt-get', ['-q', 'update'])) !== 0)
      console.error('prepare: apt-get update failed; trying with the lists at hand');
    // --no-remove: BIRD 2's package conflicts with bird's, and an operator's daemon is not ours to remove.
    const options = ['-q', '-y', '--no-install-recommends', '--no-remove', '-o', 'DPkg::Lock::Timeout=600'];
    if ((await run('apt-get', ['install', ...options, ...missing])) !== 0)
      throw fault(`apt-get failed; by hand: ${command}`);
    for (const service of services) await run('update-rc.d', [service, 'disable']);
  } finally {
    allow();
    process.off('SIGINT', wait).off('SIGTERM', wait);
  }
  if (interrupted) throw fault('interrupted.');
  const still = missingOf(missing);
  if (still.length > 0) throw fault(`installed, but without the programs expected of ${still.join(', ')}.`);
}
