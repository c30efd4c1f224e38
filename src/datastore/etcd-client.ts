import type { Etcd3, IOptions } from 'etcd3';
import { StageError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { toStageError } from './etcd-errors.ts';

/** Where etcd is. */
export interface EtcdOptions {
  /** `http://host:port`, `https://host:port` or `host:port`; at least one. */
  readonly endpoints: readonly string[];
  /** Asked anew for every connection, so that files that were rotated count. What it rejects with is a fault as any other. */
  readonly credentials: () => Promise<EtcdCredentials>;
}

/** Who asks. TLS material is the files' bytes. */
export interface EtcdCredentials {
  readonly username: string | null;
  readonly password: Secret | null;
  readonly caCert: Buffer | null;
  readonly cert: Buffer | null;
  readonly key: Buffer | null;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** What gRPC shows of a call before it is sent; the part of its types that is used here. */
interface Call {
  readonly metadata: { set(key: string, value: string): void };
  readonly channel: { close(): void };
  readonly call: NodeJS.EventEmitter & { cancel(): void };
  callback?: (error: Error | null, value?: unknown) => void;
}

type FaultHandling = NonNullable<IOptions['faultHandling']>;
type Policy = NonNullable<FaultHandling['global']>;
type Backoff = NonNullable<FaultHandling['watchBackoff']>;

/** Each call once: etcd3's own retries and circuit breaker would repeat a refused answer and then refuse good ones. */
const once: Policy = {
  _altReturn: undefined as never,
  onSuccess: () => ({ dispose: () => undefined }),
  onFailure: () => ({ dispose: () => undefined }),
  execute: async (call) => call({ signal: new AbortController().signal }),
};

/** etcd3 asks for it after a lost stream. The client is thrown away by then, so its timer must not keep the process. */
const noBackoff: Backoff = { duration: 0, next: () => noBackoff };

function tlsOf(who: EtcdCredentials, endpoint: string): Pick<IOptions, 'credentials'> {
  const given = who.caCert ?? who.cert ?? who.key;
  if (!endpoint.startsWith('https://') && (given === null || endpoint.startsWith('http://'))) return {};
  const pair = who.cert && who.key ? { certChain: who.cert, privateKey: who.key } : {};
  // gRPC takes null for the system's authorities; only etcd3's type does not know.
  return { credentials: { rootCertificate: who.caCert as Buffer, ...pair } };
}

function open(Client: typeof Etcd3, who: EtcdCredentials, endpoint: string, onCall: (call: Call) => void, ms: number) {
  try {
    return new Client({
      hosts: endpoint.replace(/^https?:\/\//, '').replace(/\/.*$/, ''),
      ...tlsOf(who, endpoint),
      faultHandling: { host: () => once, global: once, watchBackoff: noBackoff },
      // gRPC measures a deadline with the real time, so the injected clock is of no use here.
      defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + ms }),
      grpcOptions: {
        'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
        'grpc.keepalive_time_ms': 10_000,
        // No shorter: the answers of a slow server take their time, too.
        'grpc.keepalive_timeout_ms': 15_000,
        'grpc.enable_channelz': 0,
        'grpc.service_config_disable_resolution': 1,
        callInvocationTransformer: (call: Call) => {
          onCall(call);
          return call;
        },
      },
    });
  } catch (thrown) {
    const message = `etcd ${endpoint}: unusable TLS files: ${String(thrown)}`;
    throw new StageError('datastore', 'tls-config', message, { retryable: false, cause: thrown });
  }
}

/**
 * A client of one endpoint, authenticated if a user is given; it lives until `signal` aborts, which ends its calls and
 * streams at once. Unary calls are tried once, end after `callMs` unless they say otherwise, and reject with a StageError. Reads and watches go over one
 * TCP connection (gRPC shares it between channels of equal options), so an answer to a read vouches for the watch's connection.
 *
 * The token is fetched and sent by us: etcd3 leaks a channel per log-in, repeats a call without bound while its token is
 * refused, and never renews the token of a watch (spec stack, 1 e). A refused token is an error here; the next client logs in anew.
 */
export async function connectEtcd(
  options: EtcdOptions,
  endpoint: string,
  callMs: number,
  signal: AbortSignal,
): Promise<Etcd3> {
  const { Etcd3 } = await import('etcd3');
  const calls = new Set<Call>();
  const channels = new Set<Call['channel']>();
  let token: string | null = null;
  const onCall = (made: Call) => {
    if (token !== null) made.metadata.set('token', token);
    const answer = made.callback;
    if (answer) made.callback = (error, value) => answer(error && toStageError(error, endpoint), value);
    calls.add(made);
    channels.add(made.channel);
    made.call.once('status', () => calls.delete(made));
  };
  const who = await options.credentials();
  const client = open(Etcd3, who, endpoint, onCall, callMs);
  const close = () => {
    for (const { call } of calls) {
      // etcd3 throws, out of any handler, on a response for a watch that it has given up.
      call.removeAllListeners('data');
      call.cancel();
    }
    for (const channel of channels) channel.close();
    client.close();
  };
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  if (who.username === null) return client;
  const login = { name: who.username, password: who.password?.reveal() ?? '' };
  token = await client.auth.authenticate(login).then(
    (granted) => granted.token,
    (thrown) => {
      const error = toStageError(thrown, endpoint);
      // As etcd's own client does: a user is no hindrance where nobody is asked for one.
      if (error.code === 'auth-not-enabled') return null;
      throw error;
    },
  );
  return client;
}
