import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { messageOf, StageError } from '../core/errors.ts';
import type { EtcdCredentials } from './etcd-client.ts';

/** One answer of the API. */
export interface V2Answer {
  readonly status: number;
  /** `X-Etcd-Index`: where the store is. */
  readonly index: bigint;
  readonly clusterId: string;
  readonly body: string;
}

/** A wait that etcd has taken up: whatever happens in the directory from now on rings. */
export interface V2Bell {
  /** Resolves once something happened; rejects with the StageError of what ended the wait. */
  readonly rung: Promise<void>;
  /** Ends the wait. */
  cancel(): void;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

const fault = (code: string, message: string, retryable: boolean, cause?: unknown): StageError =>
  new StageError('datastore', code, message, { retryable, cause });

const pathOf = (directory: string): string => `/v2/keys${directory.split('/').map(encodeURIComponent).join('/')}`;

/**
 * One member of an etcd with the v2 API (JSON over HTTP, spec calico-v1, 6). Every call ends after `callMs` without a word, or at once when
 * `signal` aborts, and rejects with a StageError `datastore`. Reads go through the quorum, so no member that lags answers with an old state.
 */
export class EtcdV2Client {
  readonly #who: EtcdCredentials;
  readonly #endpoint: string;
  readonly #callMs: number;
  readonly #signal: AbortSignal;

  constructor(who: EtcdCredentials, endpoint: string, callMs: number, signal: AbortSignal) {
    this.#who = who;
    this.#endpoint = endpoint;
    this.#callMs = callMs;
    this.#signal = signal;
  }

  /** Everything below `directory`, as one state of the store. A directory that is not there is an answer with status 404. */
  async read(directory: string): Promise<V2Answer> {
    return this.#ask(`${pathOf(directory)}?recursive=true&quorum=true`);
  }

  /** The smallest question that only a member in touch with the majority answers. */
  async probe(directory: string): Promise<V2Answer> {
    return this.#ask(`${pathOf(directory)}?quorum=true`);
  }

  /** Resolves once etcd has taken up the wait; it does so by sending the answer's head before there is anything to tell. */
  async wait(directory: string): Promise<V2Bell> {
    const request = this.#open(`${pathOf(directory)}?wait=true&recursive=true`);
    const response = await this.#responseOf(request);
    if (response.statusCode !== 200) throw this.#refusal(await this.#answerOf(response, request));
    request.setTimeout(0);
    const rung = textOf(response).then(
      (body) => {
        // Proxies and stopping members end a wait without an event; to ask again at once would go round in circles.
        if (body.trim() === '')
          throw fault('unreachable', `etcd ${this.#endpoint}: the wait ended without an event`, true);
      },
      (thrown) => {
        throw this.#lost(thrown);
      },
    );
    rung.catch(() => undefined); // cancelled waits reject, and nobody listens any more
    return { rung, cancel: () => request.destroy() };
  }

  async #ask(path: string): Promise<V2Answer> {
    const request = this.#open(path);
    const answer = await this.#answerOf(await this.#responseOf(request), request);
    if (answer.status !== 200 && !isMissing(answer)) throw this.#refusal(answer);
    return answer;
  }

  #open(path: string): ClientRequest {
    const { username, password, caCert, cert, key } = this.#who;
    const url = new URL(path, this.#endpoint);
    const login = username === null ? {} : { auth: `${username}:${password?.reveal() ?? ''}` };
    const common = { ...login, signal: this.#signal, timeout: this.#callMs, agent: false } as const;
    try {
      if (url.protocol === 'http:') return httpRequest(url, common).end();
      const tls = { ...(caCert && { ca: caCert }), ...(cert && key && { cert, key }) };
      return httpsRequest(url, { ...common, ...tls }).end();
    } catch (thrown) {
      throw fault('tls-config', `etcd ${this.#endpoint}: unusable TLS files: ${messageOf(thrown)}`, false, thrown);
    }
  }

  #responseOf(request: ClientRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', (thrown) => reject(this.#lost(thrown)));
      request.once('timeout', () => {
        request.destroy(fault('timeout', `etcd ${this.#endpoint}: no answer in ${this.#callMs} ms`, true));
      });
    });
  }

  async #answerOf(response: IncomingMessage, request: ClientRequest): Promise<V2Answer> {
    const body = await textOf(response).catch((thrown: unknown) => {
      request.destroy();
      throw this.#lost(thrown);
    });
    const header = (name: string) => String(response.headers[name] ?? '');
    const index = /^\d+$/.test(header('x-etcd-index')) ? BigInt(header('x-etcd-index')) : 0n;
    return { status: response.statusCode ?? 0, index, clusterId: header('x-etcd-cluster-id'), body };
  }

  #lost(thrown: unknown): StageError {
    if (thrown instanceof StageError) return thrown;
    return fault('unreachable', `etcd ${this.#endpoint}: ${messageOf(thrown)}`, true, thrown);
  }

  /** What another status than success means; the body says more, but not always in JSON. */
  #refusal({ status, body }: V2Answer): StageError {
    const said = `etcd ${this.#endpoint}: ${body.trim().slice(0, 200) || `HTTP ${status}`}`;
    if (status === 401) return fault('auth-failed', said, false);
    if (status === 403) return fault('permission-denied', said, false);
    if (status === 404) {
      const remedy = 'it does not serve the v2 API: start it with --enable-v2, or use --datastore etcdv3';
      return fault('v2-disabled', `etcd ${this.#endpoint}: ${remedy}`, false);
    }
    return fault(status >= 500 ? 'unreachable' : 'etcd-error', said, true);
  }
}

/** A key that is not there, and not an API that is not there; also one below a key that is no directory. */
const isMissing = ({ body }: V2Answer): boolean => /"errorCode":(100|104)\b/.test(body);

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw fault('answer-too-large', `an answer of more than ${MAX_ANSWER_BYTES} bytes`, true);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
