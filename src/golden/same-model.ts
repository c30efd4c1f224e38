import { Secret } from '../core/secret.ts';

/**
 * Whether two values of a model say the same, in the same order: then the same text is made of them. Of what is not plain data, only one
 * and the same object, and one and the same password.
 */
export function sameModel(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Secret) return b instanceof Secret && a.reveal() === b.reveal();
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameModel(item, b[i]));
  if (Object.getPrototypeOf(a) !== Object.prototype || Object.getPrototypeOf(b) !== Object.prototype) return false;
  const [names, others] = [Object.keys(a), Object.keys(b)];
  return (
    names.length === others.length &&
    names.every((name, i) => name === others[i] && sameModel(a[name as keyof typeof a], b[name as keyof typeof b]))
  );
}
