/** What of a plan may go through while it is held: for now nothing, so that what runs goes on as it is. */
export const holdBackFiles = (
  live: readonly { readonly name: string; readonly text: string }[],
): readonly { readonly name: string; readonly text: string }[] => live;
