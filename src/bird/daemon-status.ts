import { type BirdReply, lastText } from './replies.ts';

/** What `show status` says. */
export interface DaemonStatus {
  readonly state: 'up' | 'reconfiguring' | 'shutting-down' | 'unknown';
  /**
   * BIRD's own text for the time it started, in the form that its `timeformat base` gives it; null when it tells none. BIRD 1.6
   * works it out anew at each question from two clocks of whole seconds: measured, 2 of 40 answers were a second later.
   */
  readonly boot: string | null;
}

/** The code is 0013 in each of these states: the text alone tells them apart (spec bird.md, 1). */
const STATES: Readonly<Record<string, DaemonStatus['state']>> = {
  'Daemon is up and running': 'up',
  'Reconfiguration in progress': 'reconfiguring',
  'Shutdown in progress': 'shutting-down',
};

const BOOT = 'Last reboot on ';

/** Reads the answer to `show status`. */
export function readDaemonStatus(reply: BirdReply): DaemonStatus {
  const boot = reply.lines.find((line) => line.text.startsWith(BOOT));
  return { state: STATES[lastText(reply)] ?? 'unknown', boot: boot ? boot.text.slice(BOOT.length) : null };
}
