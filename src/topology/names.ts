import { byBytes } from '../core/order.ts';
import type { Vertex } from './graph.ts';

const LONGEST = 22;

/** Digits padded, so that node-10 comes after node-9. */
const natural = (name: string): string => name.replace(/\d+/g, (digits) => digits.padStart(12, '0'));

/** By name, numbers in them by their value. */
export const inNaturalOrder = (vertices: readonly Vertex[]): readonly Vertex[] =>
  [...vertices].sort((a, b) => byBytes(natural(a.name), natural(b.name)) || byBytes(a.id, b.id));

/** The domain that all nodes of a cluster share, with its dot; empty where there is none. */
export function sharedDomain(names: readonly string[]): string {
  const domainOf = (name: string) => (name.includes('.') ? name.slice(name.indexOf('.')) : '');
  const [first = '', ...others] = names.map(domainOf);
  return names.length > 1 && others.every((domain) => domain === first) ? first : '';
}

/** A name as it fits on a label: its middle left out where it is too long. */
export function labelOf(name: string): string {
  const letters = [...name];
  if (letters.length <= LONGEST) return name;
  const half = (LONGEST - 1) / 2;
  return `${letters.slice(0, Math.ceil(half)).join('')}…${letters.slice(-Math.floor(half)).join('')}`;
}
