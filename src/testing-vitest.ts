import { expect } from 'vitest';
import { type BirdMatchers, birdMatchers } from './testing.ts';

declare module 'vitest' {
  interface Matchers<T> extends BirdMatchers {}
}

expect.extend(birdMatchers);
