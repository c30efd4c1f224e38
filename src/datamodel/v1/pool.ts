import type { Family } from '../../core/ip-address.ts';
import { splitKey, v1PoolPrefix } from '../../core/keys.ts';
import type { DecodeValue } from '../decode-entries.ts';
import { type Field, type FieldType, INVALID, oneOfOr, optional, record, text, unlessEmpty } from '../field.ts';
import { type Encapsulation, IPIP_DEVICE, type IpPool } from '../ip-pool.ts';
import { isPlainName, misplaced } from './fact.ts';
import { decodeJson } from './json-text.ts';
import { v1Cidr } from './plain-text.ts';

/** What Linux takes for a device, less what no plain name holds. */
const DEVICE = /^[A-Za-z0-9_.-]{1,15}$/;

const deviceName = text('the name of a device', (value) => (DEVICE.test(value) ? value : null));

/** The tunnel's device, or null for none: absent, empty, or false as some wrote by hand. */
const device: Field<string | null> = {
  shape: deviceName.shape,
  decode: (value, faults) => (value === false ? null : unlessEmpty(deviceName).decode(value, faults)),
};

/** The value of a pool's key. Pools that are disabled, or that no address is taken from, are told to the neighbors all the same. */
const poolFields = (family: Family) =>
  record(
    {
      cidr: v1Cidr(family),
      ipip: device,
      /** From v1.0 on; where it is unset, `ipip` alone decides, as it does for what is neither word. */
      ipip_mode: optional(oneOfOr('', 'always', 'cross-subnet', ''), ''),
    },
    ['*'],
  );

const v1PoolFields = { 4: poolFields(4), 6: poolFields(6) } as const;

function encapsulationOf({ ipip, ipip_mode }: FieldType<ReturnType<typeof poolFields>>): Encapsulation {
  if (ipip_mode === 'cross-subnet') return 'ipip-cross-subnet';
  return ipip_mode === 'always' || ipip !== null ? 'ipip-always' : 'none';
}

/** One pool of the family (spec calico-v1, 1); its range is what the value says, whatever the key does. */
export const decodeV1Pool =
  (family: Family): DecodeValue<IpPool> =>
  (key, value, faults) => {
    const { first: name, rest } = splitKey(v1PoolPrefix(family), key);
    if (rest !== null) return misplaced(key, `a value under ${name}`, 'a folder', faults);
    if (!isPlainName(name))
      return misplaced(key, '<address>-<length> as the last part of the key', 'another text', faults);
    const pool = decodeJson(v1PoolFields[family], value, faults);
    if (pool === INVALID) return INVALID;
    const encapsulation = encapsulationOf(pool);
    return { key, name, cidr: pool.cidr, encapsulation, device: pool.ipip ?? IPIP_DEVICE, disableBgpExport: false };
  };
