import type { Diagnostic } from '../core/diagnostic.ts';
import { kubernetesSecretKey, secretFileKey } from '../core/keys.ts';
import type { Secret } from '../core/secret.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { SecretKeyRef } from '../datamodel/secret-key-ref.ts';

/** A BGP password: found, not wanted, or wanted and not to be had. */
export type Password = { readonly secret: Secret | null } | 'missing';

export interface PasswordOptions {
  /** The namespace of the Kubernetes Secrets. */
  readonly namespace: string;
  /** Calico's behaviour: a peer whose password cannot be found is configured without one. */
  readonly allowMissing: boolean;
}

/** BIRD strings have no escape: what is in here could end the string and go on as configuration. */
const UNQUOTABLE = /["\x00-\x1f\x7f]/;

/**
 * Finds the password that the resource `key` refers to at `path`. A missing or unusable one is an error, and the peer is left out;
 * with `allowMissing` a missing one is a warning, and the peer does without. Messages name the Secret, never its value.
 */
export function findPassword(
  resources: Resources,
  ref: SecretKeyRef | null,
  { namespace, allowMissing }: PasswordOptions,
  at: { readonly key: string; readonly path: readonly string[] },
): { readonly password: Password; readonly diagnostics: readonly Diagnostic[] } {
  if (!ref) return { password: { secret: null }, diagnostics: [] };
  const file = resources.secretFiles.get(secretFileKey(ref.name, ref.key));
  const found = file ?? resources.secrets.get(kubernetesSecretKey(namespace, ref.name))?.get(ref.key);
  const place = `key ${ref.key} of Secret ${namespace}/${ref.name}`;
  if (found && UNQUOTABLE.test(found.reveal())) {
    const message = `the password in ${place} holds a quote or a control character, which BIRD cannot take: no session`;
    return { password: 'missing', diagnostics: [{ severity: 'error', code: 'unquotable-password', ...at, message }] };
  }
  if (found) return { password: { secret: found }, diagnostics: [] };
  const effect = allowMissing ? 'the session goes without' : 'no session, until it is there';
  const message = `there is no ${place} for the password: ${effect}`;
  const severity = allowMissing ? 'warning' : 'error';
  const diagnostics = [{ severity, code: 'password-missing', ...at, message } as const];
  return { password: allowMissing ? { secret: null } : 'missing', diagnostics };
}
