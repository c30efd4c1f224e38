import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** What becomes of one line that a client sent to BIRD. */
export interface Between {
  /** Sends it on. */
  pass(): void;
  /** Ends both conversations, without sending it on. */
  cut(): void;
  /** Sends it on and ends the client's side before BIRD's answer can reach it. Resolves once BIRD has answered. */
  passAndCut(): Promise<void>;
  /** Says this to the client in BIRD's place. */
  answer(text: string): void;
}

export interface BirdBetween {
  readonly socket: string;
  close(): Promise<void>;
}

/** A control socket at `socket` that leads to the BIRD at `bird`, where `on` decides about every line; what BIRD says comes through. */
export async function betweenBird(
  bird: string,
  socket: string,
  on: (line: string, between: Between) => unknown,
): Promise<BirdBetween> {
  const server = createServer((near) => {
    const far = connect(bird);
    const end = () => {
      near.destroy();
      far.destroy();
    };
    near.on('error', end).on('close', end);
    far.on('error', end).on('close', end);
    let deaf = false;
    far.on('data', (chunk) => {
      if (!deaf) near.write(chunk);
    });
    near.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter((each) => each !== '')) {
        const pass = () => far.write(`${line}\n`);
        const passAndCut = async () => {
          deaf = true;
          pass();
          await once(far, 'data');
          end();
        };
        on(line, { pass, cut: end, passAndCut, answer: (said) => near.write(said) });
      }
    });
  }).listen(socket);
  await once(server, 'listening');
  return { socket, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
