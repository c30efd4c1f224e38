// Network namespaces need root, or a user namespace in which this user is root.
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

/**
 * True when this process may make network namespaces. Otherwise it runs the same command again as root of a user namespace,
 * resolves with false when that has ended, and its exit code is this process's. Throws a sentence where that is not allowed either.
 */
export async function becomeRoot() {
  if (spawnSync('unshare', ['--net', 'true']).status === 0) return true;
  const asRoot = ['--user', '--map-root-user', '--net'];
  if (spawnSync('unshare', [...asRoot, 'true']).status !== 0) {
    throw new Error('network namespaces need root, and this user may make no user namespaces: run it with sudo');
  }
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  // It is the child that cleans up: it is told of every end of ours, also of a sudden one.
  const child = spawn('unshare', [...asRoot, 'setpriv', '--pdeathsig', 'TERM', ...again], { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  process.on('SIGTERM', forward).on('SIGINT', forward);
  const [code, signal] = await new Promise((resolve) => child.once('exit', (...how) => resolve(how)));
  process.exitCode = code ?? 128 + constants.signals[signal];
  return false;
}
