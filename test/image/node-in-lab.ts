import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LabNode } from '../../scripts/lab/lab.mjs';
import { withBirdSocket } from '../../src/bird/control-socket.ts';
import type { BirdReply } from '../../src/bird/replies.ts';
import { eventually } from '../support/eventually.ts';
import type { BuiltImage } from './built-image.ts';
import { Container } from './container.ts';

/** A cluster on a busy machine takes its time. */
export const PATIENCE = { timeoutMs: 60_000 };

type Daemon = 'bird' | 'bird6';

/** A machine of the lab that runs the image. */
export class ImageNode {
  readonly container: Container;
  readonly node: LabNode;
  /** The host's side of /var/run/calico and of /var/lib/birdconfd. */
  readonly sockets: string;
  readonly state: string;

  constructor(image: BuiltImage, node: LabNode, dir: string, environment: Readonly<Record<string, string>>) {
    const own = join(dir, node.name);
    mkdirSync(own, { recursive: true });
    this.node = node;
    this.sockets = join(own, 'run');
    this.state = join(own, 'state');
    const mounts = { [this.sockets]: '/var/run/calico', [this.state]: '/var/lib/birdconfd' };
    const variables = { NODENAME: node.name, ...environment };
    this.container = new Container(image, { dir: own, netnsPid: node.pid, environment: variables, mounts });
  }

  /** BIRD's answer. */
  async reply(daemon: Daemon, command: string): Promise<BirdReply> {
    const options = { signal: AbortSignal.timeout(10_000), timeoutMs: 10_000 };
    return withBirdSocket(join(this.sockets, `${daemon}.ctl`), options, (bird) => bird.command(command));
  }

  /** The texts of BIRD's answer. */
  async ask(daemon: Daemon, command: string): Promise<readonly string[]> {
    return (await this.reply(daemon, command)).lines.map(({ text }) => text);
  }

  /** Resolves once the image's own HEALTHCHECK is content. */
  async healthy(): Promise<void> {
    await eventually(async () => expect(await this.container.health()).toEqual({ code: 0, out: '' }), PATIENCE);
  }

  /** Resolves once the sessions with `peers` are up, and nothing is left of a graceful restart. */
  async inStep(sessions: Readonly<Partial<Record<Daemon, string>>>): Promise<void> {
    for (const [daemon, session] of Object.entries(sessions) as [Daemon, string][]) {
      await eventually(async () => {
        expect((await this.ask(daemon, `show protocols ${session}`)).join('\n')).toContain('Established');
        expect((await this.ask(daemon, 'show status')).join('\n')).not.toContain('Graceful restart recovery');
      }, PATIENCE);
    }
  }

  /** `run bird` and so on: the state of each service that runit supervises. */
  async services(): Promise<readonly string[]> {
    const { out } = await this.container.run(
      'sh',
      '-c',
      'cd /etc/service/enabled && for s in *; do sv status $s; done',
    );
    return [...out.matchAll(/^(run|down): (\w+):/gm)].map(([, state, name]) => `${state} ${name}`);
  }
}
