import type { BirdOptions, LabBird } from './lab.d.mts';

export function startBird(pid: number, options: BirdOptions): Promise<LabBird>;
