import { FLAVOURS, type FlavourName } from '../bird/flavour.ts';
import { show } from '../core/diagnostic.ts';
import { UsageError } from '../core/errors.ts';
import {
  boolean,
  type Fault,
  type Field,
  INVALID,
  list,
  mapOf,
  oneOf,
  optional,
  record,
  text,
} from '../datamodel/field.ts';
import { isResourceName } from '../datamodel/values.ts';
import type { Layout } from '../render/view.ts';

/** `kind: Case` as it stands in an in.yaml; what it leaves out has a default (fixtures/README.md). */
export interface CaseHeader {
  readonly nodes?: readonly string[] | 'all';
  readonly birds?: readonly FlavourName[];
  readonly layouts?: readonly Layout[];
  readonly env?: Readonly<Record<string, string>>;
  readonly release?: string;
  readonly releases?: readonly string[];
  /** Another case's folder, relative to this one's, whose header and in.yaml this one starts from. */
  readonly extends?: string;
  readonly converge?: boolean;
  readonly expect?: { readonly exit: number };
}

/** Null where a field is left out. */
const some = <T>(item: Field<T>): Field<readonly T[] | null> => {
  const items = list(item);
  return optional(
    {
      shape: items.shape,
      decode: (value, faults) => {
        const isSet = !Array.isArray(value) || (value.length > 0 && new Set(value).size === value.length);
        if (isSet) return items.decode(value, faults);
        const message = value.length > 0 ? 'expected each but once' : 'expected one at least, found none';
        faults.push({ severity: 'error', code: 'invalid-value', path: [], message });
        return INVALID;
      },
    },
    null,
  );
};

// A node's name is a folder of the goldens.
const nodeName = text('the name of a Node', (value) => (isResourceName(value) ? value : null));
const nodeNames = some(nodeName);
const nodes: Field<readonly string[] | 'all' | null> = {
  shape: nodeNames.shape,
  decode: (value, faults) => (value === 'all' ? 'all' : nodeNames.decode(value, faults)),
};
const release = text('auto, or a release as "3.33"', (value) => (/^(auto|3\.\d+)$/.test(value) ? value : null));
const exit: Field<number> = {
  shape: { type: 'number', expects: '0 or 3' },
  decode: (value, faults) => {
    if (value === 0 || value === 3) return value;
    faults.push({
      severity: 'error',
      code: 'invalid-value',
      path: [],
      message: `expected 0 or 3, found ${show(value)}`,
    });
    return INVALID;
  },
};

const HEADER = record(
  {
    nodes: nodes,
    birds: some(oneOf(...(Object.keys(FLAVOURS) as FlavourName[]))),
    layouts: some(oneOf<Layout>('single', 'calico')),
    env: optional(mapOf(text('a text', (value) => value)), null),
    release: optional(release, null),
    releases: some(release),
    extends: optional(
      text('a path', (value) => value),
      null,
    ),
    converge: optional(boolean, null),
    expect: optional(record({ exit }), null),
  },
  ['kind'],
);

/** The header of a case. Throws a UsageError, which begins with `where`, for a field that is unknown or has no such value. */
export function checkedHeader(value: unknown, where: string): CaseHeader {
  const faults: Fault[] = [];
  const header = HEADER.decode(value, faults);
  if (header === INVALID || faults.length > 0) {
    const told = faults.map(({ code, path, message }) => {
      const why = code === 'unknown-field' ? 'is not known' : message;
      return `${['Case', ...path].join('/')} ${why}`;
    });
    throw new UsageError(`${where}: ${told.join(', ')}`);
  }
  const { env, ...rest } = header;
  const given = Object.entries({ ...rest, env: env && Object.fromEntries(env) }).filter(([, field]) => field !== null);
  return Object.fromEntries(given) as CaseHeader;
}
