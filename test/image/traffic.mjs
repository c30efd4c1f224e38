// Packets from one machine of the lab to a pod of another, and back: what is lost on the way is counted.
//   node traffic.mjs echo ADDRESS…       answers
//   node traffic.mjs send MS ADDRESS…    asks each address every MS ms; on SIGTERM prints {ADDRESS: {sent, lost}} as JSON
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';

const PORT = 7007;
/** An answer takes this long at most; later ones are lost. */
const LATE_MS = 1000;
const [mode, ...rest] = process.argv.slice(2);
const socketFor = (address) => createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');

if (mode === 'echo') {
  for (const address of rest) {
    const socket = socketFor(address);
    socket.on('message', (message, from) => socket.send(message, from.port, from.address));
    socket.bind(PORT, address);
  }
} else {
  const [every, ...addresses] = rest;
  const counts = addresses.map((address) => {
    const socket = socketFor(address);
    const count = { address, socket, sent: 0, answered: 0 };
    socket.on('message', () => count.answered++);
    // Without a route the kernel refuses at once: lost, as any other.
    socket.on('error', () => {});
    return count;
  });
  const timer = setInterval(() => {
    for (const count of counts) count.socket.send(String(count.sent++), PORT, count.address, () => {});
  }, Number(every));
  process.once('SIGTERM', () => {
    clearInterval(timer);
    setTimeout(() => {
      const lost = counts.map(({ address, sent, answered }) => [address, { sent, lost: sent - answered }]);
      console.log(JSON.stringify(Object.fromEntries(lost)));
      process.exit();
    }, LATE_MS);
  });
}
console.error('ready');
