import type { ServiceReport, TargetReport } from '../../src/control/status-report.ts';

const UP = { state: 'up', info: 'Established', established: true, importedRoutes: 12 } as const;

const CONVERGED: TargetReport = {
  name: 'bird',
  state: 'converged',
  since: '2026-11-22T10:02:11.000Z',
  ready: true,
  why: null,
  peering: [],
  revision: '48210',
  wanted: '3f9c2a71d0be55aa00',
  live: '3f9c2a71d0be55aa00',
  confirmed: '3f9c2a71d0be55aa00',
  transaction: 'idle',
  hold: null,
  needsRestart: false,
  lastPass: {
    pass: 12,
    at: '2026-11-22T10:02:11.000Z',
    outcome: 'confirmed',
    steps: ['commit', 'reload'],
    timings: { render: 4, check: 31, reload: 12 },
  },
  lastError: null,
  diagnostics: [],
  keptPasswords: [],
  history: [{ digest: '3f9c2a71d0be55aa00', revision: '48210', confirmedAt: '2026-11-22T10:02:11.000Z' }],
  daemon: {
    startedAt: '2026-11-18T09:12:39.000Z',
    boot: '2026-11-18 09:12:39',
    reconfigured: '2026-11-22 10:02:11',
    gracefulRestart: false,
  },
  sessions: [
    { ...UP, name: 'Mesh_192_0_2_2', neighbor: '192.0.2.2', since: '10:02:12' },
    { ...UP, name: 'Node_192_0_2_254', neighbor: '192.0.2.254', since: '2026-11-20' },
  ],
};

/** A node with nothing to tell but that all is well, in one family. */
export const SOUND_NODE: ServiceReport = {
  version: '0.1.0',
  pid: 4711,
  node: 'worker-3',
  startedAt: '2026-11-18T09:12:40.000Z',
  datastore: { inSync: true, staleSince: null, staleSeconds: 0, lastError: null, revision: '48210' },
  targets: [CONVERGED],
};

/** The same node with a bad value in the data, and IPv6 held. */
export const HELD_NODE: ServiceReport = {
  ...SOUND_NODE,
  targets: [
    {
      ...CONVERGED,
      diagnostics: [
        {
          severity: 'error',
          code: 'invalid-value',
          key: '/calico/resources/v3/projectcalico.org/bgppeers/tor-b',
          path: ['spec', 'peerIP'],
          message: 'expected an address, found "192.0.2.999"',
        },
      ],
      keptPasswords: [{ session: 'Node_192_0_2_254', since: '2026-11-22T09:58:00.000Z' }],
    },
    {
      ...CONVERGED,
      name: 'bird6',
      state: 'held',
      since: '2026-11-22T10:01:40.000Z',
      ready: false,
      why: 'no-peers: no session would be left of Mesh_2001_db8__2',
      peering: ['no session is Established: Mesh_2001_db8__2'],
      wanted: '90ce2a71d0be55aa00',
      live: '77aa2a71d0be55aa00',
      confirmed: '77aa2a71d0be55aa00',
      transaction: 'idle',
      hold: {
        kinds: ['no-peers'],
        since: '2026-11-22T10:01:40.000Z',
        summary: 'no session would be left of Mesh_2001_db8__2',
        plan: { added: [], removed: ['Mesh_2001_db8__2'], restarted: [], refiltered: [] },
      },
      sessions: [
        {
          name: 'Mesh_2001_db8__2',
          neighbor: '2001:db8::2',
          state: 'start',
          info: 'Active Socket: Connection refused',
          since: '09:40:02',
          established: false,
          importedRoutes: 0,
        },
      ],
    },
  ],
};
