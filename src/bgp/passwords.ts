import type { Diagnostic } from '../core/diagnostic.ts';
import { kubernetesSecretKey, secretFileKey } from '../core/keys.ts';
import type { LiveConfiguration } from '../core/live-configuration.ts';
import { byBytes } from '../core/order.ts';
import type { Secret } from '../core/secret.ts';
import type { Resources } from '../datamodel/resources.ts';
import type { SecretKeyRef } from '../datamodel/secret-key-ref.ts';

export interface PasswordOptions {
  /** The namespace of the Kubernetes Secrets. */
  readonly namespace: string;
  /** Calico's behaviour: a peer whose password cannot be found is configured without one. */
  readonly allowMissing: boolean;
}

/** What one resource says of the password of its sessions. */
export interface WantedPassword {
  /** What all its sessions have; absent where each has to be asked for. */
  readonly forAll?: Secret | null;
  /** The password of a session, null where it has none; or `missing`: it is wanted and not to be had, so there must be no session. */
  of(session: string): Secret | null | 'missing';
}

/** BIRD strings have no escape: what is in here could end the string and go on as configuration. */
const UNQUOTABLE = /["\x00-\x1f\x7f]/;

const NONE: WantedPassword = { forAll: null, of: () => null };

/** Why a password cannot be had, and what became of the sessions that want it. */
interface Fault {
  readonly kind: 'missing' | 'unquotable';
  readonly what: string;
  readonly at: { readonly key: string; readonly path: readonly string[] };
  readonly kept: string[];
  readonly others: string[];
}

/** How many names a message holds. */
const NAMED = 3;

function listed(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return names.toSorted(byBytes).slice(0, NAMED).join(', ') + more;
}

/**
 * The passwords of one family's sessions. Where one is missing or unusable, a session that the live file has with a password keeps that
 * one, by its name; every other is left out or, with `allowMissing` and nothing there, does without. One for each build: it collects what
 * is to be told. Messages name Secrets and sessions, never a value.
 */
export class Passwords {
  readonly #resources: Resources;
  readonly #options: PasswordOptions;
  readonly #live: LiveConfiguration | null;
  readonly #wanted = new Map<string, WantedPassword>();
  readonly #faults: Fault[] = [];

  constructor(resources: Resources, options: PasswordOptions, live: LiveConfiguration | null) {
    this.#resources = resources;
    this.#options = options;
    this.#live = live;
  }

  /** The password that the resource `key` refers to at `path`. */
  wanted(ref: SecretKeyRef | null, at: Fault['at']): WantedPassword {
    if (!ref) return NONE;
    const known = this.#wanted.get(at.key) ?? this.#find(ref, at);
    this.#wanted.set(at.key, known);
    return known;
  }

  #find(ref: SecretKeyRef, at: Fault['at']): WantedPassword {
    const { namespace } = this.#options;
    const file = this.#resources.secretFiles.get(secretFileKey(ref.name, ref.key));
    const found = file ?? this.#resources.secrets.get(kubernetesSecretKey(namespace, ref.name))?.get(ref.key);
    if (found && !UNQUOTABLE.test(found.reveal())) return { forAll: found, of: () => found };
    const place = `key ${ref.key} of Secret ${namespace}/${ref.name}`;
    const fault: Fault = {
      at,
      kind: found ? 'unquotable' : 'missing',
      what: found
        ? `the password in ${place} holds a quote or a control character, which BIRD cannot take`
        : `there is no ${place} for the password`,
      kept: [],
      others: [],
    };
    this.#faults.push(fault);
    return { of: (session) => this.#instead(fault, session) };
  }

  #instead(fault: Fault, session: string): Secret | null | 'missing' {
    const live = this.#live?.password(session) ?? null;
    (live ? fault.kept : fault.others).push(session);
    return live ?? (this.#goesWithout(fault) ? null : 'missing');
  }

  #goesWithout({ kind }: Fault): boolean {
    return this.#options.allowMissing && kind === 'missing';
  }

  /** The sessions that keep the live file's password, sorted. */
  get kept(): readonly string[] {
    return this.#faults.flatMap(({ kept }) => kept).sort(byBytes);
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#faults.flatMap((fault) => this.#told(fault));
  }

  #told(fault: Fault): readonly Diagnostic[] {
    const { kind, what, at, kept, others } = fault;
    const keeping = kept.length === 1 ? 'keeps' : 'keep';
    const message = `${what}: ${listed(kept)} ${keeping} the one in the live file`;
    const told: Diagnostic[] = kept.length > 0 ? [{ severity: 'warning', code: 'password-kept', ...at, message }] : [];
    // A password that no session asks for yet is missing all the same.
    const leavesOut = kept.length === 0 || others.length > 0;
    if (kind === 'unquotable') {
      const text = `${what}: ${leavesOut ? 'no session' : 'choose another one'}`;
      return [...told, { severity: 'error', code: 'unquotable-password', ...at, message: text }];
    }
    if (!leavesOut) return told;
    const goes = this.#goesWithout(fault);
    const text = `${what}: ${goes ? 'the session goes without' : 'no session, until it is there'}`;
    return [...told, { severity: goes ? 'warning' : 'error', code: 'password-missing', ...at, message: text }];
  }
}
