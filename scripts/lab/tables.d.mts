import type { Protocol, Route } from './lab.d.mts';

export function parseProtocols(lines: readonly string[]): Protocol[];
export function parseRoutes(lines: readonly string[]): Route[];
