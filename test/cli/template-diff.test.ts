import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import type { HarnessReport } from '../../src/golden/report.ts';
import { temporaryFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const NODE = (n: number) => `apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: worker-${n}}
spec: {bgp: {ipv4Address: 192.0.2.${n}/24}}
---
`;
const PEER = (as: number) => `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: rack}
spec: {node: worker-1, peerIP: 192.0.2.254, asNumber: ${as}}
`;

/** Runs the verb; its exit code, and what it prints. */
async function diff(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  let out = '';
  const said = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  const code = await runProgram(['template-diff', ...args]);
  said.mockRestore();
  return { code, out };
}

const reportOf = (out: string): HarnessReport => JSON.parse(out);

describe('template-diff', () => {
  it('tells what other data change, node by node, and fails only past the limit', async () => {
    const dir = await temporaryFolder();
    for (const [name, as] of [
      ['old', 64501],
      ['new', 64502],
    ] as const) {
      await mkdir(join(dir, name));
      await writeFile(join(dir, name, 'all.yaml'), NODE(1) + NODE(2) + PEER(as));
    }
    const [before, after] = [join(dir, 'old'), join(dir, 'new')];
    const { code, out } = await diff(after, '--against', before);
    expect(code).toBe(2);
    expect(out).toContain('DIFF  . › worker-1 (1.6, single): session Node_192_0_2_254 restarts (AS 64501 → 64502)');
    expect(out).toContain('Nodes  1 of 2 change');
    expect(out).toContain('1 restart, 0 go, 0 are added, 0 are re-filtered');
    expect((await diff(after, '--against', before, '--max-restarted', '1')).code).toBe(0);
    expect((await diff(after, '--against', before, '--max-restarted', '0')).code).toBe(2);
    // One of three sessions.
    expect((await diff(after, '--against', before, '--max-restarted', '34%')).code).toBe(0);
    expect((await diff(after, '--against', before, '--max-restarted', '33%')).code).toBe(2);
    expect((await diff(after, '--against', after)).code).toBe(0);
  });

  it('compares two trees of templates over the same cases', async () => {
    const tree = join(await temporaryFolder(), 'templates');
    await cp(join(root, 'templates'), tree, { recursive: true });
    const peer = join(tree, 'bird1/peer.hbs');
    await writeFile(peer, (await readFile(peer, 'utf8')).replace('source address', '# source address'));
    const { code, out } = await diff(join(root, 'fixtures/peers/reverse'), '--against', tree, '--json');
    expect(code).toBe(2);
    const [first] = reportOf(out).cases.flatMap(({ outputs }) => outputs.flatMap(({ daemons }) => daemons));
    expect(first?.sessions[0]).toMatchObject({
      fate: 'restarted',
      because: [expect.stringMatching(/^source address none → /)],
    });
  });

  it('compares with a git revision, also where a case is new since then', async () => {
    const dir = await temporaryFolder();
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args]);
    const put = async (name: string, as: number) => {
      await mkdir(join(dir, 'cases', name), { recursive: true });
      await writeFile(join(dir, 'cases', name, 'in.yaml'), NODE(1) + PEER(as));
    };
    git('init', '-q');
    await put('rack', 64501);
    git('add', '.');
    git('commit', '-qm', 'as it was');
    await put('rack', 64502);
    await put('second', 64501);
    const { code, out } = await diff(join(dir, 'cases'), '--against', 'HEAD', '--json');
    expect(code).toBe(2);
    const fates = reportOf(out).cases.map(({ name, outputs }) => [
      name,
      outputs[0]?.status,
      outputs.flatMap(({ daemons }) => daemons.flatMap(({ sessions }) => sessions.map(({ fate }) => fate))),
    ]);
    expect(fates).toEqual([
      ['rack', 'failed', ['restarted']],
      ['second', 'new', ['added']],
    ]);
    expect((await diff(join(dir, 'cases'), '--against', 'no-such-revision')).code).toBe(1);
  });
});
