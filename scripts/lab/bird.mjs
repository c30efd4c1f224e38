// A BIRD as a child of this process, in a namespace of the lab.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { askBird } from './control-socket.mjs';
import { parseProtocols, parseRoutes } from './tables.mjs';

const START_MS = 10_000;
const STOP_MS = 5_000;

/** Runs in the child, as its last step before BIRD: "$1" and "$2" are the network namespaces that no BIRD of ours may touch. */
const GUARD = `
here=$(readlink /proc/self/ns/net) || exit 97
if [ "$here" = "$1" ] || [ "$here" = "$2" ]; then
  echo "this is the machine's own network namespace: $3 is not started here" >&2
  exit 97
fi
shift 2
exec "$@"`;

function namespaceOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch (error) {
    // In a user namespace of our own, pid 1 is not ours to ask, nor is its network ours to enter.
    if (error.code === 'EACCES' || error.code === 'EPERM') return '';
    throw error;
  }
}

/**
 * Starts a BIRD in the network namespace of process `pid` and resolves once it answers on its socket; it dies with this process.
 * Rejects, without having started it, in the namespace of this process or of pid 1; also when it ends or does not answer in 10 s.
 */
export async function startBird(pid, { binary, configFile, socket, log }) {
  const command = [binary, '-d', '-c', configFile, '-s', socket];
  const guarded = ['sh', '-c', GUARD, 'sh', namespaceOf('self'), namespaceOf(1), ...command];
  const output = openSync(log, 'a');
  const args = ['-t', String(pid), '-n', 'setpriv', '--pdeathsig', 'KILL', ...guarded];
  const child = spawn('nsenter', args, { stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = once(child, 'exit');
  const isUp = () => child.exitCode === null && child.signalCode === null;
  const stop = async () => {
    if (!isUp()) return;
    child.kill('SIGTERM');
    const patience = new AbortController();
    const late = wait(STOP_MS, null, { signal: patience.signal }).then(
      () => child.kill('SIGKILL'),
      () => {},
    );
    await ended;
    patience.abort();
    await late;
  };
  const ask = (question) => askBird(socket, question);
  const deadline = Date.now() + START_MS;
  for (;;) {
    const answer = await ask('show status').catch((error) => error);
    if (!(answer instanceof Error)) break;
    if (isUp() && Date.now() < deadline) {
      await wait(20);
      continue;
    }
    const why = isUp() ? answer.message : readFileSync(log, 'utf8').trim().split('\n').at(-1);
    await stop();
    throw new Error(`${binary} -c ${configFile} did not start: ${why}`);
  }
  return {
    pid: child.pid,
    socket,
    log,
    ask,
    protocols: async () => parseProtocols(await ask('show protocols')),
    routes: async () => parseRoutes(await ask('show route')),
    timesDown: (protocol) => readFileSync(log, 'utf8').split(`${protocol}: State changed to down\n`).length - 1,
    stop,
  };
}
