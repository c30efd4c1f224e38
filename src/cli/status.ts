import { askService, type ServiceAnswer } from '../control/client.ts';
import type { ServiceReport } from '../control/status-report.ts';
import { printable } from '../core/diagnostic.ts';
import { UsageError } from '../core/errors.ts';
import type { Settings } from '../settings.ts';
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

/** `birdconfd status`: the running service's view, as tables or JSON (a ServiceReport). Throws UsageError when it cannot be had. */
export async function statusVerb(
  settings: Settings,
  options: { readonly json: boolean; readonly colour: boolean },
): Promise<number> {
  const answer = await askService(settings.stateDir, 'GET', '/status');
  if (answer.status !== 200) throw new UsageError(printable(messageIn(answer)));
  const report: ServiceReport = JSON.parse(answer.text);
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : statusText(report, options.colour));
  return EXIT.ok;
}

/** `birdconfd status --ready`: exit 0 when the service is ready, or none is to run here; else 1 with the reasons, a line each. */
export async function readyVerb(settings: Settings): Promise<number> {
  if (settings.notRunning) return EXIT.ok;
  const answer = await askService(settings.stateDir, 'GET', '/readyz');
  if (answer.status === 200) return EXIT.ok;
  for (const line of messageIn(answer).split('\n')) process.stdout.write(`${printable(line)}\n`);
  return EXIT.usage;
}
