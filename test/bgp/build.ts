import { buildNodeBgp, type FamilyBgp, type Self } from '../../src/bgp/node-bgp.ts';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
import type { Family } from '../../src/core/ip-address.ts';
import type { LiveConfiguration } from '../../src/core/live-configuration.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { selfFor } from '../support/self.ts';

export type Entries = Iterable<readonly [key: string, value: string]>;

export interface Built {
  readonly v4: FamilyBgp;
  readonly v6: FamilyBgp;
  readonly diagnostics: readonly Diagnostic[];
  /** The sessions' names, IPv4 then IPv6. */
  readonly names: readonly string[];
  /** `code last-part-of-the-key path`, each once. */
  readonly told: readonly string[];
  /** The sessions that keep the live file's password, IPv4 then IPv6. */
  readonly kept: readonly string[];
}

/** Both families as one, with all that is told of them; `live` holds for both. */
export function buildBoth(
  decoded: Parameters<typeof buildNodeBgp>[0],
  self: Self,
  live: LiveConfiguration | null = null,
): {
  value: Readonly<Record<Family, FamilyBgp>> | null;
  diagnostics: readonly Diagnostic[];
  kept: readonly string[];
} {
  const { value, diagnostics } = buildNodeBgp(decoded, self);
  if (!value) return { value, diagnostics, kept: [] };
  const [v4, v6] = [value.family(4, live), value.family(6, live)];
  return {
    value: { 4: v4.value, 6: v6.value },
    diagnostics: [...diagnostics, ...v4.diagnostics, ...v6.diagnostics],
    kept: [...v4.kept, ...v6.kept],
  };
}

/** What `nodeName` should speak in a cluster of these entries, which must all be valid. */
export function build(
  nodeName: string,
  entries: Entries,
  self: Partial<Self> = {},
  live: LiveConfiguration | null = null,
): Built {
  const decoded = new ResourcesDecoder(nodeName, new Map()).decode(new TestStore(nodeName, entries).snapshot());
  if (decoded.diagnostics.length > 0) throw new Error(`invalid entries: ${JSON.stringify(decoded.diagnostics)}`);
  const { value, diagnostics, kept } = buildBoth(decoded, selfFor(nodeName, { kernelTunnel: true, ...self }), live);
  if (!value) throw new Error(`${nodeName} is not among the entries`);
  const told = diagnostics.map(({ code, key, path }) => `${code} ${key.replace(/.*\//, '')} ${path.join('.')}`);
  const names = [...value[4].peers, ...value[6].peers].map((peer) => peer.name);
  return { v4: value[4], v6: value[6], diagnostics, names, kept, told: [...new Set(told)] };
}
