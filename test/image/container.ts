import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltImage } from './built-image.ts';

/** All that a container engine is told about a container. */
export interface ContainerOptions {
  /** Takes what the container writes, and its log. */
  readonly dir: string;
  /** A process in the network namespace that it is to be in. */
  readonly netnsPid: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Host directory → where it is seen; made if absent. */
  readonly mounts: Readonly<Record<string, string>>;
}

export interface Ran {
  readonly code: number | null;
  /** Standard output and error together. */
  readonly out: string;
}

/** What the Dockerfile names as needed: no other capability is left to the container. */
const CAPABILITIES = ['net_admin', 'net_bind_service', 'net_raw', 'setuid', 'setgid', 'chown', 'kill'];

/** In namespaces of its own: its root file system over the image's, which stays as it is, then the entrypoint in it. */
const START = `
set -e
root=$1 dir=$2; shift 2
mount -t overlay overlay -o "lowerdir=$root,upperdir=$dir/upper,workdir=$dir/work" "$dir/merged"
cd "$dir/merged"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do touch "dev/$device"; mount --bind "/dev/$device" "dev/$device"; done
ln -s /proc/self/fd dev/fd
while [ "$1" != -- ]; do
  chroot . mkdir -p "$2"
  mount --bind "$1" ".$(chroot . readlink -f "$2")"
  shift 2
done
shift
exec chroot . "$@"
`;

/** The image's entrypoint as PID 1 of namespaces of its own, as an engine would start it. */
export class Container {
  readonly #image: BuiltImage;
  readonly #options: ContainerOptions;
  #child: ChildProcess | null = null;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(image: BuiltImage, options: ContainerOptions) {
    this.#image = image;
    this.#options = options;
  }

  get #environment(): readonly string[] {
    const given = Object.entries(this.#options.environment).map(([name, value]) => `${name}=${value}`);
    return ['env', '-i', ...this.#image.config.Env, ...given];
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** PID 1, as this side sees it. */
  get pid(): number {
    const pid = this.#child?.pid;
    const children = pid === undefined ? '' : readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    const first = Number.parseInt(children, 10);
    if (!first) throw new Error('the container does not run');
    return first;
  }

  /** What it has said so far. */
  get log(): string {
    return readFileSync(join(this.#options.dir, 'log'), 'utf8');
  }

  /** A path of the container's, on this side. */
  path(inside: string): string {
    return join(`/proc/${this.pid}/root`, inside);
  }

  /** Starts it; `fresh`: with nothing of what it wrote before but in its mounts, as a new pod has it. */
  async start({ fresh = false } = {}): Promise<void> {
    const { dir, netnsPid, mounts } = this.#options;
    if (fresh) await rm(join(dir, 'upper'), { recursive: true, force: true });
    for (const name of ['upper', 'work', 'merged']) mkdirSync(join(dir, name), { recursive: true });
    for (const host of Object.keys(mounts)) mkdirSync(host, { recursive: true });
    const log = openSync(join(dir, 'log'), 'a');
    const capabilities = `-all,${CAPABILITIES.map((name) => `+${name}`).join()}`;
    const command = [
      ...this.#environment,
      'setpriv',
      `--bounding-set=${capabilities}`,
      ...this.#image.config.Entrypoint,
    ];
    const places = Object.entries(mounts).flat();
    const namespaces = ['--pid', '--fork', '--kill-child=KILL', '--mount', '--uts', '--ipc'];
    const args = ['-t', String(netnsPid), '-n', 'setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces];
    const child = spawn(
      'nsenter',
      [...args, 'sh', '-c', START, 'sh', this.#image.root, dir, ...places, '--', ...command],
      {
        stdio: ['ignore', log, log],
      },
    );
    closeSync(log);
    this.#child = child;
    this.#ended = once(child, 'exit');
  }

  /** SIGTERM to PID 1, as an engine does; resolves with the exit code and how long it took, in ms. */
  async stop(): Promise<{ readonly code: number | null; readonly tookMs: number }> {
    const began = performance.now();
    if (this.isRunning) process.kill(this.pid, 'SIGTERM');
    await this.#ended;
    return { code: this.#child?.exitCode ?? null, tookMs: performance.now() - began };
  }

  /** Ends it at once, with all that runs in it. Safe to call at any time. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Runs a command in it, as root and with the environment that it was started with. */
  async run(...command: readonly string[]): Promise<Ran> {
    const pid = String(this.pid);
    const inside = ['-t', pid, '-p', '-n', '-m', `--root=/proc/${pid}/root`, `--wd=/proc/${pid}/root`];
    const child = spawn('nsenter', [...inside, ...this.#environment, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
    }
    const [code] = await once(child, 'close');
    return { code: code as number | null, out };
  }

  /** Asks as the image's HEALTHCHECK does. */
  async health(): Promise<Ran> {
    return this.run(...this.#image.config.Healthcheck.Test.slice(1));
  }
}
