/**
 * Templates by their text, as the build has compiled them with `COMPILE_OPTIONS`: parsing the built-in ones takes longer than all else that a
 * start does. Empty where the sources run as they are; the build fills it, and another text is compiled when it is used.
 */
export const PRECOMPILED: ReadonlyMap<string, TemplateSpecification> = new Map();
