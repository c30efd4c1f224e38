import { describe, expect, it } from 'vitest';
import { birdJudge } from './bird-verdict.ts';
import { bisect } from './bisect.ts';
import { canary } from './hostile-texts.ts';
import { injected, shapesOf } from './injection.ts';
import { randomOf } from './random.ts';

const SESSION = `protocol bgp Mesh_192_0_2_2 from bgp_template {
  neighbor 192.0.2.2 as 64512;
  import filter {
    'bgp_f_importFilterV4'(true);
    accept;
  };
  password "secret";
}
`;
const known = shapesOf(SESSION);

describe('the oracle of injection', () => {
  it('takes other addresses, numbers, names and strings for the same statements, and comments for none', () => {
    const other = SESSION.replaceAll('192.0.2.2', '198.51.100.77')
      .replace('Mesh_192_0_2_2', 'Global_198_51_100_77_port_1179')
      .replace('64512', '1')
      .replace('"secret"', `"; passive on; ${canary()} '"`)
      .replace('bgp_f_', `bgp_${canary()}_`);
    expect(injected(`# ${canary()}; passive on;\n${other}`, known)).toBeNull();
  });

  it.each([
    ['a canary', SESSION.replace('64512', '64512 zqj1q'), 'zqj1q'],
    ['a statement', SESSION.replace('  password', '  passive on;\n  password'), 'passive on'],
    ['an include', `${SESSION}include "/etc/shadow";`, 'include STRING'],
    ['a repeated option', SESSION.replace('  password', '  neighbor 192.0.2.3 as 1;\n  password'), 'neighbor'],
    ['a control character', SESSION.replace('secret', 'sec\x01ret'), 'control'],
    ['an end of a string', SESSION.replace('"secret"', '"a" zqj2q "b"'), 'zqj2q'],
  ])('finds %s that came in', (_, text, found) => {
    expect(injected(text, known)).toContain(found);
  });
});

it('BIRD judges each daemon’s files, and says why it refuses', () => {
  const bird = birdJudge();
  try {
    const files = (text: string) => [{ name: 'bird.conf', text }];
    expect(bird.refusal('bird', files('router id 192.0.2.1;\nprotocol device {}\n'))).toBeNull();
    expect(bird.refusal('bird', files('router id ;\n'))).toContain('bird.conf:1');
    expect(
      bird.refusal('bird6', files('router id 192.0.2.1;\nprotocol static { route 192.0.2.0/24 reject; }\n')),
    ).toContain(':2');
  } finally {
    bird.close();
  }
});

describe('bisect', () => {
  const numbers = Array.from({ length: 400 }, (_, i) => i);

  it('finds the one at fault, or the two that are so only together', () => {
    expect(bisect(numbers, (some) => some.includes(137))).toEqual([137]);
    expect(bisect(numbers, (some) => some.includes(3) && some.includes(399))).toEqual([3, 399]);
  });

  it('asks a few dozen times for one', () => {
    let asked = 0;
    bisect(numbers, (some) => ++asked > 0 && some.includes(200));
    expect(asked).toBeLessThan(40);
  });
});

it('random choices are the same for one seed, and others for another', () => {
  const drawn = (seed: number) => {
    const random = randomOf(seed);
    return Array.from({ length: 50 }, () => random.below(1_000));
  };
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
  expect(new Set(drawn(7)).size).toBeGreaterThan(40);
});
