import type { TemplateResource } from './resource.ts';

/** What makes two reloads one; `dest` is part of a command that names it, so such a command is nobody else's. */
export function reloadKey({ reload, dest }: Pick<TemplateResource, 'reload' | 'dest'>): string {
  const isOwn = reload.mode === 'command' && /\{\{/.test(reload.command);
  return JSON.stringify(isOwn ? [reload, dest] : reload);
}
