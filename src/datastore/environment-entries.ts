/** `DATABASE_URL` as the key `/database/url`. */
const keyOf = (name: string): string => `/${name.toLowerCase().replaceAll('_', '/')}`;

/** A process's environment as keys and values, the way confd's backend `env` has them. Of two names that become one key the last counts. */
export const environmentEntries = (
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[keyOf(name), value]])),
  );

/** A key that conf.d names, as `environmentEntries` has it: `/my_app/Port` is `/my/app/port`. */
export const askedOfEnvironment = (key: string): string => key.toLowerCase().replaceAll('_', '/');
