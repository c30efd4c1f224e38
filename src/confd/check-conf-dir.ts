import { systemClock } from '../core/clock.ts';
import { type Diagnostic, sortDiagnostics } from '../core/diagnostic.ts';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { ConfDir } from './conf-dir.ts';
import type { ConfdSettings } from './confd-settings.ts';
import { unitsOf } from './groups.ts';
import { handlebarsEngine } from './handlebars-engine.ts';
import { TemplateCache } from './template-cache.ts';

const error = (code: string, key: string, path: readonly string[], message: string): Diagnostic => ({
  severity: 'error',
  code,
  key,
  path,
  message,
});

/**
 * Every fault of confd.toml, conf.d and templates, without a backend; here an unknown key is an error. Sorted. Templates are compiled, not
 * rendered: which keys they miss shows only with keys.
 */
export async function checkConfDir(settings: ConfdSettings, log: Log): Promise<readonly Diagnostic[]> {
  const confDir = new ConfDir(settings, { log, clock: systemClock, watch: false });
  const none = () => {};
  await confDir.start(none, none, new AbortController().signal);
  try {
    const { resources, diagnostics, files } = await confDir.read();
    const templates = new TemplateCache(confDir.templatesDir, handlebarsEngine);
    const found: Diagnostic[] = [...diagnostics, ...unitsOf(resources).diagnostics];
    if (files === 0) found.push(error('no-resources', settings.confDir, ['conf.d'], 'there is no template resource'));
    for (const key of settings.unknown)
      found.push(error('unknown-field', 'confd.toml', [key], 'nobody knows this key'));
    for (const resource of resources) {
      const fault = await templates.get(resource).then(
        () => null,
        (thrown: unknown) => error('bad-template', resource.file, ['template', 'src'], messageOf(thrown)),
      );
      if (fault) found.push(fault);
    }
    return sortDiagnostics(found.map((one) => ({ ...one, severity: 'error' })));
  } finally {
    await confDir.close();
  }
}
