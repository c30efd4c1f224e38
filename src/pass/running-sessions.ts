import { withBirdDaemon } from '../bird/daemon-session.ts';
import type { Target } from '../targets.ts';
import type { Place } from './place.ts';

/** The names of the BGP sessions that the target's daemon has; [] when it cannot be asked: then it runs nothing that could be lost. */
export async function runningSessions(target: Target, place: Place, signal: AbortSignal): Promise<readonly string[]> {
  const { socket, clock } = place.options;
  const options = { configFile: target.configFile, signal, clock, timeoutMs: place.replyMs };
  const seen = await withBirdDaemon(socket, options, (daemon) => daemon.observe()).catch(() => null);
  return (seen?.protocols ?? []).filter(({ type }) => type === 'BGP').map(({ name }) => name);
}
