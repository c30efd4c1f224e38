const DAY_SECONDS = 86_400;
/** The two clocks that BIRD 1.6 subtracts from each other tick apart: a second measured, and one for the reader's own. */
const WOBBLE_SECONDS = 2;

interface Moment {
  /** Times are only comparable in one format. */
  readonly format: 'date-and-time' | 'time' | 'minute';
  readonly seconds: number;
}

/** The formats of `timeformat base iso long` (and `old long`, the day first), `iso short` and `old short` as BIRD 1.6.8 prints them. */
function momentOf(text: string): Moment | null {
  const [, date, time] = /^(?:(\S+) )?(\d\d:\d\d(?::\d\d)?)$/.exec(text) ?? [];
  if (time === undefined) return null;
  const [hours = 0, minutes = 0, seconds] = time.split(':').map(Number);
  const ofDay = hours * 3600 + minutes * 60 + (seconds ?? 0);
  if (date === undefined) return { format: seconds === undefined ? 'minute' : 'time', seconds: ofDay };
  const [, y, m, d] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date) ?? [];
  const [, oldD, oldM, oldY] = /^(\d\d)-(\d\d)-(\d{4})$/.exec(date) ?? [];
  const day = Date.UTC(Number(y ?? oldY), Number(m ?? oldM) - 1, Number(d ?? oldD)) / 1000;
  return Number.isNaN(day) ? null : { format: 'date-and-time', seconds: day + ofDay };
}

/**
 * Whether two of BIRD's texts for a time ("Last reboot on …") can mean one moment: within 2 s, or within a minute where the format
 * has no seconds, across midnight where it has no day. Texts in a format of the operator's own must be equal.
 */
export function isSameMoment(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [momentOf(a), momentOf(b)];
  if (!one || !other || one.format !== other.format) return false;
  const apart = Math.abs(one.seconds - other.seconds);
  const distance = one.format === 'date-and-time' ? apart : Math.min(apart, DAY_SECONDS - apart);
  return distance <= (one.format === 'minute' ? 60 : WOBBLE_SECONDS);
}
