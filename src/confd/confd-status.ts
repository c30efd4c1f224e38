import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer, listen, PROMETHEUS_TEXT, SERVER_LIMITS, sendJson, sendText } from '../control/http-server.ts';
import { systemClock } from '../core/clock.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import type { DatastoreHealth } from '../datastore/datastore.ts';
import { type ConfdMetrics, openConfdMetrics } from './confd-metrics.ts';
import type { GroupReport, UnitReport } from './group-pass.ts';

/** What is known of every unit, by its name: the last report, and when it came (ms since 1970). */
export class ConfdStatus {
  readonly #units = new Map<string, { readonly report: UnitReport | null; readonly at: number }>();
  /** Is told of every report, too. */
  onRecord: (report: GroupReport) => void = () => {};
  health: () => DatastoreHealth = () => ({ inSync: false, staleSince: null, lastError: null });

  /** Begins anew with these, of which nothing is known yet. */
  expect(units: readonly string[]): void {
    this.#units.clear();
    for (const unit of units) this.#units.set(unit, { report: null, at: 0 });
  }

  record(group: GroupReport, at: number): void {
    for (const report of group.units) this.#units.set(report.unit, { report, at });
    this.onRecord(group);
  }

  /** Every unit, and whether nothing is wrong with it. What only waits for its time is no fault. */
  get units(): readonly { readonly unit: string; readonly isReady: boolean }[] {
    return [...this.#units].map(([unit, { report }]) => ({ unit, isReady: report !== null && report.error === null }));
  }

  /** Why not everything is as the keys say; empty when it is. */
  get reasons(): readonly string[] {
    const reasons = [...this.#units].flatMap(([unit, { report }]) => {
      if (!report) return [`${unit}: not processed yet`];
      return report.error ? [`${unit}: ${report.error.stage} ${report.error.code}`] : [];
    });
    return this.health().inSync ? reasons : ['the backend is not in sync', ...reasons];
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
      units: [...this.#units].map(([unit, { report, at }]) => ({
        unit,
        outcome: report?.outcome ?? 'pending',
        at: report && new Date(at).toISOString(),
        error: report?.error && { stage: report.error.stage, code: report.error.code, message: report.error.message },
      })),
    };
  }
}

async function sendMetrics(response: ServerResponse, metrics: ConfdMetrics, status: ConfdStatus): Promise<void> {
  const text = await metrics.text(status, systemClock.now()).catch((error: unknown) => error);
  if (typeof text === 'string') return sendText(response, 200, text, PROMETHEUS_TEXT);
  sendText(response, 500, `${messageOf(text)}\n`);
}

/** Serves `/livez`, `/readyz`, `/status` and `/metrics` at HOST:PORT, without login. Rejects with a UsageError. Resolves with how to end it. */
export async function serveConfdStatus(
  address: string,
  status: ConfdStatus,
): Promise<{ port: number; close(): Promise<void> }> {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new UsageError(`-status-address: expected HOST:PORT, found ${JSON.stringify(address)}`);
  const metrics = await openConfdMetrics();
  status.onRecord = (report) => metrics.record(report);
  const server = createServer(SERVER_LIMITS, ({ method, url }, response) => {
    if (method !== 'GET') return sendText(response, 405, 'only GET\n');
    if (url === '/livez') return sendText(response, 200, 'alive\n');
    if (url === '/status') return sendJson(response, 200, status.report);
    if (url === '/metrics') return void sendMetrics(response, metrics, status);
    if (url !== '/readyz') return sendText(response, 404, 'there are /livez, /readyz, /status and /metrics\n');
    const { reasons } = status;
    return sendText(response, reasons.length === 0 ? 200 : 503, `${reasons.join('\n') || 'ready'}\n`);
  });
  try {
    await listen(server, { host, port: Number(port) });
  } catch (error) {
    throw new UsageError(`-status-address ${address}: ${messageOf(error)}`, { cause: error });
  }
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}
