import { expect, it } from 'vitest';
import { customFilterFault } from '../src/vet-custom-filter.ts';

const NEVER = new AbortController().signal;
const GOOD = 'if ( net ~ 198.51.100.0/24 ) then { accept; }';

it.each([
  ['a filter', GOOD, 'bird', null],
  ['one with a comment at its end', `${GOOD} # that is all`, 'bird', null],
  ['several lines', `if ( net ~ 198.51.100.0/24 ) then {\n\tbgp_community.add((64496, 1));\n}\n`, 'bird', null],
  ['nothing', '', 'bird', null],
  ['IPv6 for bird6', 'if ( net ~ 2001:db8::/32 ) then { reject; }', 'bird6', null],
  ['IPv6 for bird', 'if ( net ~ 2001:db8::/32 ) then { reject; }', 'bird', /BIRD refuses filter\.conf/],
  ['a word that BIRD does not know', 'acept;', 'bird', /BIRD refuses filter\.conf.*:4:/],
  ['what goes on behind the function', '} protocol device { } function other() {', 'bird', /does not stay inside/],
  ['a brace too many', 'accept; }', 'bird', /does not stay inside/],
  ['a brace too few', 'if ( net ~ 198.51.100.0/24 ) then { accept;', 'bird', /BIRD refuses/],
  ['a comment without an end', '/* accept;', 'bird', /does not stay inside|BIRD refuses/],
  ['other files', 'include "/etc/passwd";', 'bird', /includes a file/],
  ['other files, deeper', 'if true then { include "/etc/passwd"; }', 'bird', /includes a file/],
  ['control characters', 'accept;\0', 'bird', /control characters/],
  ['no BIRD to ask', GOOD, '/nowhere/bird', /\/nowhere\/bird/],
  ['what only BIRD could judge, without one', 'acept;', null, null],
])('judges %s', async (_, text, binary, fault) => {
  const found = await customFilterFault(text, binary, NEVER);
  if (fault === null) expect(found).toBeNull();
  else expect(found).toMatch(fault);
});
