import { StageError } from '../core/errors.ts';

/** How a conversation over a control socket can fail, and what its reader is told to do next. `detail` is a clause of its own. */
const MESSAGES = {
  'socket-missing': (path: string) =>
    `no BIRD control socket at ${path}: start BIRD with -s ${path}, or give the path it has`,
  'socket-refused': (path: string) => `nobody listens at ${path}, so BIRD has stopped or crashed: start it again`,
  'socket-denied': (path: string) => `no permission for ${path}: run as root or in the group that owns the socket`,
  timeout: (path: string, detail: string) =>
    `BIRD at ${path} ${detail}: it is busy or hung, look at its log and CPU time`,
  'connection-lost': (path: string, detail: string) =>
    `BIRD at ${path} ${detail}: it may have stopped, look at its log`,
  garbage: (path: string, detail: string) => `${path} ${detail}: is it the socket of another program than BIRD?`,
  'shutting-down': (path: string) => `BIRD at ${path} is shutting down: it reads the files when it is started again`,
  aborted: (path: string) => `stopped while talking to BIRD at ${path}`,
} as const;

export type SocketFault = keyof typeof MESSAGES;

/** A retryable StageError `reload` with that code. */
export function socketFault(code: SocketFault, path: string, detail = '', cause?: unknown): StageError {
  return new StageError('reload', code, MESSAGES[code](path, detail), { retryable: true, cause });
}

const BY_ERRNO: Readonly<Record<string, SocketFault>> = {
  ENOENT: 'socket-missing',
  ENOTDIR: 'socket-missing',
  ECONNREFUSED: 'socket-refused',
  EACCES: 'socket-denied',
  EPERM: 'socket-denied',
};

/** The fault behind an error that the socket itself reported. */
export const socketFaultOf = (path: string, error: NodeJS.ErrnoException): StageError =>
  socketFault(BY_ERRNO[error.code ?? ''] ?? 'connection-lost', path, `cannot be talked to (${error.message})`, error);
