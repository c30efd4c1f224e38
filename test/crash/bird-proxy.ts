import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** `asked`: BIRD has not heard of the command; `answered`: it has done it, and birdconfd does not know yet. */
export type Phase = 'asked' | 'answered';

/** Called at both ends of every command. What it resolves, or when the connection ends meanwhile, the command goes on its way, or does not. */
export type Gate = (command: string, phase: Phase) => Promise<void>;

/** The last line of a reply; a command's own reply begins after the greeting. */
const LAST = /^\d{4} .*\n$/m;

/** Stands between birdconfd and BIRD's control socket, and lets every command and every reply pass a gate. */
export class BirdProxy {
  readonly path: string;
  readonly #bird: string;
  readonly #gate: Gate;
  #server: Server | null = null;
  readonly #open = new Set<Promise<unknown>>();

  constructor(path: string, bird: string, gate: Gate) {
    this.path = path;
    this.#bird = bird;
    this.#gate = gate;
  }

  get isOpen(): boolean {
    return this.#server !== null;
  }

  async open(): Promise<void> {
    this.#server = createServer((near) => this.#serve(near)).listen(this.path);
    await once(this.#server, 'listening');
  }

  /** No BIRD to be found: the socket is gone. Connections that are open go on. */
  async close(): Promise<void> {
    this.#server?.close();
    this.#server = null;
    await rm(this.path, { force: true });
  }

  /** Resolves once BIRD has done all that it was sent by clients that are gone. */
  async drained(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  #serve(near: Socket): void {
    const far = connect(this.#bird);
    const over = once(far, 'close').finally(() => this.#open.delete(over));
    this.#open.add(over);
    let asked: string | null = null;
    let [commands, reply] = ['', ''];
    const isGone = () => near.destroyed || near.readableEnded;
    near.on('error', () => near.destroy());
    far.on('error', () => near.destroy());
    // BIRD does what it has read before it sees the end.
    near.on('close', () => far.end());
    far.on('close', () => near.destroy());
    near.setEncoding('utf8').on('data', async (text: string) => {
      commands += text;
      if (!commands.endsWith('\n')) return;
      const command = commands.trim();
      commands = '';
      await this.#gate(command, 'asked');
      if (isGone()) return;
      asked = command;
      far.write(`${command}\n`);
    });
    far.setEncoding('utf8').on('data', async (text: string) => {
      reply += text;
      if (!LAST.test(reply)) return;
      const whole = reply;
      reply = '';
      if (asked !== null) await this.#gate(asked, 'answered');
      if (!isGone()) near.write(whole);
    });
  }
}
