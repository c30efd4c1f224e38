// Network namespaces that end with the process that made them: a holder keeps each alive for as long as its input is open.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program with `input`; resolves with its standard output, rejects with its standard error. */
async function run(command, args, input) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  child.stdin.on('error', () => {}).end(input);
  const [code] = await once(child, 'close');
  if (code === 0) return out;
  throw new Error(`${[command, ...args].join(' ')} ended with ${code}: ${err.trim()}\n${input}`);
}

/**
 * Makes a network namespace. `pid` is its holder's; `ip(...commands)` runs `ip` in it, one command a line; `close()` lets it go,
 * which is the end of it once nothing else runs in it. Rejects where namespaces may not be made.
 */
export async function openNamespace() {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo up; exec cat'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let fault = '';
  holder.stderr.setEncoding('utf8').on('data', (text) => {
    fault += text;
  });
  // Ctrl-C at a terminal reaches the holder before it reaches whoever closes it.
  holder.stdin.on('error', () => {});
  const ended = once(holder, 'close');
  await Promise.race([
    once(holder.stdout, 'data'),
    ended.then(() => Promise.reject(new Error(`no network namespace: ${fault.trim()}`))),
  ]);
  return {
    pid: holder.pid,
    ip: (...commands) =>
      run('nsenter', ['-t', String(holder.pid), '-n', 'ip', '-batch', '-'], `${commands.join('\n')}\n`),
    close: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}
