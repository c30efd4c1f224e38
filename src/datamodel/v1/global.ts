import { show } from '../../core/diagnostic.ts';
import { isV1CustomFilter, V1_GLOBAL } from '../../core/keys.ts';
import type { DecodeValue } from '../decode-entries.ts';
import { type Fault, type Field, INVALID, record } from '../field.ts';
import { customFilterFamily } from './custom-filter.ts';
import { COMMON_KEYS, type DecodeFact, decodeFact, type Fact } from './fact.ts';
import { decodeJson } from './json-text.ts';

/**
 * Whether there is a mesh, as v0.22's templates took it: absent is off, and so is an empty text or 0; any other text is on, `"false"`
 * too (spec calico-v1, 2.1). What is no boolean is told.
 */
const enabled: Field<boolean> = {
  shape: { type: 'boolean', expects: 'true or false' },
  decode: (value, faults: Fault[]) => {
    if (value === undefined || value === null) return false;
    if (typeof value === 'boolean') return value;
    if (typeof value !== 'string' && typeof value !== 'number') {
      const message = `expected true or false, found ${show(value)}`;
      faults.push({ severity: 'error', code: 'invalid-value', path: [], message });
      return INVALID;
    }
    const message = `${show(value)} is read as ${Boolean(value)}: only true and false are what they seem`;
    faults.push({ severity: 'warning', code: 'unusual-form', path: [], message });
    return Boolean(value);
  },
};

const v1MeshFields = record({ enabled }, ['*']);

const GLOBAL_KEYS: Readonly<Record<string, DecodeFact>> = {
  ...COMMON_KEYS,
  node_mesh: (value, faults) => {
    const decoded = decodeJson(v1MeshFields, value, faults);
    return decoded === INVALID ? INVALID : { kind: 'mesh', enabled: decoded.enabled };
  },
};

/** One key of what holds for all nodes (spec calico-v1, 1). */
export const decodeV1Global: DecodeValue<Fact> = (key, value, faults) => {
  const path = key.slice(V1_GLOBAL.length);
  if (isV1CustomFilter(key)) {
    return { kind: 'custom-filter', family: customFilterFamily(key), text: String(value) };
  }
  return decodeFact(GLOBAL_KEYS, { key, path, node: null }, value, faults);
};
