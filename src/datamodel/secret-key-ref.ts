import { type FieldType, record, text } from './field.ts';
import { resourceName } from './values.ts';

const SECRET_KEY = /^[A-Za-z0-9._-]{1,253}$/;

/** Where a password is: a Kubernetes Secret (or a folder of --secrets-dir) and a key in it. */
export const secretKeyRef = record(
  {
    name: resourceName,
    key: text('a key of letters, digits, ".", "-" and "_"', (value) => (SECRET_KEY.test(value) ? value : null)),
  },
  ['optional'],
);

export type SecretKeyRef = FieldType<typeof secretKeyRef>;
