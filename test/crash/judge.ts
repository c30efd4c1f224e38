import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN } from '../support/cli.ts';
import type { Phase } from './bird-proxy.ts';
import { type Generations, ROUTER } from './generations.ts';
import type { Site } from './site.ts';

/** BIRD is never further back than this from the newest generation on the disk; some more are looked at, to say which it runs. */
const LOOK_BACK = 12;
const PASSED = 40;

/** Holds what is seen against what is promised, and keeps what is not as it should be. */
export class Judge {
  readonly #generations: Generations;
  readonly #site: Site;
  /** For people: each with the kill, and the last lines of birdconfd's log. */
  readonly violations: string[] = [];
  kills = 0;
  /** Kills after which the files were a mixture of generations, as layout `calico` may leave them to the repair. */
  mixtures = 0;
  /** Kills after which BIRD ran another generation than the newest on the disk. */
  behind = 0;
  /** The last commands and answers that passed, with their times: what a violation is understood by. */
  readonly #passed: string[] = [];
  /** Looks at the disk before BIRD heard of a command. */
  looks = 0;

  constructor(generations: Generations, site: Site) {
    this.#generations = generations;
    this.#site = site;
  }

  violated(what: string): void {
    const passed = this.#passed.join('\n');
    this.violations.push(`kill ${this.kills}: ${what}; ${this.#described()}\n${passed}\n${this.#site.logTail()}`);
  }

  /** Whatever BIRD may read at a command must be one generation. */
  atCommand(command: string, phase: Phase): void {
    this.#passed.push(`${new Date().toISOString()} ${command} ${phase}`);
    if (this.#passed.length > PASSED) this.#passed.shift();
    if (phase === 'answered') return;
    this.looks++;
    if (this.#generations.ofFiles(this.#site.texts()) === null)
      this.violated(`at '${command}' the files are a mixture`);
  }

  /** No file is ever torn or missing. */
  sighted(name: string, text: string | null): void {
    if (this.#generations.ofText(name, text).length === 0)
      this.violated(`${name} was the file of no generation: ${text === null ? 'missing' : JSON.stringify(text)}`);
  }

  /** What a killed process left: the files, the ledger, and BIRD. Resolves with where the transaction stands. */
  async afterKill(): Promise<string> {
    this.kills++;
    const { txn, hold } = this.#site.ledger();
    if (hold) this.violated(`held: ${hold.why.join('; ')}`);
    const { fileNames, layout } = this.#generations;
    const texts = this.#site.texts();
    const numbers = fileNames.map((name, i) => this.#generations.ofText(name, texts[i] ?? null));
    const whole = this.#generations.ofFiles(texts);
    if (whole === null) this.mixtures++;
    if (numbers.some((each) => each.length === 0) || (whole === null && layout === 'single'))
      this.violated(`after the kill the files are of no generation`);
    // A file that a later generation leaves as it was is of both.
    const written = whole ?? Math.max(...numbers.map((each) => Math.min(...each)));
    const running = await this.#running();
    if (!running.includes(written)) this.behind++;
    if (!running.includes(written) && !running.includes(written - 1))
      this.violated(`BIRD runs ${JSON.stringify(await this.#site.shown())} = ${running}, and ${written} was written`);
    return txn.at;
  }

  /** Rejects, with what is missing, until files, BIRD and ledger are as the newest generation says, and nothing is left over. */
  async mustHaveConverged(): Promise<void> {
    const { newest } = this.#generations;
    const { txn, live, confirmed, history } = this.#site.ledger();
    const six = this.#site.ledger('bird6');
    const leftovers = this.#leftovers();
    const facts: readonly (readonly [what: string, isSo: boolean])[] = [
      ['the files', this.#generations.ofFiles(this.#site.texts()) === newest.number],
      ['the transaction', txn.at === 'idle' && six.txn.at === 'idle'],
      ['the ledger', live?.bytes === newest.bundle.bytes && history[0]?.bytes === newest.bundle.bytes],
      ['what is confirmed', confirmed === newest.bundle.statements && six.confirmed === six.live?.statements],
      ['BIRD', (await this.#running()).includes(newest.number)],
      [`left over: ${leftovers}`, leftovers.length === 0],
    ];
    await this.#site.mustBeEstablished();
    const not = facts.flatMap(([what, isSo]) => (isSo ? [] : [what]));
    if (not.length > 0) throw new Error(`generation ${newest.number} (${newest.kind}): ${not.join(', ')}`);
  }

  /** The session with the neighbor is touched by no generation. */
  untouched(): void {
    const times = this.#site.bird.timesDown(ROUTER.session);
    if (times > 0) this.violated(`the session that nothing touched went down ${times} times`);
  }

  /** What `birdconfd render` makes of the final data, as a process of its own. */
  compareWithRender(): void {
    const fresh = join(this.#site.dir, 'fresh');
    const args = [MAIN, 'render', ...this.#site.dataArguments(), '--output', fresh];
    const env = { PATH: '/usr/sbin:/usr/bin:/bin' };
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    const texts = this.#site.texts();
    const isSame = this.#generations.fileNames.every((name, i) => readFileSync(join(fresh, name), 'utf8') === texts[i]);
    if (status !== 0 || !isSame) this.violated(`the files are not those of a fresh render (exit ${status}) ${stderr}`);
  }

  /** The generation that each file is of, and the ledger. */
  #described(): string {
    const texts = this.#site.texts();
    const parts = this.#generations.fileNames.map(
      (name, i) => `${name}: ${this.#generations.ofText(name, texts[i] ?? null).join('/') || '?'}`,
    );
    const { txn, live, confirmed } = this.#site.ledger();
    return `${parts.join(', ')}; ledger ${JSON.stringify({ txn, live, confirmed })}`;
  }

  /** The generations that look as BIRD does. */
  async #running(): Promise<readonly number[]> {
    const shown = JSON.stringify(await this.#site.shown());
    const { number: newest } = this.#generations.newest;
    const numbers = Array.from({ length: Math.min(newest, LOOK_BACK) }, (_, i) => newest - i);
    return numbers.filter((number) => JSON.stringify(this.#generations.at(number).shown) === shown);
  }

  /** Names in the output folder and the state directory that nothing refers to. */
  #leftovers(): readonly string[] {
    const { output, stateDir, outputNames } = this.#site;
    const kept = (daemon: string) => this.#site.ledger(daemon).history.map(({ bytes }) => String(bytes));
    const folders = [
      { dir: output, names: outputNames },
      { dir: stateDir, names: ['bird.json', 'bird6.json', 'birdconfd.sock', 'bundles', 'owner'] },
      { dir: join(stateDir, 'bundles', 'bird'), names: kept('bird') },
      { dir: join(stateDir, 'bundles', 'bird6'), names: kept('bird6') },
    ];
    return folders.flatMap(({ dir, names }) =>
      readdirSync(dir)
        .filter((name) => !names.includes(name))
        .map((name) => join(dir, name)),
    );
  }
}
