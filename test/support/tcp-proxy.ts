import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on the loopback address whose connections a test can hurt. */
export interface TcpProxy {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Bytes that clients have sent so far. */
  readonly sent: number;
  /** Breaks every connection with a reset. */
  cut(): void;
  /** Breaks new connections at once, until `allow`. */
  refuse(): void;
  allow(): void;
  /** The next `connections` are each broken once the server has sent `bytes` on them. */
  cutNextAfter(connections: number, bytes: number): void;
  /** What the server sends is forwarded so much later from now on. */
  delay(ms: number): void;
  /** Stops to forward on every open connection, both ways, without closing it. */
  deafen(): void;
  stop(): Promise<void>;
}

/** Forwards what comes to an ephemeral port to `targetPort` on 127.0.0.1. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let accepted = 0;
  let sent = 0;
  let refusing = false;
  let delayMs = 0;
  const limits: number[] = [];

  const server = createServer((near) => {
    accepted++;
    near.on('error', () => undefined);
    if (refusing) {
      near.resetAndDestroy();
      return;
    }
    let left = limits.shift() ?? Number.POSITIVE_INFINITY;
    const far = connect(targetPort, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    const breakBoth = () => {
      pairs.delete(pair);
      near.resetAndDestroy();
      far.destroy();
    };
    far.on('error', breakBoth).on('close', breakBoth);
    near.on('close', breakBoth);
    near.on('data', (chunk) => {
      sent += chunk.length;
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      left -= chunk.length;
      if (left < 0) breakBoth();
      else if (delayMs > 0) setTimeout(() => near.write(chunk), delayMs);
      else near.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  const cut = () => {
    for (const [near] of pairs) near.resetAndDestroy();
  };
  return {
    port: address.port,
    get accepted() {
      return accepted;
    },
    get sent() {
      return sent;
    },
    cut,
    refuse() {
      refusing = true;
    },
    allow() {
      refusing = false;
    },
    cutNextAfter(connections, bytes) {
      limits.push(...Array.from({ length: connections }, () => bytes));
    },
    delay(ms) {
      delayMs = ms;
    },
    deafen() {
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
