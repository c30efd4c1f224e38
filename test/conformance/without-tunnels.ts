/** Plain BIRD does not know `krt_tunnel`; where it stands alone in a branch, the branch goes with it. */
export const withoutTunnels = (text: string): string =>
  text
    .replace(/if [^;{}]*\bthen\s+krt_tunnel\s*=\s*"[^"]*";\s*else\s+krt_tunnel\s*=\s*"[^"]*";/g, '')
    .replace(/\bkrt_tunnel\s*=\s*"[^"]*";/g, '');
