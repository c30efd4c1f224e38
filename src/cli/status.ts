import { askService, type ServiceAnswer } from '../control/client.ts';
import type { ServiceReport } from '../control/status-report.ts';
import { systemClock } from '../core/clock.ts';
import { printable } from '../core/diagnostic.ts';
import { UsageError } from '../core/errors.ts';
import { askDaemon } from '../service/ask-daemon.ts';
import { DAEMONS, type Settings } from '../settings.ts';
import { type DownReport, downReport, downText } from './down-report.ts';
import { EXIT } from './exit-codes.ts';
import { statusText } from './status-text.ts';

/** A service that is only starting answers so to everything. */
const messageIn = ({ text }: ServiceAnswer): string => {
  try {
    return String(JSON.parse(text).message);
  } catch {
    return text.trim();
  }
};

export interface StatusOptions {
  readonly json: boolean;
  readonly colour: boolean;
  /** Show it again this often; null = once. */
  readonly watchMs: number | null;
}

/** The running service's report; where none can be asked, what is known without it. */
async function lookAt(settings: Settings): Promise<ServiceReport | DownReport> {
  try {
    const answer = await askService(settings.stateDir, 'GET', '/status');
    if (answer.status !== 200) throw new UsageError(messageIn(answer));
    const report: ServiceReport = JSON.parse(answer.text);
    if (!('targets' in report))
      throw new UsageError(
        `${settings.stateDir} is that of birdconfd confd, which answers /status and /readyz there by HTTP`,
      );
    return report;
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    return downReport(settings, thrown.message);
  }
}

/**
 * `birdconfd status`: the running service's view, as tables or JSON (a ServiceReport); where it cannot be asked, a DownReport and exit 1.
 * With `watchMs` again and again, each on a cleared screen where that is a terminal, until SIGINT or SIGTERM.
 */
export async function statusVerb(settings: Settings, { json, colour, watchMs }: StatusOptions): Promise<number> {
  const show = async (): Promise<number> => {
    const report = await lookAt(settings);
    const isDown = 'service' in report;
    const text = isDown ? downText(report, colour) : statusText(report, colour);
    const clear = watchMs !== null && process.stdout.isTTY === true ? '\u001b[H\u001b[2J' : '';
    process.stdout.write(json ? `${JSON.stringify(report, null, watchMs === null ? 2 : 0)}\n` : `${clear}${text}`);
    return isDown ? EXIT.usage : EXIT.ok;
  };
  if (watchMs === null) return show();
  const over = new AbortController();
  const end = () => over.abort();
  process.on('SIGINT', end).on('SIGTERM', end);
  try {
    while (!over.signal.aborted) {
      await show();
      await systemClock.sleep(watchMs, over.signal);
    }
    return EXIT.ok;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

export interface ReadyOptions {
  /** `calico`: its own rules alone, asked of BIRD itself. */
  readonly rules: 'all' | 'calico';
  /** [] = all. */
  readonly targets: readonly string[];
}

async function faultsOf(settings: Settings, { rules, targets }: ReadyOptions): Promise<readonly string[]> {
  if (rules === 'calico') {
    const asked = DAEMONS.filter((name) => targets.length === 0 || targets.includes(name)).map(async (name) => {
      const { peering } = await askDaemon(settings.daemons[name].socket, systemClock);
      return peering.map((fault) => `${name}: ${fault}`);
    });
    return (await Promise.all(asked)).flat();
  }
  const query = new URLSearchParams(targets.map((target): [string, string] => ['target', target]));
  const answer = await askService(settings.stateDir, 'GET', `/readyz?${query}`);
  return answer.status === 200 ? [] : messageIn(answer).split('\n');
}

/** `birdconfd status --ready`: exit 0 when the service is ready, or none is to run here; else 1 with the reasons, a line each. Throws UsageError when none runs. */
export async function readyVerb(settings: Settings, options: ReadyOptions): Promise<number> {
  if (settings.notRunning) return EXIT.ok;
  const faults = await faultsOf(settings, options);
  for (const fault of faults) process.stdout.write(`${printable(fault)}\n`);
  return faults.length === 0 ? EXIT.ok : EXIT.usage;
}
