import { describe, expect, it } from 'vitest';
import { peeringFaults } from '../../src/control/peering.ts';

const session = (name: string, established: boolean) => ({
  name,
  neighbor: '192.0.2.2',
  state: established ? 'up' : 'start',
  info: established ? 'Established' : 'Connect',
  since: '10:00:00',
  established,
  importedRoutes: null,
});
const faults = (upMs: number, states: Readonly<Record<string, boolean>>, gracefulRestart = false) =>
  peeringFaults({
    upMs,
    gracefulRestart,
    sessions: Object.entries(states).map(([name, established]) => session(name, established)),
  });

describe("Calico's readiness of the sessions", () => {
  it('asks all of them to be Established while BIRD starts', () => {
    expect(faults(29_999, { Mesh_a: true, Node_b: false })).toEqual([
      'BIRD has just started, and not Established yet: Node_b',
    ]);
    expect(faults(0, { Mesh_a: true, Node_b: true, Global_c: true })).toEqual([]);
  });

  it('asks one of them to be Established later', () => {
    expect(faults(30_000, { Mesh_a: true, Node_b: false })).toEqual([]);
    expect(faults(30_000, { Mesh_a: false, Node_b: false })).toEqual(['no session is Established: Mesh_a, Node_b']);
  });

  it('counts only sessions that Calico names, and misses none where there are none', () => {
    expect(faults(60_000, { Mesh_a: false, Local_Workload_b: true, uplink: true })).toEqual([
      'no session is Established: Mesh_a',
    ]);
    expect(faults(60_000, { Local_Workload_b: false, uplink: false })).toEqual([]);
    expect(faults(0, {})).toEqual([]);
  });

  it('waits for a graceful restart to be over, whatever is up', () => {
    expect(faults(60_000, { Mesh_a: true }, true)).toEqual(['a graceful restart is in progress']);
    expect(faults(60_000, { Mesh_a: false }, true)).toHaveLength(2);
  });

  it('names some of many', () => {
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`Mesh_${i}`, false]));
    expect(faults(60_000, many)).toEqual([
      'no session is Established: Mesh_0, Mesh_1, Mesh_2, Mesh_3, Mesh_4 and 3 more',
    ]);
  });
});
