import { messageOf, UsageError } from '../core/errors.ts';
import type { Settings } from '../settings.ts';
import { graphOf } from '../topology/graph.ts';
import { svgOf } from '../topology/svg.ts';
import { clusterSpeakers } from './cluster-speakers.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { readOnce } from './read-once.ts';
import { tellDiagnostics } from './tell-diagnostics.ts';

/** `birdconfd graph`: who speaks BGP with whom in the whole cluster, as an SVG on standard output. Exit 3 where there is no node. */
export async function graphVerb(settings: Settings): Promise<number> {
  try {
    const { speakers, diagnostics } = clusterSpeakers(await readOnce(settings), settings);
    tellDiagnostics(diagnostics);
    if (speakers.length === 0) {
      process.stderr.write('birdconfd graph: the data have no node, so there is nothing to draw\n');
      return EXIT.data;
    }
    const options = { title: 'BGP topology', id: 'bgp', isAlone: true, isComparison: false };
    process.stdout.write(svgOf(graphOf(speakers), options));
    return EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    process.stderr.write(`birdconfd graph: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}
