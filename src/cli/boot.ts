import { messageOf, UsageError } from '../core/errors.ts';
import { openLog } from '../log.ts';
import type { Booted } from '../pass/boot.ts';
import { bootTargets } from '../service/boot.ts';
import type { Settings } from '../settings.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { prepareTargets } from './prepare-bgp.ts';

const words = (booted: Booted): string => {
  if (booted.finds === 'kept') return `starts with the bundle confirmed at ${new Date(booted.at).toISOString()}`;
  return `${booted.finds === 'none' ? 'waits for the first pass' : 'left as it is'}: ${booted.why}`;
};

/** `birdconfd boot`: what BIRD may start with, before it starts and without a datastore. A line for each daemon; exit 0 however it goes. */
export async function bootVerb(settings: Settings): Promise<number> {
  if (settings.notRunning) {
    process.stdout.write(`birdconfd: nothing to boot, BIRD does not do the networking here (${settings.notRunning})\n`);
    return EXIT.ok;
  }
  const { log } = openLog(settings.logLevel, settings.logFormat);
  try {
    const never = new AbortController().signal;
    const booted = await bootTargets(
      settings,
      (given, known) => prepareTargets(given, { ...known, runsBird: true }),
      log,
      never,
    );
    for (const [target, found] of booted) process.stdout.write(`${target}: ${words(found)}\n`);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    log('error', 'ended', { message: messageOf(error) });
    return exitCodeOf(error);
  }
}
