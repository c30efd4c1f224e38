import { type BackendNeeds, openBackend } from '../../src/confd/backends.ts';
import { type ConfdSettings, resolveConfdSettings } from '../../src/confd/confd-settings.ts';
import { parseFlags } from '../../src/confd/parse-flags.ts';
import { systemClock } from '../../src/core/clock.ts';

/** The settings that confd's flags come to, with a confd.toml that is not there. */
export const settingsOf = (
  flags: readonly string[],
  environment: Record<string, string> = {},
): Promise<ConfdSettings> =>
  resolveConfdSettings(parseFlags(['-config-file', '/nonexistent', ...flags]), null, environment);

/** The backend that confd's flags name, not started. */
export async function backendOf(flags: readonly string[], needs: Partial<BackendNeeds> = {}) {
  const { backend } = await settingsOf(flags);
  const given = { log: () => undefined, clock: systemClock, watch: true, resyncMs: 600_000, environment: {} };
  return openBackend(backend, { ...given, ...needs });
}
