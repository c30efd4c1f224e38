import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { UsageError } from '../core/errors.ts';
import type { Ownership } from './write-file.ts';

/** Null = the running user's. */
export type FileOwner = Pick<Ownership, 'uid' | 'gid'>;

/** The number behind a name of /etc/passwd or /etc/group; a number stands for itself. Throws a UsageError that names `option`. */
export async function idOf(option: string, table: string, name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const lines = (await readFile(table, 'utf8')).split('\n').map((line) => line.split(':'));
  const id = lines.find(([entry]) => entry === name)?.[2];
  if (id === undefined) throw new UsageError(`${option}: ${table} has no entry ${JSON.stringify(name)}`);
  return Number(id);
}

/** Null where nothing can be found out. */
function groupOf(path: string): number | null {
  try {
    return statSync(path).gid;
  } catch {
    return null;
  }
}

/**
 * Who owns the files. Without --file-group the group is the control socket's, so that the daemon's own user can read what root
 * wrote; `socket` null, or not there (yet): the running user's. Throws UsageError for an unknown name.
 */
export async function resolveFileOwner(
  { fileOwner, fileGroup }: { readonly fileOwner: string | null; readonly fileGroup: string | null },
  socket: string | null,
): Promise<FileOwner> {
  const uid = fileOwner === null ? null : await idOf('--file-owner', '/etc/passwd', fileOwner);
  if (fileGroup !== null) return { uid, gid: await idOf('--file-group', '/etc/group', fileGroup) };
  return { uid, gid: socket === null ? null : groupOf(socket) };
}
