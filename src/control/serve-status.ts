import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, UsageError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { closeServer, listen, SERVER_LIMITS } from './http-server.ts';
import type { Operations } from './operations.ts';
import { readOnlyRoutes, serveRoutes } from './server.ts';

/** A listener on TCP. */
export interface StatusServer {
  /** The one it got, where 0 was asked for. */
  readonly port: number;
  close(): Promise<void>;
}

/** Probes and scrapers come one by one; who opens more is no operator's tool. */
const MAX_CONNECTIONS = 64;

/**
 * The read-only routes at `address`, `HOST:PORT` or `[HOST]:PORT`, with port 0 for any free one. Rejects with a UsageError when it is
 * no address, or cannot be listened at. There is no login: whoever reaches it reads which peers and networks the node has.
 */
export async function serveStatus(address: string, operations: Operations, log: Log): Promise<StatusServer> {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) {
    throw new UsageError(`--status-address: expected HOST:PORT, such as 127.0.0.1:9180, found "${address}"`);
  }
  const server = createServer(SERVER_LIMITS, serveRoutes(readOnlyRoutes(operations), log));
  server.maxConnections = MAX_CONNECTIONS;
  try {
    await listen(server, { host, port: Number(port) });
  } catch (error) {
    throw new UsageError(`--status-address ${address}: ${messageOf(error)}`, { cause: error });
  }
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}
