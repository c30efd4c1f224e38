import { stat } from 'node:fs/promises';
import { withBirdDaemon } from '../bird/daemon-session.ts';
import { peeringFaults } from '../control/peering.ts';
import type { DaemonReport, SessionReport, TargetReport } from '../control/status-report.ts';
import type { Clock } from '../core/clock.ts';

/** What BIRD itself says, as a TargetReport carries it. */
export type AskedDaemon = Pick<TargetReport, 'daemon' | 'sessions' | 'peering'>;

/** A status that waits for a hung BIRD helps nobody. */
const ASK_MS = 3_000;

/** Asks the BIRD at `socket`, for three seconds at most. Never rejects: one that does not answer is a reason not to be ready. */
export async function askDaemon(socket: string, clock: Clock): Promise<AskedDaemon> {
  try {
    const options = { configFile: '', signal: AbortSignal.timeout(ASK_MS), clock };
    const seen = await withBirdDaemon(socket, options, (daemon) => daemon.observe());
    const { boot, reconfigured, gracefulRestart } = seen;
    // BIRD makes its socket when it starts; its own text for that time has a format of the operator's choice.
    const { mtimeMs } = await stat(socket);
    const sessions = seen.protocols
      .filter(({ type }) => type === 'BGP')
      .map(({ name, neighborAddress, state, info, since, established, importedRoutes }): SessionReport => {
        return { name, neighbor: neighborAddress ?? '', state, info, since, established, importedRoutes };
      });
    const daemon: DaemonReport = {
      startedAt: new Date(mtimeMs).toISOString(),
      boot,
      reconfigured,
      gracefulRestart,
    };
    return { daemon, sessions, peering: peeringFaults({ sessions, gracefulRestart, upMs: clock.now() - mtimeMs }) };
  } catch {
    return { daemon: null, sessions: null, peering: [`BIRD does not answer at ${socket}`] };
  }
}
