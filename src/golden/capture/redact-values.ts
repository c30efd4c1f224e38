import { isSecret, kubernetesPrefix, namespacedName, SECRET_FILES } from '../../core/keys.ts';
import { byBytes } from '../../core/order.ts';

/** Datastore key → value, as a case holds them. */
export type Values = ReadonlyMap<string, string>;

/** BIRD strings cannot hold these: a case about such a password must stay one. */
const UNQUOTABLE = /["\x00-\x1f\x7f]/;

interface Named {
  readonly name: string;
  readonly key: string;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

function parsed(value: string): Json | undefined {
  try {
    return JSON.parse(value) as Json;
  } catch {
    return undefined;
  }
}

/** Every `secretKeyRef` anywhere in a value. */
function refsIn(value: Json | undefined): readonly Named[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(refsIn);
  const ref = 'secretKeyRef' in value ? value.secretKeyRef : undefined;
  if (typeof ref !== 'object' || ref === null || !('name' in ref) || !('key' in ref)) return below;
  return typeof ref.name === 'string' && typeof ref.key === 'string'
    ? [{ name: ref.name, key: ref.key }, ...below]
    : below;
}

/** Stand-ins for secrets: one for each different secret, `redacted-1` on, whatever form it stands in. */
class StandIns {
  readonly #known = new Map<string, string>();

  of(secret: string): string {
    if (secret === '') return '';
    const known = this.#known.get(secret) ?? `redacted-${this.#known.size + 1}${UNQUOTABLE.test(secret) ? '"' : ''}`;
    this.#known.set(secret, known);
    return known;
  }
}

const toText = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
const toBase64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

function redactedSecret(value: string, keys: ReadonlySet<string>, standIns: StandIns): string {
  const secret = parsed(value);
  const part = (name: 'data' | 'stringData', redact: (text: string) => string) => {
    const given =
      typeof secret === 'object' && secret !== null && name in secret ? (secret as Record<string, Json>)[name] : null;
    if (typeof given !== 'object' || given === null) return {};
    const kept = Object.entries(given).filter(([key, text]) => keys.has(key) && typeof text === 'string');
    return { [name]: Object.fromEntries(kept.map(([key, text]) => [key, redact(String(text))])) };
  };
  const data = part('data', (text) => toBase64(standIns.of(toText(text).replace(/\r?\n$/, ''))));
  return JSON.stringify({ ...data, ...part('stringData', (text) => standIns.of(text.replace(/\r?\n$/, ''))) });
}

/** Whatever else calls itself a password, in any value. */
function withoutPasswords(value: Json, standIns: StandIns): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: Json) => withoutPasswords(each, standIns));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      /password/i.test(name) && typeof each === 'string' ? standIns.of(each) : withoutPasswords(each, standIns),
    ]),
  );
}

/**
 * The values without anything secret: of the Secrets and password files only those that a resource names are left, each value replaced by
 * a stand-in that is the same for the same secret and another for another. The same holds for every field that is called a password.
 */
export function redactValues(values: Values): Values {
  const standIns = new StandIns();
  const refs = [...values].flatMap(([key, value]) => (isSecret(key) ? [] : refsIn(parsed(value))));
  const keysOf = (secret: string) => new Set(refs.filter(({ name }) => name === secret).map(({ key }) => key));
  const redacted = new Map<string, string>();
  for (const [key, value] of [...values].sort(([a], [b]) => byBytes(a, b))) {
    if (key.startsWith(SECRET_FILES)) {
      const [name = '', file = ''] = key.slice(SECRET_FILES.length).split('/');
      if (keysOf(name).has(file)) redacted.set(key, standIns.of(value.replace(/\r?\n$/, '')));
    } else if (key.startsWith(kubernetesPrefix('Secret'))) {
      const keys = keysOf(namespacedName(key).split('/')[1] ?? '');
      if (keys.size > 0) redacted.set(key, redactedSecret(value, keys, standIns));
    } else {
      const json = parsed(value);
      const isPlain = json === undefined || !/password/i.test(value);
      redacted.set(
        key,
        isPlain
          ? value.replace(/(password\s*"?\s*[:=]?\s*)"[^"]*"/gi, '$1"redacted"')
          : JSON.stringify(withoutPasswords(json, standIns)),
      );
    }
  }
  return redacted;
}
