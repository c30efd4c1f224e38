import { show } from '../../core/diagnostic.ts';
import { type Cidr, type IpAddress, isSessionAddress, parseCidr, parseIp } from '../../core/ip-address.ts';
import type { LogSeverity } from '../bgp-configuration.ts';
import { type Fault, type Field, INVALID, text, textOrNumber } from '../field.ts';
import { type AsNumber, parseAsNumber } from '../values.ts';

/** A value that is no fault, but that Calico's own writers would not have written so. */
function unusual(faults: Fault[], value: unknown, readAs: unknown): void {
  const message = `${show(value)} is read as ${show(readAs)}`;
  faults.push({ severity: 'warning', code: 'unusual-form', path: [], message });
}

/** A plain text: blanks and line ends around it, which `echo` and editors leave there, are told and taken away. */
const plainText = <T>(field: Field<T>): Field<T> => ({
  shape: field.shape,
  decode: (value, faults) => {
    if (typeof value !== 'string') return field.decode(value, faults);
    const trimmed = value.trim();
    if (trimmed !== value) unusual(faults, value, trimmed);
    return field.decode(trimmed, faults);
  },
});

const sessionAsNumber = textOrNumber('an AS number: 1 to 4294967295', (value) => parseAsNumber(value) || null);

/** An AS number as v0.22 wrote it, plain decimal; a dotted one, which BIRD of that time refused, is told and taken too. */
export const v1AsNumber: Field<AsNumber> = plainText({
  shape: sessionAsNumber.shape,
  decode: (value, faults) => {
    const decoded = sessionAsNumber.decode(value, faults);
    if (typeof decoded === 'number' && String(value).includes('.')) unusual(faults, value, String(decoded));
    return decoded;
  },
});

/** A plain address of the family, without a length, that BIRD takes for a session's end. */
export const v1Address = (family: 4 | 6): Field<IpAddress> =>
  plainText(
    text(`an IPv${family} address, no link-local one`, (value) => {
      const address = parseIp(value);
      return address?.family === family && isSessionAddress(address) ? address : null;
    }),
  );

/** A CIDR of the family. */
export const v1Cidr = (family: 4 | 6): Field<Cidr> =>
  plainText(
    text(`an IPv${family} CIDR`, (value) => {
      const cidr = parseCidr(value);
      return cidr?.family === family ? cidr : null;
    }),
  );

const word = plainText(text('debug, info or none', (value) => value));

/** What BIRD logs. v0.22 took every other word for info (spec calico-v1, 2.2), and so do we, with a warning. */
export const v1LogLevel: Field<LogSeverity> = {
  shape: word.shape,
  decode: (value, faults) => {
    const decoded = word.decode(value, faults);
    if (decoded === INVALID || decoded === 'debug' || decoded === 'info' || decoded === 'none') return decoded;
    const message = `${show(decoded)} is not one of "debug", "info", "none": taken for "info"`;
    faults.push({ severity: 'warning', code: 'unknown-word', path: [], message });
    return 'info';
  },
};
