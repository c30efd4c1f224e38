import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer, listen, SERVER_LIMITS, sendJson, sendText } from '../control/http-server.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import type { DatastoreHealth } from '../datastore/datastore.ts';
import type { GroupReport, UnitReport } from './group-pass.ts';

/** What is known of every unit, by its name: the last report, and when it came (ms since 1970). */
export class ConfdStatus {
  readonly #units = new Map<string, { readonly report: UnitReport | null; readonly at: number }>();
  #faults: readonly string[] = [];
  health: () => DatastoreHealth = () => ({ inSync: false, staleSince: null, lastError: null });

  /** Begins anew with these, of which nothing is known yet, and with what is wrong in conf.d itself. */
  expect(units: readonly string[], faults: readonly string[]): void {
    this.#units.clear();
    this.#faults = faults;
    for (const unit of units) this.#units.set(unit, { report: null, at: 0 });
  }

  record({ units }: GroupReport, at: number): void {
    for (const report of units) if (report.outcome !== 'stopped') this.#units.set(report.unit, { report, at });
  }

  /** Why not everything is as the keys say; empty when it is. */
  get reasons(): readonly string[] {
    const broken = this.#faults.map((fault) => `conf.d: ${fault}`);
    const units = [...this.#units].flatMap(([unit, { report }]) => {
      if (!report) return [`${unit}: not processed yet`];
      return report.error ? [`${unit}: ${report.error.stage} ${report.error.code}`] : [];
    });
    return [...(this.health().inSync ? [] : ['the backend is not in sync']), ...broken, ...units];
  }

  /** For machines: no text of a key or a file is in it, only where it went wrong. */
  get report(): unknown {
    const { inSync, staleSince, lastError } = this.health();
    return {
      ready: this.reasons.length === 0,
      backend: {
        inSync,
        staleSince: staleSince && new Date(staleSince).toISOString(),
        error: lastError?.message ?? null,
      },
      faults: this.#faults,
      units: [...this.#units].map(([unit, { report, at }]) => ({
        unit,
        outcome: report?.outcome ?? 'pending',
        at: report && new Date(at).toISOString(),
        error: report?.error && { stage: report.error.stage, code: report.error.code, message: report.error.message },
      })),
    };
  }
}

/** Answers `/livez`, `/readyz` (200 or 503, a reason a line) and `/status`. */
export const answerStatus =
  (status: ConfdStatus): RequestListener =>
  ({ method, url }, response) => {
    if (method !== 'GET') return sendText(response, 405, 'only GET\n');
    if (url === '/livez') return sendText(response, 200, 'alive\n');
    if (url === '/status') return sendJson(response, 200, status.report);
    if (url !== '/readyz') return sendText(response, 404, 'there are /livez, /readyz and /status\n');
    const { reasons } = status;
    return sendText(response, reasons.length === 0 ? 200 : 503, `${reasons.join('\n') || 'ready'}\n`);
  };

/** Serves `/livez`, `/readyz` and `/status` at HOST:PORT, without login. Rejects with a UsageError. Resolves with how to end it. */
export async function serveConfdStatus(
  address: string,
  status: ConfdStatus,
): Promise<{ port: number; close(): Promise<void> }> {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new UsageError(`-status-address: expected HOST:PORT, found ${JSON.stringify(address)}`);
  const server = createServer(SERVER_LIMITS, answerStatus(status));
  try {
    await listen(server, { host, port: Number(port) });
  } catch (error) {
    throw new UsageError(`-status-address ${address}: ${messageOf(error)}`, { cause: error });
  }
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}
