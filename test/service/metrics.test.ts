import { describe, expect, it } from 'vitest';
import { StageError } from '../../src/core/errors.ts';
import type { PassReport } from '../../src/pass/pass-report.ts';
import { openMetrics } from '../../src/service/metrics.ts';
import type { Transaction } from '../../src/transaction/machine.ts';
import { readExposition, type Series } from '../support/exposition.ts';
import { HELD_NODE, SOUND_NODE } from '../support/service-reports.ts';

const bundle = 'a'.repeat(64) as Transaction extends { readonly to: infer T } ? T : never;
const at = (state: string): Transaction => ({ at: state, from: bundle, to: bundle }) as unknown as Transaction;

const report = (more: Partial<PassReport>): PassReport => ({
  outcome: 'confirmed',
  steps: ['commit', 'reload'],
  error: null,
  diagnostics: [],
  revision: '1',
  bundle: null,
  meaning: null,
  hold: null,
  timings: {},
  ...more,
});

const find = (all: readonly Series[], name: string, labels: Series['labels'] = {}) =>
  all.find((each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value))
    ?.value;

async function scraped(metrics: Awaited<ReturnType<typeof openMetrics>>, of = SOUND_NODE) {
  const all = readExposition(await metrics.text(of));
  return (name: string, labels?: Series['labels']) => find(all, `birdconfd_${name}`, labels);
}

const open = (perPeer = false) => openMetrics(['bird', 'bird6'], { perPeer });

describe('the metrics', () => {
  it('count reloads by what the transaction came to', async () => {
    const metrics = await open();
    const moves = [
      ['idle', 'committing', null],
      ['owed', 'asked', null],
      ['asked', 'verifying', null],
      ['verifying', 'confirming', null],
      ['confirming', 'idle', 'confirmed'],
      ['verifying', 'idle', 'confirmed'],
      ['asked', 'restoring', 'refused'],
      ['asked', 'held', 'refused'],
      ['verifying', 'restoring', 'taken-back'],
      ['asked', 'owed', 'unanswered'],
      ['confirming', 'armed', 'unanswered'],
    ] as const;
    for (const [from, to] of moves) metrics.onMove('bird', at(from), at(to));
    const value = await scraped(metrics);
    for (const result of ['confirmed', 'refused', 'taken-back', 'unanswered']) {
      const expected = moves.filter((move) => move[2] === result).length;
      expect([result, value('reloads_total', { target: 'bird', result })]).toEqual([result, expected]);
      expect(value('reloads_total', { target: 'bird6', result })).toBe(0);
    }
    expect(value('undos_total', { target: 'bird' })).toBe(2);
    expect(value('transitions_total', { target: 'bird', state: 'idle' })).toBe(2);
  });

  it('count passes, their stages, failures and what they did to sessions', async () => {
    const metrics = await open();
    const meaning = {
      added: ['a', 'b'],
      removed: [],
      restarted: ['c'],
      refiltered: [],
      reimported: [],
      needsRestart: false,
    };
    metrics.onPass('bird', report({ meaning, timings: { render: 20, check: 400 } }));
    metrics.onPass('bird', report({ outcome: 'held', meaning }));
    const error = new StageError('reload', 'timeout', 'BIRD is busy', { retryable: true });
    metrics.onPass('bird', report({ outcome: 'failed', error }));
    const value = await scraped(metrics);
    expect(value('passes_total', { outcome: 'confirmed' })).toBe(1);
    expect(value('session_changes_total', { target: 'bird', change: 'added' })).toBe(2);
    expect(value('session_changes_total', { target: 'bird', change: 'restarted' })).toBe(1);
    expect(value('failures_total', { stage: 'reload', code: 'timeout' })).toBe(1);
    expect(value('pass_stage_duration_seconds_sum', { stage: 'check' })).toBe(0.4);
    expect(value('pass_stage_duration_seconds_bucket', { stage: 'render', le: '0.025' })).toBe(1);
    expect(value('pass_stage_duration_seconds_bucket', { stage: 'check', le: '0.1' })).toBe(0);
  });

  it('count events, and restarts of BIRD by them', async () => {
    const metrics = await open();
    metrics.onEvent('info', 'restarted', { target: 'bird' });
    metrics.onEvent('warn', 'datastore-lost', {});
    const value = await scraped(metrics);
    expect(value('daemon_restarts_total', { target: 'bird', result: 'ok' })).toBe(1);
    expect(value('daemon_restarts_total', { target: 'bird', result: 'failed' })).toBe(0);
    expect(value('events_total', { level: 'warn', event: 'datastore-lost' })).toBe(1);
  });

  it('show what stands in the report, and forget what no longer does', async () => {
    const metrics = await open();
    const held = await scraped(metrics, HELD_NODE);
    expect(held('hold', { target: 'bird6', kind: 'no-peers' })).toBe(1);
    expect(held('hold', { target: 'bird', kind: 'no-peers' })).toBe(0);
    expect(held('target_state', { target: 'bird6', state: 'held' })).toBe(1);
    expect(held('diagnostics', { target: 'bird', code: 'invalid-value' })).toBe(1);
    expect(held('sessions', { target: 'bird', state: 'established' })).toBe(2);
    expect(held('sessions', { target: 'bird6', state: 'active' })).toBe(1);
    expect(held('kept_passwords', { target: 'bird' })).toBe(1);
    expect(held('last_confirmed_timestamp_seconds', { target: 'bird' })).toBe(
      Date.parse('2026-11-22T10:02:11Z') / 1000,
    );
    const [target] = SOUND_NODE.targets;
    const datastore = {
      ...SOUND_NODE.datastore,
      inSync: false,
      staleSince: '2026-11-22T10:00:00.000Z',
      staleSeconds: 75,
    };
    const targets = [{ ...target!, daemon: null, sessions: null, history: [] }];
    const silent = await scraped(metrics, { ...SOUND_NODE, datastore, targets });
    expect(silent('hold', { target: 'bird6', kind: 'no-peers' })).toBeUndefined();
    expect(silent('diagnostics')).toBeUndefined();
    expect(silent('bird_up', { target: 'bird' })).toBe(0);
    expect(silent('sessions', { target: 'bird' })).toBeUndefined();
    expect(silent('last_confirmed_timestamp_seconds')).toBeUndefined();
    expect(silent('datastore_staleness_seconds')).toBe(75);
    expect(silent('datastore_in_sync')).toBe(0);
  });

  it('have as many series with a thousand sessions as with none, unless they are asked for', async () => {
    const [target] = SOUND_NODE.targets;
    const [session] = target?.sessions ?? [];
    const many = Array.from({ length: 1_000 }, (_, i) => ({ ...session!, name: `Mesh_${i}`, info: `Word${i}` }));
    const series = async (perPeer: boolean, sessions: typeof many) =>
      readExposition(await (await open(perPeer)).text({ ...SOUND_NODE, targets: [{ ...target!, sessions }] })).length;
    const none = await series(false, []);
    expect(await series(false, many)).toBe(none);
    expect(await series(true, many)).toBe(none + 2_000);
    const odd = await scraped(await open(), { ...SOUND_NODE, targets: [{ ...target!, sessions: many }] });
    expect(odd('sessions', { state: 'other' })).toBe(1_000);
    const value = await scraped(await open(true));
    expect(value('session_established', { session: 'Mesh_192_0_2_2' })).toBe(1);
    expect(value('session_imported_routes', { session: 'Mesh_192_0_2_2' })).toBe(12);
  });
});
