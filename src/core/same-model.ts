import { Secret } from './secret.ts';

/**
 * Whether two values of a model say the same, in the same order: then the same text is made of them. Of what is not plain data, only one
 * and the same object, and one and the same password: that is another object where the Secret was written again, or was read back from the
 * live file.
 */
export function sameModel(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Secret) return b instanceof Secret && a.reveal() === b.reveal();
  if (Array.isArray(a)) return Array.isArray(b) && sameItems(a, b);
  if (Object.getPrototypeOf(a) !== Object.prototype || Object.getPrototypeOf(b) !== Object.prototype) return false;
  const names = Object.keys(a);
  return sameItems(names, Object.keys(b)) && sameFields(a, b, names as (keyof typeof a)[]);
}

// Loops: in a mesh of a thousand nodes, a million peers of twenty fields are compared.
function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !sameModel(a[i], b[i])) return false;
  return true;
}

/** Whether two objects say the same in these fields. */
export function sameFields<T extends object>(a: T, b: T, names: readonly (keyof T)[]): boolean {
  for (const name of names) if (a[name] !== b[name] && !sameModel(a[name], b[name])) return false;
  return true;
}
