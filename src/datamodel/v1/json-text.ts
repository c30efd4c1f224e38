import { show } from '../../core/diagnostic.ts';
import { type Fault, type Field, INVALID, type Invalid } from '../field.ts';

/** Decodes a text that holds JSON; odd spacing and further members are as good as Calico's own form. */
export function decodeJson<T>(field: Field<T>, value: unknown, faults: Fault[]): T | Invalid {
  let json: unknown;
  try {
    json = JSON.parse(String(value));
  } catch {
    faults.push({ severity: 'error', code: 'invalid-json', path: [], message: `expected JSON, found ${show(value)}` });
    return INVALID;
  }
  return field.decode(json, faults);
}
