/** What takes long, as real daemons take their time or thousands of clusters are tried: `npm run test:long`, and no part of `npm test`. */
export const LONG_TESTS: readonly string[] = [
  'test/confd/cli.test.ts',
  'test/conformance/releases-on-bird.test.ts',
  'test/conformance/releases.test.ts',
  'test/conformance/steps.test.ts',
  'test/conformance/takeover.test.ts',
  'test/daemon/configure-model.test.ts',
  'test/daemon/verify.test.ts',
  'test/e2e/crash.test.ts',
  'test/e2e/etcd-faults.test.ts',
  'test/e2e/holds.test.ts',
  'test/e2e/peer-killed.test.ts',
  'test/golden/any-history.test.ts',
];
