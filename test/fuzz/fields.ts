import type { Shape } from '../../src/datamodel/field.ts';
import { SCHEMAS } from '../../src/datamodel/resources.ts';
import { type FieldRow, VALID } from '../datamodel/valid-examples.ts';

export type Kind = keyof typeof SCHEMAS;
export type Step = string | number;

/** A place in a resource of some kind, by its schema. Of lists the first item stands for all. */
export interface FieldPlace {
  readonly kind: Kind;
  readonly path: readonly Step[];
  readonly shape: Shape;
  /** What is known of a string field, see `VALID`. */
  readonly row: FieldRow | null;
}

/** The member of a map that is tried. */
const MEMBERS = ['app', 'kubernetes.io/service-name'];
const isItem = (step: Step): boolean => step === 0 || MEMBERS.includes(String(step));

function places(kind: Kind, shape: Shape, path: readonly Step[]): readonly FieldPlace[] {
  const field = path.map((step) => (isItem(step) ? '*' : step)).join('.');
  const own: FieldPlace = { kind, path, shape, row: VALID[kind]?.[field] ?? null };
  const below = (step: Step, inner: Shape) => places(kind, inner, [...path, step]);
  if (shape.type === 'record') return [own, ...Object.entries(shape.fields).flatMap(([name, f]) => below(name, f))];
  if (shape.type === 'list') return [own, ...below(0, shape.item)];
  if (shape.type === 'map') return [own, ...below(MEMBERS.at(path.length - 1) ?? '', shape.item)];
  return [own];
}

/** Every place of every kind, the whole resource first. */
export const PLACES: ReadonlyMap<Kind, readonly FieldPlace[]> = new Map(
  (Object.keys(SCHEMAS) as Kind[]).map((kind) => [kind, places(kind, SCHEMAS[kind].shape, [])]),
);

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `value` with `field` in the place `path`; what is missing on the way is made, and of a list only the first item changes. */
export function withField(value: unknown, [step, ...rest]: readonly Step[], field: unknown): unknown {
  if (step === undefined) return field;
  if (typeof step === 'number') {
    const [first, ...others] = Array.isArray(value) ? value : [];
    return [withField(first, rest, field), ...others];
  }
  const members = isMapping(value) ? value : {};
  return { ...members, [step]: withField(members[step], rest, field) };
}

/** What stands at `path`; undefined where nothing does. */
export const fieldAt = (value: unknown, path: readonly Step[]): unknown =>
  path.reduce<unknown>(
    (inner, step) => (Array.isArray(inner) ? inner[Number(step)] : isMapping(inner) ? inner[step] : undefined),
    value,
  );
