import type { OperationResult, Operations } from '../../src/control/operations.ts';
import type { ServiceReport } from '../../src/control/status-report.ts';
import { HELD_NODE } from './service-reports.ts';

/** Operations that do nothing but remember what they were asked for; what they answer is the test's to change. */
export function askedOperations() {
  const stub = {
    asked: [] as unknown[][],
    report: HELD_NODE as ServiceReport,
    readiness: { ready: true, why: [] as readonly string[] },
    result: { ok: true, lines: [{ target: 'bird', text: 'confirmed' }] } as OperationResult,
    failure: null as Error | null,
  };
  const remember = async (...what: unknown[]): Promise<OperationResult> => {
    if (stub.failure) throw stub.failure;
    stub.asked.push(what);
    return stub.result;
  };
  const operations: Operations = {
    status: () => stub.report,
    readiness: (targets) => {
      if (targets) stub.asked.push(['readiness', targets]);
      return stub.readiness;
    },
    approve: (targets) => remember('approve', targets),
    resume: (targets) => remember('resume', targets),
    reload: (targets) => remember('reload', targets),
    rollback: (back, forMs, targets) => remember('rollback', back, forMs, targets),
  };
  return Object.assign(stub, { operations });
}
