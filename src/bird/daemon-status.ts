import { type BirdReply, lastText } from './replies.ts';

/** What `show status` says. */
export interface DaemonStatus {
  readonly state: 'up' | 'reconfiguring' | 'shutting-down' | 'unknown';
  /**
   * BIRD's own text for the time it started, in the form that its `timeformat base` gives it; null when it tells none. BIRD 1.6
   * works it out anew at each question from two clocks of whole seconds: measured, 2 of 40 answers were a second later.
   */
  readonly boot: string | null;
  /** The same for the last configuration that it took, a failed one not counted. */
  readonly reconfigured: string | null;
  /** It was started with -R and still waits for its neighbors to tell their routes again. It says that it is up all the same. */
  readonly gracefulRestart: boolean;
}

/** The code is 0013 in each of these states: the text alone tells them apart (spec bird.md, 1). */
const STATES: Readonly<Record<string, DaemonStatus['state']>> = {
  'Daemon is up and running': 'up',
  'Reconfiguration in progress': 'reconfiguring',
  'Shutdown in progress': 'shutting-down',
};

const RECOVERING = 24;

/** Reads the answer to `show status`. */
export function readDaemonStatus(reply: BirdReply): DaemonStatus {
  const after = (start: string) =>
    reply.lines.find((line) => line.text.startsWith(start))?.text.slice(start.length) ?? null;
  return {
    state: STATES[lastText(reply)] ?? 'unknown',
    boot: after('Last reboot on '),
    reconfigured: after('Last reconfiguration on '),
    gracefulRestart: reply.lines.some((line) => line.code === RECOVERING),
  };
}
