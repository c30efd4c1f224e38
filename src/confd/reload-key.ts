import type { TemplateResource } from './resource.ts';

/** Tells reloads apart: equal ones are run once. `{{.dest}}` is part of a command that names it, so such a command is nobody else's. */
export function reloadKeyOf({ reload, dest }: Pick<TemplateResource, 'reload' | 'dest'>): string {
  const isOwn = reload.mode === 'command' && /\{\{/.test(reload.command);
  return JSON.stringify(isOwn ? [reload, dest] : reload);
}
