// Just enough of a client for BIRD's control socket: one command, one reply.
import { connect } from 'node:net';

const TIMEOUT_MS = 5_000;
/** `NNNN text` is the last line of a reply. */
const LAST = /^(\d{4}) /;

/** Sends one command and resolves with the texts of the reply's lines. Rejects on a failure reply, a lost connection and after 5 s. */
export function askBird(path, command) {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const lines = [];
    let rest = '';
    let greeted = false;
    const end = (error) => {
      clearTimeout(deadline);
      socket.destroy();
      if (error) reject(error);
      else resolve(lines.map((line) => line.replace(/^(\d{4}[ -]| )/, '')));
    };
    const deadline = setTimeout(() => end(new Error(`${path}: no answer to '${command}'`)), TIMEOUT_MS);
    socket.on('error', end).on('close', () => end(new Error(`${path}: closed before it answered '${command}'`)));
    socket.setEncoding('utf8').on('data', (text) => {
      const arrived = (rest + text).split('\n');
      rest = arrived.pop();
      for (const line of arrived) {
        const last = LAST.exec(line);
        if (greeted && !line.startsWith('+')) lines.push(line);
        if (!last) continue;
        if (greeted) return end(/^[89]/.test(last[1]) ? new Error(`${path}: '${command}': ${line}`) : null);
        greeted = true;
        socket.write(`${command}\n`);
      }
    });
  });
}
