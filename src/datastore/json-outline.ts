/** Where things stand in a JSON text that `JSON.parse` accepts but whose positions and repeated keys it does not tell. */
export interface JsonOutline {
  /** The first key that its object already had: offset of the second one. Null when every key is there once. */
  readonly repeatedKeyAt: number | null;
  /** The offset of each element of the root array, or of the root object's `items`, by index. */
  readonly itemOffsets: readonly number[];
}

interface Frame {
  /** The keys so far; null in an array. */
  readonly keys: Set<string> | null;
  readonly listsItems: boolean;
  lastKey: string;
  atKey: boolean;
  index: number;
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

/** The outline of `text`, which must be valid JSON. One pass, no recursion: nesting may be as deep as it likes. */
export function jsonOutline(text: string): JsonOutline {
  const frames: Frame[] = [];
  const itemOffsets: number[] = [];
  let repeatedKeyAt: number | null = null;
  for (const { 0: token, index: offset } of text.matchAll(TOKEN)) {
    const frame = frames.at(-1);
    if (token === '{' || token === '[') {
      if (frame?.listsItems) itemOffsets[frame.index] = offset;
      frames.push(open(token, frame, frames.length));
    } else if (token === '}' || token === ']') frames.pop();
    else if (token === ':') frame!.atKey = false;
    else if (token === ',') {
      frame!.atKey = frame!.keys !== null;
      frame!.index++;
    } else if (frame?.atKey && frame.keys) {
      frame.lastKey = JSON.parse(token) as string;
      if (frame.keys.has(frame.lastKey)) repeatedKeyAt ??= offset;
      frame.keys.add(frame.lastKey);
    }
  }
  return { repeatedKeyAt, itemOffsets };
}

function open(token: '{' | '[', parent: Frame | undefined, depth: number): Frame {
  const isRoot = depth === 0;
  const isItems = depth === 1 && parent?.lastKey === 'items';
  const keys = token === '{' ? new Set<string>() : null;
  return { keys, listsItems: keys === null && (isRoot || isItems), lastKey: '', atKey: keys !== null, index: 0 };
}
