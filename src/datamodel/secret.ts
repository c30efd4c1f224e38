import { Secret } from '../core/secret.ts';
import { type FieldType, mapOf, optional, record, secretly, text } from './field.ts';

const plain = text('a string', (value) => value);

/** The text behind base64, or null for what is none. */
function decodeBase64(value: string): string | null {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(value), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

const base64 = text('base64', decodeBase64);

/** A Kubernetes Secret: `data` is base64, `stringData` wins over it as in Kubernetes. */
export const secretFields = secretly(
  record(
    {
      data: optional(mapOf(base64), new Map<string, string>()),
      stringData: optional(mapOf(plain), new Map<string, string>()),
    },
    ['*'],
  ),
);

/** The values of one Secret by their keys. */
export type SecretValues = ReadonlyMap<string, Secret>;

export function toSecretValues(given: FieldType<typeof secretFields>): SecretValues {
  return new Map([...given.data, ...given.stringData].map(([key, value]) => [key, new Secret(value)]));
}
