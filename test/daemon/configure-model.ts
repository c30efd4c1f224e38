/** What stands in BIRD's file: a configuration, by a name for it, or text that it refuses. */
export type Disk = string | null;

/** Whatever changes BIRD's configuration. `settle`: protocols that had to go are gone. `expire`: a timer's time is over. */
export type Command = 'configure' | 'configure timeout' | 'configure confirm' | 'configure undo' | 'settle' | 'expire';

/** BIRD 1.6 as far as its configuration is concerned. */
export interface ModelBird {
  readonly running: string;
  /** What an undo goes back to; null since the start. */
  readonly previous: string | null;
  /** Whether there is one: an undo uses it up, and every accepted `configure` gives one again, a queued one too. */
  readonly undoable: boolean;
  /** An undo comes by itself. */
  readonly timer: boolean;
  /** Protocols of the configuration before are still going: nothing else begins. */
  readonly busy: boolean;
  /** What begins then; the queue has one place. */
  readonly queued: { readonly config: string } | 'undo' | null;
}

/** `code`: of the last line of BIRD's answer; null for what happens without a command. */
export interface Applied {
  readonly bird: ModelBird;
  readonly code: number | null;
}

const DONE = 3;
const IN_PROGRESS = 4;
const QUEUED = 5;
const UNQUEUED = 17;
const CONFIRMED = 18;
const NOTHING_TO_DO = 19;
const CONFIG_ERROR = 8002;

/** A BIRD that has just read its file. */
export const boot = (config: string): ModelBird => ({
  running: config,
  previous: null,
  undoable: false,
  timer: false,
  busy: false,
  queued: null,
});

/** Two configurations have a protocol in common only if they are the same: else one has to go first. */
function commit(bird: ModelBird, config: string): { bird: ModelBird; code: number } {
  const busy = config !== bird.running;
  return { bird: { ...bird, running: config, previous: bird.running, busy }, code: busy ? IN_PROGRESS : DONE };
}

function configure(bird: ModelBird, config: Disk, timer: boolean): Applied {
  if (config === null) return { bird, code: CONFIG_ERROR };
  const asked = { ...bird, undoable: true, timer };
  return bird.busy ? { bird: { ...asked, queued: { config } }, code: QUEUED } : commit(asked, config);
}

function undo(bird: ModelBird): { bird: ModelBird; code: number } {
  if (!bird.undoable || bird.previous === null) return { bird, code: NOTHING_TO_DO };
  const asked = { ...bird, undoable: false, timer: false };
  if (!bird.busy) return commit(asked, bird.previous);
  if (bird.queued === null) return { bird: { ...asked, queued: 'undo' }, code: QUEUED };
  return { bird: { ...asked, queued: null }, code: UNQUEUED };
}

/** The queue is emptied until something in it takes time. */
function settle(bird: ModelBird): ModelBird {
  if (!bird.busy) return bird;
  const { queued } = bird;
  const free = { ...bird, busy: false, queued: null };
  if (queued === null) return free;
  return commit(free, queued === 'undo' ? (bird.previous ?? bird.running) : queued.config).bird;
}

/**
 * What BIRD 1.6.8 makes of `command` when `disk` is in its file: checked against the daemon in `configure-model.test.ts`.
 * `expire` without a timer, and `settle` when nothing is on its way, change nothing.
 */
export function apply(bird: ModelBird, command: Command, disk: Disk): Applied {
  switch (command) {
    case 'configure':
      return configure(bird, disk, false);
    case 'configure timeout':
      return configure(bird, disk, true);
    case 'configure confirm':
      return { bird: { ...bird, timer: false }, code: bird.timer ? CONFIRMED : NOTHING_TO_DO };
    case 'configure undo':
      return undo(bird);
    case 'settle':
      return { bird: settle(bird), code: null };
    case 'expire':
      return { bird: bird.timer ? undo(bird).bird : bird, code: null };
  }
}
