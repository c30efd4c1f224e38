import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { besidePath } from '../../src/host/write-file.ts';
import type { Phase } from './bird-proxy.ts';
import type { Random } from './random.ts';
import type { Site } from './site.ts';

/** What a kill waits for. Where it does not come, the time does. */
export type Trigger =
  /** So long after the process was started, or went on. */
  | { readonly by: 'time'; readonly ms: number }
  /** The nth event in the folders of output, state and bundles, and so long after it. */
  | { readonly by: 'files'; readonly event: number; readonly ms: number }
  /** At once when a file of the bundle is kept beside itself, or replaced: others of the bundle may not have been. */
  | { readonly by: 'commit'; readonly file: string; readonly what: 'kept' | 'replaced' }
  /** The nth `configure` of any kind, before BIRD hears of it, or before birdconfd hears the answer. */
  | { readonly by: 'command'; readonly configure: number; readonly phase: Phase }
  /** BIRD's socket is gone, the next generation is written, and its reload is owed for so long. */
  | { readonly by: 'outage'; readonly ms: number };

const PATIENCE_MS = 4_000;
const NEVER = new Promise<never>(() => {});

/** Any trigger but an outage. */
export function anyTrigger(random: Random, fileNames: readonly string[]): Trigger {
  const share = random.next();
  if (share < 0.2) return { by: 'time', ms: random.whole(0, 2_000) };
  if (share < 0.45) return { by: 'files', event: random.whole(1, 60), ms: random.whole(0, 8) };
  if (share < 0.65) {
    const file = fileNames[random.whole(0, fileNames.length - 1)] ?? '';
    return { by: 'commit', file, what: random.oneOf(['kept', 'replaced']) };
  }
  return { by: 'command', configure: random.whole(1, 4), phase: random.oneOf(['asked', 'answered']) };
}

/** Waits for the instants at which one machine's birdconfd is to be killed. */
export class KillInstants {
  readonly #site: Site;
  #atCommand: { readonly configure: number; readonly phase: Phase; readonly fire: () => void } | null = null;
  #configures = 0;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Resolves at the instant of the kill. */
  async of(trigger: Trigger): Promise<void> {
    const { promise, resolve: fire } = promiseOf();
    const timers = [setTimeout(fire, PATIENCE_MS)];
    const later = (ms: number) => void timers.push(setTimeout(fire, ms));
    const watchers = this.#watch(trigger, { fire, later });
    if (trigger.by === 'time') later(trigger.ms);
    this.#configures = 0;
    this.#atCommand = trigger.by === 'command' ? { ...trigger, fire } : null;
    await promise;
    this.#atCommand = null;
    for (const watcher of watchers) watcher.close();
    for (const timer of timers) clearTimeout(timer);
  }

  /** For every command that birdconfd sends to BIRD: never resolves when it is the one that the kill waits for. */
  async pass(command: string, phase: Phase): Promise<void> {
    if (!command.startsWith('configure')) return;
    if (phase === 'asked') this.#configures++;
    const at = this.#atCommand;
    if (!at || at.phase !== phase || at.configure !== this.#configures) return;
    at.fire();
    await NEVER;
  }

  #watch(
    trigger: Trigger,
    { fire, later }: { readonly fire: () => void; readonly later: (ms: number) => void },
  ): readonly FSWatcher[] {
    const { output, stateDir } = this.#site;
    if (trigger.by === 'commit') {
      const name = trigger.what === 'kept' ? besidePath(`/${trigger.file}`, 'previous').slice(1) : trigger.file;
      return [watch(output, (_, changed) => changed === name && fire())];
    }
    if (trigger.by !== 'files' && trigger.by !== 'outage') return [];
    const bundles = join(stateDir, 'bundles', 'bird');
    mkdirSync(bundles, { recursive: true, mode: 0o700 });
    let events = 0;
    const isDue = () =>
      trigger.by === 'files' ? ++events === trigger.event : this.#site.ledger().txn.at === 'owed' && ++events === 1;
    const onEvent = () => {
      if (isDue()) later(trigger.ms);
    };
    return [output, stateDir, bundles].map((dir) => watch(dir, onEvent));
  }
}

function promiseOf() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}
