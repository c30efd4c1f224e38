import { askService } from '../control/client.ts';
import type { OperationResult } from '../control/operations.ts';
import { printable } from '../core/diagnostic.ts';
import { UsageError } from '../core/errors.ts';
import type { Settings } from '../settings.ts';
import { EXIT } from './exit-codes.ts';

/** A pass may wait for BIRD's reply, 30 s under load, and for a timed confirmation of a minute. */
const OPERATION_MS = 180_000;

/**
 * `birdconfd approve`, `resume`, `reload`, `rollback`: has the running service do it, and prints what came of it, a line a target. Exit
 * 6 when it is not confirmed or remains held. Throws UsageError when no service runs, or it refuses.
 */
export async function operateVerb(
  settings: Settings,
  operation: {
    readonly name: string;
    readonly targets: readonly string[];
    readonly query: Readonly<Record<string, string>>;
    readonly json: boolean;
  },
): Promise<number> {
  const { name, targets, query, json } = operation;
  const search = new URLSearchParams(query);
  for (const target of targets) search.append('target', target);
  const answer = await askService(settings.stateDir, 'POST', `/${name}?${search}`, { timeoutMs: OPERATION_MS });
  const body = JSON.parse(answer.text);
  if (answer.status !== 200 && answer.status !== 409)
    throw new UsageError(`${name}: ${printable(String(body.message))}`);
  const result: OperationResult = body;
  if (json) process.stdout.write(answer.text);
  else for (const { target, text } of result.lines) process.stdout.write(`${printable(`${target}: ${text}`)}\n`);
  return result.ok ? EXIT.ok : EXIT.reload;
}
