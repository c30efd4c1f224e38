import { setFlagsFromString } from 'node:v8';

/**
 * For a service, which waits nearly all its life on a machine that has other work: keeps the part of the heap where new objects begin as
 * small as it is at the start. V8 makes it larger when much is new at once, as at the first reading of thousands of nodes, and then the
 * process stays half as large again. To be called before that.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1');
