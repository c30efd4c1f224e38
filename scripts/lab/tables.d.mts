import type { Protocol, Route } from './lab.d.mts';

export function parseProtocols(lines: readonly string[]): Protocol[];
export function parseRoutes(lines: readonly string[]): Route[];

/**
 * Whether two texts of BIRD's for a time of day may mean the same moment. BIRD 1.6 works it out anew at each question from two
 * clocks that it reads in whole seconds, so that it is a second off now and then.
 */
export function isSameTime(a: string, b: string): boolean;
