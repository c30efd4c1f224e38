/**
 * What BIRD says over its control socket (spec bird.md, 1), one line each:
 * `NNNN-text` more follows · ` text` the same code again · `NNNN text` the last line · `+text` said to nobody in particular.
 */
export interface ReplyLine {
  readonly code: number;
  readonly text: string;
}

/** The answer to one command. `code` is the last line's, which alone decides what the answer means. */
export interface BirdReply {
  readonly code: number;
  readonly lines: readonly ReplyLine[];
}

/** Codes 8xxx (the command failed) and 9xxx (not understood) are failures; every other code is success, known or not. */
export const isSuccess = (reply: BirdReply): boolean => reply.code < 8000;

/** The last line's text. */
export const lastText = (reply: BirdReply): string => reply.lines.at(-1)?.text ?? '';

/** Thrown by `ReplyReader.push` for text that no BIRD would send. */
export class GarbledReply extends Error {
  override readonly name = 'GarbledReply';
}

/** BIRD's own lines end at 512 bytes; 2 and 3 allow more, and a line has to end at some point. */
const MAX_LINE = 65_536;

/** The code in front of a line, or NaN. Of thousands of lines: so it is read without a pattern. */
function codeOf(line: string): number {
  const mark = line[4];
  if (mark !== ' ' && mark !== '-') return Number.NaN;
  let code = 0;
  for (let i = 0; i < 4; i++) {
    const digit = line.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    code = 10 * code + digit;
  }
  return code;
}

/** Cuts a stream of text into replies, wherever its chunks were cut. */
export class ReplyReader {
  #partial = '';
  #lines: ReplyLine[] = [];

  /** The replies that `chunk` completes, in order. Throws GarbledReply; the reader is of no use afterwards. */
  push(chunk: string): readonly BirdReply[] {
    const lines = (this.#partial + chunk).split('\n');
    this.#partial = lines.pop() ?? '';
    const replies: BirdReply[] = [];
    for (const line of lines) {
      const reply = this.#read(line);
      if (reply) replies.push(reply);
    }
    if (this.#partial.length > MAX_LINE) throw new GarbledReply(`a line of more than ${MAX_LINE} characters`);
    return replies;
  }

  #read(line: string): BirdReply | null {
    if (line.startsWith('+')) return null;
    const own = codeOf(line);
    const isCoded = !Number.isNaN(own);
    const code = isCoded ? own : this.#lines.at(-1)?.code;
    if (code === undefined || (!isCoded && !line.startsWith(' '))) {
      throw new GarbledReply(`a line without a reply code: ${JSON.stringify(line.slice(0, 80))}`);
    }
    this.#lines.push({ code, text: line.slice(isCoded ? 5 : 1) });
    if (!isCoded || line[4] === '-') return null;
    const reply = { code, lines: this.#lines };
    this.#lines = [];
    return reply;
  }
}
