import type { ServiceReport, SessionReport, TargetReport, TargetState } from '../control/status-report.ts';
import { HOLD_KINDS } from '../core/hold-kinds.ts';

/** One value of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric that is read off a report at every scrape. */
export interface GaugeRow {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (report: ServiceReport) => readonly Sample[];
}

const STATES: readonly TargetState[] = [
  'starting',
  'converged',
  'waiting',
  'held',
  'failed',
  'needs-restart',
  'stale',
  'node-unknown',
];

/** BGP's states as BIRD 1.6 begins its info with them; what else stands there counts as `other`. */
const BGP_STATES = ['established', 'idle', 'connect', 'active', 'opensent', 'openconfirm', 'close', 'passive', 'down'];

const seconds = (instant: string): number => Date.parse(instant) / 1000;
const one = (value: number | boolean): readonly Sample[] => [{ labels: {}, value: Number(value) }];

const bgpState = ({ info }: SessionReport): string => {
  const word = info.split(' ')[0]?.toLowerCase() ?? '';
  return BGP_STATES.includes(word) ? word : 'other';
};

type OfTarget = (target: TargetReport) => readonly { readonly labels?: Sample['labels']; readonly value: number }[];

/** A gauge with the label `target`, and those of `more`. */
const perTarget = (name: string, help: string, more: readonly string[], of: OfTarget): GaugeRow => ({
  name: `birdconfd_${name}`,
  help,
  labels: ['target', ...more],
  samples: ({ targets }) =>
    targets.flatMap((target) =>
      of(target).map(({ labels, value }) => ({ labels: { target: target.name, ...labels }, value })),
    ),
});

/** A gauge of one value a target; null = it has none just now. */
const singleOf = (name: string, help: string, of: (target: TargetReport) => number | boolean | null): GaugeRow =>
  perTarget(name, help, [], (target) => {
    const value = of(target);
    return value === null ? [] : [{ value: Number(value) }];
  });

const ofService = (name: string, help: string, of: (report: ServiceReport) => number | boolean): GaugeRow => ({
  name: `birdconfd_${name}`,
  help,
  labels: [],
  samples: (report) => one(of(report)),
});

const diagnosticsOf: OfTarget = ({ diagnostics }) => {
  const counts = new Map<string, number>();
  for (const { severity, code } of diagnostics)
    counts.set(`${severity} ${code}`, (counts.get(`${severity} ${code}`) ?? 0) + 1);
  return [...counts].map(([both, value]) => {
    const [severity = '', code = ''] = both.split(' ');
    return { labels: { severity, code }, value };
  });
};

/** What every scrape shows; the number of series is bounded by the code, whatever the data are. */
export const GAUGES: readonly GaugeRow[] = [
  {
    name: 'birdconfd_build_info',
    help: 'Always 1; the version of birdconfd, and of the Node that runs it.',
    labels: ['version', 'node_version'],
    samples: ({ version }) => [{ labels: { version, node_version: process.version }, value: 1 }],
  },
  ofService('start_time_seconds', 'When the service started, in seconds since 1970.', ({ startedAt }) =>
    seconds(startedAt),
  ),
  ofService('datastore_in_sync', '1 while the copy of the data is known to be in step.', ({ datastore }) =>
    Boolean(datastore.inSync && datastore.staleSince === null),
  ),
  ofService(
    'datastore_staleness_seconds',
    'How long the datastore has been away; 0 while in sync.',
    ({ datastore }) => datastore.staleSeconds,
  ),
  singleOf('target_ready', '1 while running = file = data, or the last good data where they are away.', (t) => t.ready),
  singleOf('peering_ready', "1 while the sessions are ready by Calico's own rules.", (t) => t.peering.length === 0),
  perTarget('target_state', '1 for the state that the target is in, 0 for the others.', ['state'], ({ state }) =>
    STATES.map((each) => ({ labels: { state: each }, value: Number(each === state) })),
  ),
  perTarget('hold', '1 for each kind that holds the plan, 0 for the others.', ['kind'], ({ hold }) =>
    HOLD_KINDS.map((kind) => ({ labels: { kind }, value: Number(hold?.kinds.includes(kind) ?? false) })),
  ),
  singleOf('hold_start_time_seconds', 'Since when the plan is held, in seconds since 1970.', ({ hold }) =>
    hold ? seconds(hold.since) : null,
  ),
  perTarget('diagnostics', 'Faults in the data, by code.', ['severity', 'code'], diagnosticsOf),
  singleOf('last_confirmed_timestamp_seconds', 'When BIRD last confirmed a bundle, in seconds since 1970.', (t) =>
    t.history[0] ? seconds(t.history[0].confirmedAt) : null,
  ),
  singleOf('last_pass_timestamp_seconds', 'When the last pass ended, in seconds since 1970.', ({ lastPass }) =>
    lastPass ? seconds(lastPass.at) : null,
  ),
  singleOf(
    'kept_passwords',
    'Sessions that go on with a password that is no longer found.',
    (t) => t.keptPasswords.length,
  ),
  singleOf('bird_up', '1 while BIRD answers on its control socket.', ({ daemon }) => daemon !== null),
  singleOf('bird_start_time_seconds', 'When BIRD was started, in seconds since 1970.', ({ daemon }) =>
    daemon ? seconds(daemon.startedAt) : null,
  ),
  singleOf('bird_graceful_restart', '1 while BIRD recovers from a graceful restart.', ({ daemon }) =>
    daemon ? daemon.gracefulRestart : null,
  ),
  perTarget('sessions', "BGP sessions, by BGP's state.", ['state'], ({ sessions }) =>
    sessions === null
      ? []
      : [...BGP_STATES, 'other'].map((state) => ({
          labels: { state },
          value: sessions.filter((session) => bgpState(session) === state).length,
        })),
  ),
  singleOf('imported_routes', 'Routes that all sessions together have learned.', ({ sessions }) =>
    sessions === null ? null : sessions.reduce((sum, { importedRoutes }) => sum + (importedRoutes ?? 0), 0),
  ),
];

/** Two series for each session: only where the operator asks for them. */
export const PEER_GAUGES: readonly GaugeRow[] = [
  perTarget('session_established', '1 while the session is Established.', ['session'], ({ sessions }) =>
    (sessions ?? []).map(({ name, established }) => ({ labels: { session: name }, value: Number(established) })),
  ),
  perTarget('session_imported_routes', 'Routes that the session has learned.', ['session'], ({ sessions }) =>
    (sessions ?? []).map(({ name, importedRoutes }) => ({ labels: { session: name }, value: importedRoutes ?? 0 })),
  ),
];
