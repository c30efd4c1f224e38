/** A moment, and the clock on the wall: how far it is before UTC's, and what its zone is called. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly ms: number;
  readonly offsetMinutes: number;
  readonly zone: string;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** Go's reference time, Mon Jan 2 15:04:05 MST 2006, in all the parts that a layout may have; the longer of two comes first. */
const PART =
  /January|Jan|Monday|Mon|MST|Z07:00|Z0700|-07:00|-0700|-07|2006|01|02|03|04|05|06|15|_2|PM|pm|[.,](?:0+|9+)(?!\d)|1|2|3|4|5/g;

const two = (number: number): string => String(number).padStart(2, '0');

function zoneOffset(minutes: number, colon: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}${colon}${two(size % 60)}`;
}

function partOf(part: string, at: Date, { offsetMinutes, zone }: Moment): string {
  const hours = at.getUTCHours();
  const values: Readonly<Record<string, string>> = {
    '2006': String(at.getUTCFullYear()),
    '06': two(at.getUTCFullYear() % 100),
    '01': two(at.getUTCMonth() + 1),
    '1': String(at.getUTCMonth() + 1),
    January: MONTHS[at.getUTCMonth()] ?? '',
    Jan: MONTHS[at.getUTCMonth()]?.slice(0, 3) ?? '',
    '02': two(at.getUTCDate()),
    '2': String(at.getUTCDate()),
    _2: String(at.getUTCDate()).padStart(2),
    Monday: DAYS[at.getUTCDay()] ?? '',
    Mon: DAYS[at.getUTCDay()]?.slice(0, 3) ?? '',
    '15': two(hours),
    '03': two(hours % 12 || 12),
    '3': String(hours % 12 || 12),
    '04': two(at.getUTCMinutes()),
    '4': String(at.getUTCMinutes()),
    '05': two(at.getUTCSeconds()),
    '5': String(at.getUTCSeconds()),
    PM: hours < 12 ? 'AM' : 'PM',
    pm: hours < 12 ? 'am' : 'pm',
    MST: zone,
    '-07:00': zoneOffset(offsetMinutes, ':'),
    '-0700': zoneOffset(offsetMinutes, ''),
    '-07': zoneOffset(offsetMinutes, '').slice(0, 3),
    'Z07:00': offsetMinutes === 0 ? 'Z' : zoneOffset(offsetMinutes, ':'),
    Z0700: offsetMinutes === 0 ? 'Z' : zoneOffset(offsetMinutes, ''),
  };
  const known = values[part];
  if (known !== undefined) return known;
  const digits = String(at.getUTCMilliseconds())
    .padStart(3, '0')
    .padEnd(part.length - 1, '0')
    .slice(0, part.length - 1);
  if (part[1] === '0') return part[0] + digits;
  const shortest = digits.replace(/0+$/, '');
  return shortest === '' ? '' : part[0] + shortest;
}

/** The moment in a layout of Go's, as `2006-01-02 15:04:05`. */
export function goTime(moment: Moment, layout: string): string {
  const wall = new Date(moment.ms + moment.offsetMinutes * 60_000);
  return layout.replace(PART, (part) => partOf(part, wall, moment));
}

/** How Go prints a time that no layout was given for. */
export const GO_TIME_LAYOUT = '2006-01-02 15:04:05.999999999 -0700 MST';
