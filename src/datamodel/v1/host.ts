import { show } from '../../core/diagnostic.ts';
import { splitKey, V1_HOSTS } from '../../core/keys.ts';
import type { DecodeValue } from '../decode-entries.ts';
import { INVALID, unlessEmpty } from '../field.ts';
import { isResourceName } from '../values.ts';
import { COMMON_KEYS, type DecodeFact, decodeFact, type Fact, fact, misplaced } from './fact.ts';
import { v1Address, v1Cidr } from './plain-text.ts';

const address = (family: 4 | 6) =>
  fact(unlessEmpty(v1Address(family)), (found) => ({ kind: 'address', family, address: found }));

const network = (family: 4 | 6) => fact(v1Cidr(family), (found) => ({ kind: 'network', family, network: found }));

const HOST_KEYS: Readonly<Record<string, DecodeFact>> = {
  ...COMMON_KEYS,
  ip_addr_v4: address(4),
  ip_addr_v6: address(6),
  network_v4: network(4),
  network_v6: network(6),
};

/** One key of one node (spec calico-v1, 1). Its name has to be one that can stand in a comment and a path. */
export const decodeV1Host: DecodeValue<Fact> = (key, value, faults) => {
  const { first: node, rest: path } = splitKey(V1_HOSTS, key);
  if (!isResourceName(node)) {
    const message = `expected a node name of letters, digits, ".", "-" and "_", found ${show(node)}`;
    faults.push({ severity: 'error', code: 'invalid-name', path: [], message });
    return INVALID;
  }
  if (path === null) return misplaced(key, "a folder under the node's name", 'a value', faults);
  return decodeFact(HOST_KEYS, { key, path, node }, value, faults);
};
