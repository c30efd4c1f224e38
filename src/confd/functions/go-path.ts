/** The shortest path equal to `path` by the rules of Go's path.Clean: no `.`, no `..` but in front, no double or last `/`; `.` for nothing. */
function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!rooted) parts.push(part);
  }
  return (rooted ? '/' : '') + parts.join('/') || '.';
}

/** As Go's path.Join: the parts that are not empty, with `/` between them, cleaned; empty for none. */
export function joinPath(...parts: readonly string[]): string {
  const stated = parts.filter((part) => part !== '');
  return stated.length === 0 ? '' : cleanPath(stated.join('/'));
}

/** As Go's path.Base: the last part; `/` for the root, `.` for nothing. */
export function basePath(path: string): string {
  if (path === '') return '.';
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** As Go's path.Dir: all but the last part, cleaned. */
export const dirPath = (path: string): string => cleanPath(path.slice(0, path.lastIndexOf('/') + 1));
