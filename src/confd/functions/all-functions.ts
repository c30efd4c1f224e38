import { GO_BUILTINS } from './go-builtins.ts';
import type { FunctionTable } from './key-value.ts';
import { LIST_FUNCTIONS } from './list-functions.ts';
import { NUMBER_FUNCTIONS } from './number-functions.ts';
import { type Outside, outsideFunctions } from './outside-functions.ts';
import { storeFunctions } from './store-functions.ts';

/** Every function of a template: confd's, and Go's own that Handlebars lacks. */
export const allFunctions = (values: ReadonlyMap<string, string>, outside: Outside): FunctionTable => ({
  ...GO_BUILTINS,
  ...NUMBER_FUNCTIONS,
  ...LIST_FUNCTIONS,
  ...outsideFunctions(outside),
  ...storeFunctions(values),
});
