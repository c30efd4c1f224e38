import { resolve } from 'node:path';
import { commandFault } from './command-text.ts';
import type { Reload } from './resource.ts';
import type { TomlTable } from './toml-table.ts';

/** How a resource's table says that its service is told; what its mode lacks, or has no use for, is a fault of the table. */
export function readReload(table: TomlTable): Reload {
  const command = table.text('reload_cmd');
  const mode = table.oneOf('reload_mode', ['command', 'signal', 'systemd', 'bird']) ?? 'command';
  const needs = (name: string): string => {
    const value = table.text(name);
    if (value === null) table.fault(name, `reload_mode = "${mode}" needs it`);
    return value ?? '';
  };
  const fault = mode === 'command' && command !== null ? commandFault(command) : null;
  if (fault) table.fault('reload_cmd', fault);
  if (mode !== 'command' && command !== null) table.fault('reload_cmd', `reload_mode = "${mode}" runs no command`);
  if (mode === 'bird') {
    for (const name of ['check_cmd', 'min_reload_interval'])
      if (table.any(name) !== undefined)
        table.fault(name, 'reload_mode = "bird" has bird_bin check, and BIRD itself confirm');
  }
  const signal = table.text('reload_signal') ?? 'SIGHUP';
  if (!/^SIG[A-Z0-9]{2,8}$/.test(signal)) table.fault('reload_signal', 'expected a name such as SIGHUP');
  const undo = table.time('confirm_timeout') ?? 60_000;
  const bird = { socket: table.text('bird_socket') ?? '/run/bird/bird.ctl', binary: table.text('bird_bin') ?? 'bird' };
  const pidFile = mode === 'signal' ? needs('pid_file') : table.text('pid_file');
  const unit = mode === 'systemd' ? needs('systemd_unit') : table.text('systemd_unit');
  if (mode === 'signal') return { mode, pidFile: resolve(pidFile ?? ''), signal };
  if (mode === 'systemd') return { mode, unit: unit ?? '' };
  if (mode === 'bird') return { mode, ...bird, socket: resolve(bird.socket), undoSeconds: Math.ceil(undo / 1000) };
  return command === null ? { mode: 'none' } : { mode: 'command', command };
}
