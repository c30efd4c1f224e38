import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { runCase } from '../../src/golden/run-case.ts';
import { findCases, readScenario } from '../../src/golden/scenario.ts';
import { temporaryFolder } from '../support/folder.ts';

const TEMPLATES = fileURLToPath(new URL('../../templates', import.meta.url));
const NODE = `---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: worker-1}
spec: {bgp: {ipv4Address: 192.0.2.1/24}}
`;

/** A case folder with these files, name → text. */
async function caseOf(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return dir;
}

const refusal = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const error = await caseOf(files)
    .then(readScenario)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
};

describe('readScenario', () => {
  it('has a default for all that a case does not say', async () => {
    const {
      nodes,
      birds,
      layouts,
      env,
      releases,
      expect: expected,
      steps,
    } = await readScenario(await caseOf({ 'in.yaml': NODE }));
    expect({ nodes, birds, layouts, env, releases, expected }).toEqual({
      nodes: 'all',
      birds: ['1.6'],
      layouts: ['single'],
      env: {},
      releases: ['3.33'],
      expected: { exit: 0 },
    });
    expect(steps.map(({ file, out }) => [file, out])).toEqual([['in.yaml', 'out']]);
  });

  it('reads the header and carries the state from step to step, in the order of their numbers', async () => {
    const key = '/calico/resources/v3/projectcalico.org/nodes/worker-1';
    const dir = await caseOf({
      'in.yaml': `kind: Case\nnodes: [worker-1]\nbirds: [calico]\nenv: {CALICO_ROUTER_ID: hash}\nrelease: "3.31"\n${NODE}`,
      'in.10-gone.yaml': 'kind: Node\nmetadata: {name: worker-1}\n$delete: true\n',
      'in.02-changed.yaml': NODE.replace('.1/24', '.2/24'),
      'in.03-nothing.yaml': '# only a comment\n',
      'notes.md': 'no step',
    });
    const { birds, env, steps } = await readScenario(dir);
    expect([birds, env]).toEqual([['calico'], { CALICO_ROUTER_ID: 'hash' }]);
    expect(steps.map(({ out }) => out)).toEqual(['out', 'out.02', 'out.03', 'out.10']);
    const addresses = steps.map(({ values }) => values[key] && JSON.parse(values[key]).spec.bgp.ipv4Address);
    expect(addresses).toEqual(['192.0.2.1/24', '192.0.2.2/24', '192.0.2.2/24', undefined]);
  });

  it.each([
    ['no in.yaml', { 'in.02-first.yaml': NODE }, 'begins with in.yaml'],
    ['an unknown field', { 'in.yaml': `kind: Case\nnode: worker-1\n${NODE}` }, 'Case/node is not known'],
    ['a node that is no name', { 'in.yaml': `kind: Case\nnodes: [../../elsewhere]\n${NODE}` }, 'the name of a Node'],
    ['a layout twice', { 'in.yaml': `kind: Case\nlayouts: [single, single]\n${NODE}` }, 'each but once'],
    ['no release at all', { 'in.yaml': `kind: Case\nreleases: []\n${NODE}` }, 'expected one at least'],
    ['an exit code that render has not', { 'in.yaml': `kind: Case\nexpect: {exit: 1}\n${NODE}` }, 'expected 0 or 3'],
    ['an unknown dialect', { 'in.yaml': `kind: Case\nbirds: ["1.5"]\n${NODE}` }, 'Case/birds/0 expected one of'],
    ['a step without a number', { 'in.yaml': NODE, 'in.changed.yaml': NODE }, 'in.changed.yaml: a step is named'],
    ['a step in capitals', { 'in.yaml': NODE, 'in.02-Changed.yaml': NODE }, 'in.02-Changed.yaml: a step is named'],
    ['a step that ends in yml', { 'in.yaml': NODE, 'in.02-changed.yml': NODE }, 'in.02-changed.yml: a step is named'],
    ['two steps of one number', { 'in.yaml': NODE, 'in.02-a.yaml': NODE, 'in.02-b.yaml': NODE }, 'another step 02'],
    ['two headers', { 'in.yaml': `kind: Case\n---\nkind: Case\nnodes: all\n---\n${NODE}` }, 'one header'],
    [
      'what lies at the destination in a step',
      { 'in.yaml': NODE, 'in.02-a.yaml': 'kind: File\npath: live/bird.conf\ncontent: x\n' },
      "in.yaml's to say",
    ],
    ['a header in a step', { 'in.yaml': NODE, 'in.02-a.yaml': 'kind: Case\nnodes: all\n' }, "the case's header"],
  ])('refuses a case with %s', async (_, files, message) => {
    expect(await refusal(files)).toContain(message);
  });

  it.each([
    ['no path', 'content: x', 'path: expected a text'],
    ['no content', 'path: live/bird.conf', 'either content or $delete'],
    ['content, and is gone', 'path: live/bird.conf\ncontent: x\n$delete: true', 'either content or $delete'],
    ['a field that a file has not', 'path: live/bird.conf\ncontent: x\nmode: 0640', 'mode'],
    ['a place that nobody reads', 'path: etc/passwd\ncontent: x', 'expected live/FILE'],
    ['a way out of the folder', 'path: live/..\ncontent: x', 'expected live/FILE'],
    ['a Secret without a key', 'path: secrets/router\ncontent: x', 'expected live/FILE'],
  ])('refuses a file with %s', async (_, file, message) => {
    expect(await refusal({ 'in.yaml': `kind: File\n${file}\n---\n${NODE}` })).toContain(message);
  });

  it('reads the files that a service has beside the datastore, step by step', async () => {
    const file = (path: string, rest: string) => `---\nkind: File\npath: ${path}\n${rest}\n`;
    const dir = await caseOf({
      'in.yaml': `kind: Case\n---\n${NODE}${file('live/bird.conf', 'content: "# before\\n"')}${file('secrets/router/password', 'content: first')}${file('endpoint-status/w1', 'content: "{}"')}`,
      'in.02-changed.yaml': file('secrets/router/password', 'content: second'),
      'in.03-gone.yaml': file('secrets/router/password', '$delete: true'),
    });
    const { live, steps } = await readScenario(dir);
    expect([...live]).toEqual([['bird.conf', '# before\n']]);
    expect(steps.map(({ values }) => values['secret:/router/password'])).toEqual(['first', 'second', undefined]);
    expect(steps[0]?.values['status:/w1']).toBe('{}');
    const heir = join(dir, 'heir');
    await mkdir(heir);
    await writeFile(join(heir, 'in.yaml'), `kind: Case\nextends: ..\n${file('live/bird.conf', '$delete: true')}`);
    const inherited = await readScenario(heir);
    expect([inherited.live.size, inherited.steps[0]?.values['secret:/router/password']]).toEqual([0, 'first']);
  });

  it('gives a case without any Node nothing to pass by', async () => {
    const scenario = await readScenario(await caseOf({ 'in.yaml': 'kind: Case\nnodes: all\n' }));
    await expect(runCase(scenario, TEMPLATES)).rejects.toThrow('the case has no Node');
  });
});

describe('findCases', () => {
  it('finds the folders that hold an in.yaml, in order, and the folder itself', async () => {
    const dir = await temporaryFolder();
    for (const name of ['b/2', 'a', 'b/1']) {
      await mkdir(join(dir, name), { recursive: true });
      await writeFile(join(dir, name, 'in.yaml'), NODE);
    }
    expect(findCases(dir)).toEqual(['a', 'b/1', 'b/2'].map((name) => join(dir, name)));
    expect(findCases(join(dir, 'a'))).toEqual([join(dir, 'a')]);
  });

  it('refuses a folder without cases', async () => {
    const empty = await temporaryFolder();
    expect(() => findCases(empty)).toThrow(UsageError);
    expect(() => findCases('/nonexistent')).toThrow(UsageError);
  });
});
