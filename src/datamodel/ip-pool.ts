import type { Cidr } from '../core/ip-address.ts';
import { envelope } from './envelope.ts';
import { boolean, type FieldType, oneOf, optional, record, unlessEmpty } from './field.ts';
import { cidr } from './values.ts';

const mode = optional(unlessEmpty(oneOf('Never', 'Always', 'CrossSubnet')), null);

const spec = record({ cidr, ipipMode: mode, vxlanMode: mode, disableBGPExport: optional(boolean, false) }, [
  'disabled',
  'natOutgoing',
  'nat-outgoing',
  'ipip',
  'blockSize',
  'nodeSelector',
  'namespaceSelector',
  'allowedUses',
  'assignmentMode',
]);

export const ipPoolFields = envelope(spec);

/** How packets between the pool's workloads cross the network; VXLAN wins over IPIP (spec calico-v3, 7.1). */
export type Encapsulation = 'vxlan' | 'ipip-always' | 'ipip-cross-subnet' | 'none';

/** The IPIP tunnel's device, where the data name no other. */
export const IPIP_DEVICE = 'tunl0';

export interface IpPool {
  readonly key: string;
  readonly name: string;
  readonly cidr: Cidr;
  readonly encapsulation: Encapsulation;
  /** The IPIP tunnel's, which only the v1 layout can name. */
  readonly device: string;
  readonly disableBgpExport: boolean;
}

const on = (mode: string | null): boolean => mode === 'Always' || mode === 'CrossSubnet';

export function toIpPool(key: string, name: string, { spec: pool }: FieldType<typeof ipPoolFields>): IpPool {
  const ipip = pool.ipipMode === 'Always' ? 'ipip-always' : 'ipip-cross-subnet';
  const encapsulation = on(pool.vxlanMode) ? 'vxlan' : on(pool.ipipMode) ? ipip : 'none';
  return { key, name, cidr: pool.cidr, encapsulation, device: IPIP_DEVICE, disableBgpExport: pool.disableBGPExport };
}
