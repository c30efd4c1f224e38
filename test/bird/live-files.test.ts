import { describe, expect, it } from 'vitest';
import { LiveFiles } from '../../src/bird/live-files.ts';

const session = (body: string, name = 'Mesh_192_0_2_2', from = ' from bgp_template') =>
  `protocol bgp ${name}${from} {\n${body}\n}\n`;
const passwordIn = (...texts: readonly string[]) => new LiveFiles(texts).password('Mesh_192_0_2_2')?.reveal() ?? null;

describe('the password of a live session', () => {
  it.each([
    ['in its body', session('  neighbor 192.0.2.2 as 1;\n  password "a b#c;{";')],
    ['without a template', session('password "a b#c;{";', 'Mesh_192_0_2_2', '')],
    ['in whatever layout', 'protocol bgp Mesh_192_0_2_2{password /* x */\n"a b#c;{"\n;}'],
    ['stated twice alike', session('password "a b#c;{"; password "a b#c;{";')],
  ])('is found %s', (_, text) => {
    expect(passwordIn(`${session('password "other";', 'Other')}${text}`)).toBe('a b#c;{');
  });

  it('is found in any of the files', () => {
    expect(passwordIn('router id 192.0.2.1;', session('password "x";'))).toBe('x');
  });

  it.each([
    ['there is no such session', session('password "x";', 'Mesh_192_0_2_20')],
    ['it has none', session('neighbor 192.0.2.2 as 1;')],
    ['it is only a comment', session('# password "x";')],
    ['it is a part of a filter', session('import filter { password "x"; };')],
    ['it is empty', session('password "";')],
    ['it is not plain', session('password "x" { id 1; };')],
    ['there are several', session('password "x"; password "y";')],
    ['it is the template’s', `template bgp Mesh_192_0_2_2 { password "x"; }`],
    ['it holds what cannot be written again', session('password "a\tb";')],
    ['nothing is there', ''],
  ])('is none where %s', (_, text) => {
    expect(passwordIn(text)).toBeNull();
  });

  it('is a Secret, the same one each time', () => {
    const files = new LiveFiles([session('password "geheim";')]);
    expect(`${files.password('Mesh_192_0_2_2')}`).toBe('[redacted]');
    expect(JSON.stringify(files.password('Mesh_192_0_2_2'))).not.toContain('geheim');
    expect(files.password('Mesh_192_0_2_2')).toBe(files.password('Mesh_192_0_2_2'));
  });
});

describe('a live function of a BGPFilter', () => {
  const found = (text: string) => new LiveFiles([text]).filterFunction('bgp_f_importFilterV4');
  const named = (rest: string) => `function 'bgp_f_importFilterV4'${rest}`;

  it('is its text as it stands, with its comments', () => {
    const text = named('() { # } "\n\tif ((net ~ [ 10.0.0.0/8{8,32} ])) then { /* { */ reject; }\n}');
    for (const around of [`x;\n${text} y;`, `${text} ; y;`])
      expect(found(around)).toEqual({ text, takesPeerType: false, rejectsAll: false });
  });

  it('says whether it is told of the peer, and whether it only rejects', () => {
    expect(found(named('(bool is_same_as) { if (!is_same_as) then { accept; } }'))).toMatchObject({
      takesPeerType: true,
      rejectsAll: false,
    });
    expect(found(named(' ( ) {\n  reject;\n}'))).toMatchObject({ takesPeerType: false, rejectsAll: true });
  });

  it.each([
    ['has another parameter', named('(int x) { accept; }')],
    ['has local variables before its body', named('()\nint x;\n{ accept; }')],
    ['calls another function', named('() { helper(); }')],
    ['calls one by a quoted name', named("() { 'bgp_g_importFilterV4'(); }")],
    ['calls one inside a condition', named('() { if (defined(source)&&helper (1)) then { accept; } }')],
    ['never closes', named('() { accept;')],
    ['holds a string that never closes', named('() { if (ifname ~ "eth) then { accept; } }\n}')],
    ['holds a control character', named('() { accept;\0 }')],
    ['has another name', "function 'bgp_f_importFilterV6'() { accept; }"],
    ['is a filter', 'filter bgp_f_importFilterV4 { accept; }'],
  ])('is none where it %s', (_, text) => {
    expect(found(text)).toBeNull();
  });

  it('calls what is BIRD’s own', () => {
    const body =
      'if (((1, 2) ~ bgp_community)&&(bgp_path ~ [= 1 * =])) then { bgp_large_community.add((1, 2, 3)); bgp_path.prepend(1); accept; }';
    expect(found(named(`() { ${body} }`))?.text).toContain(body);
  });
});
