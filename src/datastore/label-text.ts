const YES = /^(?:y|Y|yes|Yes|YES|on|On|ON)$/;
const NO = /^(?:n|N|no|No|NO|off|Off|OFF)$/;

/**
 * A label's value as calicoctl and kubectl store it: always a string. They read YAML 1.1 into a map of strings, so an
 * unquoted `yes` is "true" and a number is its decimal text (spec calico-v3, appendix B). Anything else is returned as it is.
 */
export function labelText(value: unknown): unknown {
  if (value === null) return '';
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : value;
}

/** The same for an unquoted YAML scalar: `source` as written, `value` as YAML 1.2 reads it. */
export function plainLabelText(source: string, value: unknown): unknown {
  if (YES.test(source)) return 'true';
  if (NO.test(source)) return 'false';
  const exact =
    typeof value !== 'number' || (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value));
  return exact ? labelText(value) : source;
}
