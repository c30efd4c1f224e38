import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { request } from 'node:http';

/** What came of a question: an answer, nothing in time, or the system's refusal (ENOENT, ECONNREFUSED …) under its own name. */
export type Asked =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'refused'; readonly errno: string };

/** One question over HTTP; `path` with its query, `timeoutMs` for all of it. */
export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly timeoutMs: number;
}

/** The system's name for what went wrong; empty when `thrown` is no error of the system's. */
export const errnoOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';

/**
 * A name for `dir`/`name` that a socket address always has room for: 108 bytes are all there is, and Node 20 cuts longer ones
 * off without a word, binding or asking another file. Good while `fd`, the opened directory, is open.
 */
export const shortPath = (fd: number, name: string): string => `/proc/self/fd/${fd}/${name}`;

/** How a directory is opened for `shortPath`. */
export const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

/** Asks who listens at the unix socket `name` in `dir`. Never rejects. */
export async function askSocket(dir: string, name: string, question: Question): Promise<Asked> {
  try {
    const handle = await open(dir, DIRECTORY);
    try {
      return await ask(shortPath(handle.fd, name), question);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { kind: 'refused', errno: errnoOf(error) || 'EIO' };
  }
}

function ask(socketPath: string, { method, path, timeoutMs }: Question): Promise<Asked> {
  const late = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => (late.aborted ? resolve({ kind: 'silent' }) : reject(error));
    // No agent: it keeps connections by their path, and the same short path is another file's tomorrow.
    const call = request({ socketPath, method, path, agent: false, signal: late }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('error', failed);
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ kind: 'answered', status: response.statusCode ?? 0, text }));
    });
    call.on('error', failed).end();
  });
}
