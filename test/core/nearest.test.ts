import { expect, it } from 'vitest';
import { nearest } from '../../src/core/nearest.ts';

it.each([
  ['peers', ['header', 'peer', 'filter'], ['peer', 'header']],
  ['pere', ['aggr', 'here', 'peer'], ['here', 'peer']],
  ['', ['ab', 'a', 'abc'], ['a', 'ab']],
  ['same', ['some', 'same'], ['same', 'some']],
  ['alone', [], []],
])('finds what is spelt most like %j among %j', (word, words, expected) => {
  expect(nearest(word, words, 2)).toEqual(expected);
});
