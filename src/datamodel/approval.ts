import { show } from '../core/diagnostic.ts';
import { APPROVABLE, type Approval, type HoldKind } from '../core/hold-kinds.ts';
import { type Field, INVALID, text } from './field.ts';

/** The annotation by which an operator lets held plans through, on all nodes at once. */
export const APPROVE = 'birdconfd/approve';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** Kinds separated by commas, or all of them until an ISO 8601 time; null is neither. */
function parseApproval(value: string): Approval | null {
  const words = value.split(',').map((word) => word.trim());
  const kinds = APPROVABLE.filter((kind) => words.includes(kind));
  if (words.every((word) => (kinds as readonly string[]).includes(word))) return { kinds, until: null };
  const until = TIME.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(until) ? null : { kinds: APPROVABLE, until };
}

/** The kinds that it lets through at `now`, in ms since 1970. */
export const letThrough = (approval: Approval | null, now: number): readonly HoldKind[] =>
  approval && (approval.until === null || now < approval.until) ? approval.kinds : [];

const word = text('a string', (value) => value);

/** The annotation's text. One that lets nothing through is a warning, and does no harm to the rest of the resource. */
export const approval: Field<Approval | null> = {
  shape: word.shape,
  decode: (value, faults) => {
    const given = word.decode(value, faults);
    if (given === INVALID) return INVALID;
    const parsed = parseApproval(given);
    if (parsed) return parsed;
    const expected = `expected ${APPROVABLE.join(', ')}, or a time such as 2026-11-22T12:00:00Z`;
    faults.push({
      severity: 'warning',
      code: 'unknown-approval',
      path: [],
      message: `${expected}, found ${show(given)}`,
    });
    return null;
  },
};
