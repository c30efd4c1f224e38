/** `{{.src}}` and `{{.dest}}`, as confd's commands name the staged file and the target. */
const FILE_MARK = /\{\{-?\s*\.(src|dest)\s*-?\}\}/g;

/** Why a command cannot be used; null when it can: it may name those two, and is no template beyond that. */
export function commandFault(command: string): string | null {
  const rest = command.replace(FILE_MARK, '');
  return /\{\{/.test(rest) ? 'only {{.src}} and {{.dest}} can stand in a command' : null;
}

/** The command with the paths in place. They come from conf.d alone: what a key says can be no part of them but as a safe name. */
export const commandFor = (command: string, paths: { readonly src: string; readonly dest: string }): string =>
  command.replace(FILE_MARK, (_, name: string) => (name === 'src' ? paths.src : paths.dest));
