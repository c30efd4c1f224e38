import type { Plugin } from 'esbuild';

export function loaderOf(importer: string): string;
export function protocolModule(importer: string): string;
export const etcdProtocol: Plugin;
