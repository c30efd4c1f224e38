import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The image as the Dockerfile makes it. */
export interface BuiltImage {
  /** Where its root file system lies. Read only: others use it, too. */
  readonly root: string;
  /** As `buildah images` prints it. */
  readonly size: string;
  readonly config: {
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    /** `Test` begins with CMD. */
    readonly Healthcheck: { readonly Test: readonly string[] };
  };
}

const SCRIPT = fileURLToPath(new URL('../../scripts/image/build.mjs', import.meta.url));
/** With the base image, on a machine that has neither and much else to do. */
export const BUILD_MS = 1_200_000;

/** The image of this tree, built if it is not there yet. */
export async function builtImage(): Promise<BuiltImage> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { timeout: BUILD_MS, maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}
