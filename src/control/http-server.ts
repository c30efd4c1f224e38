import { once } from 'node:events';
import type { Server, ServerOptions, ServerResponse } from 'node:http';
import type { ListenOptions } from 'node:net';

/** Small questions, soon asked: whoever sends more, or slowly, is cut off. Milliseconds and bytes. */
export const SERVER_LIMITS: ServerOptions = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 5000,
  maxHeaderSize: 8192,
};

/** The type of what Prometheus scrapes. */
export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4';

/** Resolves once the server listens; rejects with the system's error. */
export async function listen(server: Server, options: ListenOptions): Promise<void> {
  await once(server.listen(options), 'listening');
  // A connection that cannot be accepted, for want of file descriptors, must not end the process.
  server.on('error', () => undefined);
}

/** What is still being answered when a server closes has this long to finish. */
const CLOSE_MS = 1000;

/** Resolves once nobody is connected any more; at once for a server that does not listen. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  const late = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(late);
}

/** Ends the response with `text`, a whole document of that type. */
export function sendText(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(text);
}

export const sendJson = (response: ServerResponse, status: number, value: unknown): void =>
  sendText(response, status, `${JSON.stringify(value)}\n`, 'application/json');
