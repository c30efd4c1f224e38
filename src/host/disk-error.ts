import { messageOf, StageError } from '../core/errors.ts';
import { errnoOf } from './system-error.ts';

const BY_ERRNO: Readonly<Record<string, { readonly code: string; readonly advice: string }>> = {
  ENOSPC: { code: 'no-space', advice: 'make room on that file system' },
  EDQUOT: { code: 'no-space', advice: 'raise the quota or make room' },
  EROFS: { code: 'read-only', advice: 'mount it writable or choose another folder' },
  EACCES: { code: 'denied', advice: 'run as a user who may, or change owner and mode' },
  EPERM: { code: 'denied', advice: 'run as a user who may, or change owner and mode' },
};

/** A retryable StageError `commit` (`no-space`, `read-only`, `denied`, else `io`) for what the system refused; `doing`: "cannot write /a". */
export function diskError(doing: string, cause: unknown): StageError {
  const { code, advice } = BY_ERRNO[errnoOf(cause)] ?? { code: 'io', advice: null };
  const message = `${doing}: ${messageOf(cause)}${advice ? `; ${advice}` : ''}`;
  return new StageError('commit', code, message, { retryable: true, cause });
}
