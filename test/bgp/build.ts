import { buildNodeBgp, type FamilyBgp, type Self } from '../../src/bgp/node-bgp.ts';
import type { Diagnostic } from '../../src/core/diagnostic.ts';
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
}

/** What `nodeName` should speak in a cluster of these entries, which must all be valid. */
export function build(nodeName: string, entries: Entries, self: Partial<Self> = {}): Built {
  const decoded = new ResourcesDecoder(nodeName, new Map()).decode(new TestStore(nodeName, entries).snapshot());
  if (decoded.diagnostics.length > 0) throw new Error(`invalid entries: ${JSON.stringify(decoded.diagnostics)}`);
  const { value, diagnostics } = buildNodeBgp(decoded, selfFor(nodeName, { kernelTunnel: true, ...self }));
  if (!value) throw new Error(`${nodeName} is not among the entries`);
  const told = diagnostics.map(({ code, key, path }) => `${code} ${key.replace(/.*\//, '')} ${path.join('.')}`);
  const names = [...value[4].peers, ...value[6].peers].map((peer) => peer.name);
  return { v4: value[4], v6: value[6], diagnostics, names, told: [...new Set(told)] };
}
