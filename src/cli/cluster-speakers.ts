import { buildNodeBgp, type Self } from '../bgp/node-bgp.ts';
import { buildV1NodeBgp } from '../bgp/v1-node-bgp.ts';
import { selfOf } from '../bgp-targets.ts';
import { FLAVOURS } from '../bird/flavour.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { layoutOf } from '../datamodel/layout.ts';
import { type DecodedResources, ResourcesDecoder } from '../datamodel/resources.ts';
import { V1ResourcesDecoder } from '../datamodel/v1/resources.ts';
import type { Snapshot } from '../datastore/datastore.ts';
import type { Settings } from '../settings.ts';
import type { Speaker } from '../topology/speaker.ts';
import { speakerOfBgp } from '../topology/speaker-of-bgp.ts';

/** The data as every node sees them; what is only this machine's (its workloads, its variables IP and IP6) is left out. */
function decodeForAll(snapshot: Snapshot, settings: Settings): { decoded: DecodedResources; isV1: boolean } {
  const isV1 = (settings.data ?? layoutOf(snapshot)) === 'v1';
  const own = { nodeName: settings.nodeName, addresses: { 4: null, 6: null } };
  const decoder = isV1 ? new V1ResourcesDecoder(own, new Map()) : new ResourcesDecoder(settings.nodeName, new Map());
  const decoded = decoder.decode(snapshot);
  return { decoded: { ...decoded, resources: { ...decoded.resources, workloads: new Map() } }, isV1 };
}

/**
 * What every node of the cluster speaks by the rules, decoded once for all. A password that cannot be found takes no session out of it:
 * whether there is one is for the node to know.
 */
export function clusterSpeakers(
  snapshot: Snapshot,
  settings: Settings,
): { readonly speakers: readonly Speaker[]; readonly diagnostics: readonly Diagnostic[] } {
  const { decoded, isV1 } = decodeForAll(snapshot, settings);
  const { kernelTunnel } = FLAVOURS.calico;
  const passwords = { ...selfOf(settings).passwords, allowMissing: true };
  const speakers = [...decoded.resources.nodes.values()].map(({ name }) => {
    const self: Self = { ...selfOf(settings), nodeName: name, kubernetesNode: name, kernelTunnel, passwords };
    const built = isV1 ? buildV1NodeBgp(decoded, { ...self, allowCustomFilters: false }) : buildNodeBgp(decoded, self);
    const families = ([4, 6] as const).flatMap((family) => built.value?.family(family, null).value ?? []);
    return speakerOfBgp(name, families);
  });
  return { speakers, diagnostics: [...snapshot.diagnostics, ...decoded.diagnostics] };
}
