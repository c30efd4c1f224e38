/** Put in by scripts/build.mjs; absent when the sources run unbundled. */
declare const BIRDCONFD_VERSION: string | undefined;

/** The version of this build as package.json states it, or "dev" when the sources run unbundled. */
export const version: string = typeof BIRDCONFD_VERSION === 'string' ? BIRDCONFD_VERSION : 'dev';
