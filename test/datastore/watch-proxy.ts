import { once } from 'node:events';
import {
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';

/** A gRPC proxy on the loopback address that can keep back what open watches bring, while everything else passes. */
export interface WatchProxy {
  readonly port: number;
  /** Drops every further message of the watches that are open now. */
  holdWatches(): void;
  stop(): Promise<void>;
}

/** Forwards gRPC calls, one upstream connection for all, to `targetPort` on 127.0.0.1. */
export async function startWatchProxy(targetPort: number): Promise<WatchProxy> {
  const upstream = connect(`http://127.0.0.1:${targetPort}`);
  upstream.on('error', () => undefined);
  const sessions = new Set<ServerHttp2Session>();
  const watches = new Set<ServerHttp2Stream>();
  const held = new Set<ServerHttp2Stream>();

  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (near, headers) => {
    const far = upstream.request(headers);
    let trailers: IncomingHttpHeaders = {};
    if (headers[':path']?.endsWith('/Watch')) watches.add(near);
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    near.on('data', (chunk) => far.write(chunk)).on('end', () => far.end());
    near.on('wantTrailers', () => near.sendTrailers(trailers));
    far.on('error', () => near.destroy());
    far.on('response', (answer) => near.respond(answer, { waitForTrailers: true }));
    far.on('trailers', (last) => {
      trailers = last;
    });
    far.on('data', (chunk) => {
      if (!held.has(near)) near.write(chunk);
    });
    far.on('end', () => near.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    port: address.port,
    holdWatches() {
      for (const watch of watches) held.add(watch);
    },
    async stop() {
      upstream.destroy();
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
