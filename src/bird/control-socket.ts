import { statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { messageOf, type StageError } from '../core/errors.ts';
import { type BirdReply, lastText, ReplyReader } from './replies.ts';
import { socketFault, socketFaultOf } from './socket-fault.ts';

/** One conversation with a BIRD. */
export interface BirdSession {
  /** What BIRD calls itself: `BIRD 1.6.8 ready.` */
  readonly greeting: string;
  /**
   * Sends one line and resolves with the whole answer, whatever its code. Rejects with a StageError `reload`, retryable:
   * `timeout`, `connection-lost`, `garbage`, `aborted`; from then on every command rejects with the same one.
   */
  command(line: string): Promise<BirdReply>;
}

export interface SocketOptions {
  readonly signal: AbortSignal;
  /** For the greeting and for each command anew. */
  readonly timeoutMs: number;
}

/** A longer line makes BIRD 1.6 drop the connection without a word: its buffer holds 1024 bytes (spec bird.md, 1). */
const MAX_COMMAND = 1000;
const GREETING = 1;

/**
 * Connects to the control socket at `path`, runs `use` on that one connection and closes it, however `use` ends.
 * Rejects with what `use` rejected with, or with a StageError `reload`, retryable: `socket-missing`, `socket-refused`,
 * `socket-denied`, and those of `command`.
 */
export async function withBirdSocket<T>(
  path: string,
  options: SocketOptions,
  use: (session: BirdSession) => Promise<T>,
): Promise<T> {
  if (isMissing(path)) throw socketFault('socket-missing', path);
  const connection = new Connection(path, options);
  try {
    const hello = await connection.next(null);
    if (hello.code !== GREETING) throw socketFault('garbage', path, `greets with ${hello.code} ${lastText(hello)}`);
    return await use({ greeting: lastText(hello), command: (line) => connection.command(line) });
  } finally {
    connection.close();
  }
}

/**
 * Where BIRD does not run, every change asks for it all the same, and what a socket that fails sets going takes longer than a look. What
 * cannot be looked at, connecting tells.
 */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

interface Waiting {
  readonly resolve: (reply: BirdReply) => void;
  readonly reject: (error: StageError) => void;
  readonly deadline: NodeJS.Timeout;
}

/** A socket with at most one question open. The first fault ends it; whatever is asked later is answered with that fault. */
class Connection {
  readonly #path: string;
  readonly #options: SocketOptions;
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  #waiting: Waiting | null = null;
  #fault: StageError | null = null;

  constructor(path: string, options: SocketOptions) {
    this.#path = path;
    this.#options = options;
    this.#socket = connect({ path });
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (chunk: string) => this.#read(chunk));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(socketFaultOf(path, error)));
    this.#socket.on('close', () => this.#fail(socketFault('connection-lost', path, 'closed the connection')));
    options.signal.addEventListener('abort', this.#abort);
    if (options.signal.aborted) this.#abort();
  }

  /** The next reply: to `line`, or to the connection itself. */
  async next(line: string | null): Promise<BirdReply> {
    if (this.#fault) throw this.#fault;
    if (this.#waiting) throw new Error('one command at a time on a control socket');
    const { timeoutMs } = this.#options;
    const asked = line === null ? 'the connection' : `'${line}'`;
    return new Promise((resolve, reject) => {
      const late = () =>
        this.#fail(socketFault('timeout', this.#path, `did not answer ${asked} within ${timeoutMs} ms`));
      this.#waiting = { resolve, reject, deadline: setTimeout(late, timeoutMs) };
      if (line !== null) this.#socket.write(`${line}\n`);
    });
  }

  async command(line: string): Promise<BirdReply> {
    if (line.includes('\n') || Buffer.byteLength(line) > MAX_COMMAND) throw new Error(`no command for BIRD: ${line}`);
    return this.next(line);
  }

  close(): void {
    this.#options.signal.removeEventListener('abort', this.#abort);
    this.#fail(socketFault('connection-lost', this.#path, 'is no longer listened to'));
  }

  readonly #abort = (): void => this.#fail(socketFault('aborted', this.#path, '', this.#options.signal.reason));

  #read(chunk: string): void {
    try {
      for (const reply of this.#reader.push(chunk)) this.#answer(reply);
    } catch (cause) {
      this.#fail(socketFault('garbage', this.#path, `does not talk like BIRD (${messageOf(cause)})`, cause));
    }
  }

  #answer(reply: BirdReply): void {
    if (!this.#waiting) throw new Error(`unasked: ${reply.code} ${lastText(reply)}`);
    const { resolve, deadline } = this.#waiting;
    this.#waiting = null;
    clearTimeout(deadline);
    resolve(reply);
  }

  /** The socket is destroyed, so that a late answer is never taken for the next command's. */
  #fail(fault: StageError): void {
    this.#fault ??= fault;
    this.#socket.destroy();
    if (!this.#waiting) return;
    const { reject, deadline } = this.#waiting;
    this.#waiting = null;
    clearTimeout(deadline);
    reject(this.#fault);
  }
}
