/**
 * `npm run fuzz -- --time 10m [--target NAME] [--seed N] [--corpus FOLDER]`: feeds every parser, and whole sessions, with octets that
 * are changed at random, and keeps what reaches code that nothing reached before. For that the sources are bundled with a mark in each
 * branch, so that it costs next to nothing to see after each input whether it got anywhere new.
 *
 * What breaks something, or takes too long, is made as small as it stays broken and written to `test/fuzz/finds/`, where the tests run it
 * from then on; the exit code is 1. `--corpus` keeps what reached new code from run to run.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import ts from 'typescript';
import { seeded } from '../src/lib/random.js';
import { mutate } from '../test/fuzz/mutate.js';
import type { finds as Finds, Target, TARGETS as Targets } from '../test/fuzz/targets.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FINDS = join(ROOT, 'test/fuzz/finds');
/** Marks that there is room for. */
const MARKS = 1 << 18;
/** Milliseconds of one target before the next. */
const SLICE = 2000;
/** An input that takes so long is a find too. */
const TOO_LONG = 2000;
/** Tries to make a find smaller. */
const SHRINKS = 2000;

/** Which marks were reached, of the target that runs now, and how many for the first time since this was set to 0. */
const reached = new Uint8Array(MARKS);
let fresh = 0;
Object.assign(globalThis, {
  __reached: reached,
  __reach: (mark: number): void => {
    reached[mark] = 1;
    fresh++;
  },
});

/** Puts a mark into each branch of a source file: blocks, arms, cases, right sides. */
function marked(text: string, file: string, next: () => number): string {
  const { factory: f } = ts;
  const mark = (): ts.Expression => {
    const number = f.createNumericLiteral(next());
    const seen = f.createElementAccessExpression(f.createIdentifier('__reached'), number);
    return f.createLogicalOr(seen, f.createCallExpression(f.createIdentifier('__reach'), undefined, [number]));
  };
  const before = (expression: ts.Expression): ts.Expression => f.createParenthesizedExpression(f.createComma(mark(), expression));
  const transformer: ts.TransformerFactory<ts.SourceFile> = (context) => (source) => {
    const visit = (node: ts.Node): ts.Node => {
      const done = ts.visitEachChild(node, visit, context);
      if (ts.isBlock(done)) return f.updateBlock(done, [f.createExpressionStatement(mark()), ...done.statements]);
      if (ts.isCaseClause(done))
        return f.updateCaseClause(done, done.expression, [f.createExpressionStatement(mark()), ...done.statements]);
      if (ts.isIfStatement(done) && !ts.isBlock(done.thenStatement)) {
        const arm = f.createBlock([f.createExpressionStatement(mark()), done.thenStatement]);
        return f.updateIfStatement(done, done.expression, arm, done.elseStatement);
      }
      if (ts.isConditionalExpression(done))
        return f.updateConditionalExpression(
          done,
          done.condition,
          done.questionToken,
          before(done.whenTrue),
          done.colonToken,
          before(done.whenFalse),
        );
      if (ts.isArrowFunction(done) && !ts.isBlock(done.body))
        return f.updateArrowFunction(
          done,
          done.modifiers,
          done.typeParameters,
          done.parameters,
          done.type,
          done.equalsGreaterThanToken,
          before(done.body as ts.Expression), // an arrow's body that is no block
        );
      if (ts.isBinaryExpression(done) && LAZY.has(done.operatorToken.kind))
        return f.updateBinaryExpression(done, done.left, done.operatorToken, before(done.right));
      return done;
    };
    return ts.visitEachChild(source, visit, context);
  };
  const options = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  return ts.transpileModule(text, { fileName: file, compilerOptions: options, transformers: { before: [transformer] } }).outputText;
}
const LAZY: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);

/** The targets, bundled with their marks. */
async function load(): Promise<{ readonly TARGETS: typeof Targets; readonly finds: typeof Finds }> {
  let marks = 0;
  const plugin: Plugin = {
    name: 'marks',
    setup: (bundler) => {
      bundler.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
        contents: marked(readFileSync(path, 'utf8'), path, () => Math.min(marks++, MARKS - 1)),
        loader: 'js',
      }));
    },
  };
  // Beside the sources, so that packages and captures are found.
  const folder = mkdtempSync(join(ROOT, 'test/fuzz/.bundle-'));
  try {
    const file = join(folder, 'targets.mjs');
    await build({
      entryPoints: [join(ROOT, 'test/fuzz/targets.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      target: 'node20',
      outfile: file,
      define: { 'import.meta.dirname': JSON.stringify(join(ROOT, 'test/fuzz')) },
      plugins: [plugin],
    });
    return (await import(pathToFileURL(file).href)) as Awaited<ReturnType<typeof load>>; // what the file exports
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Find {
  readonly bytes: Uint8Array;
  readonly why: string;
}

/** What is wrong with an input; undefined when nothing is. */
async function tried({ run }: Target, bytes: Uint8Array): Promise<string | undefined> {
  // The processor's time: others may have it meanwhile.
  const start = process.cpuUsage();
  try {
    await run(bytes);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1000;
  return took > TOO_LONG ? `took ${Math.round(took)} ms` : undefined;
}

/** The smallest input found that is broken in the same way: by its first line. */
async function shrink(target: Target, find: Find): Promise<Find> {
  const kind = (why: string): string => (why.startsWith('took') ? 'took' : (why.split('\n')[0] ?? '').replace(/\d+/g, 'N'));
  let best = find;
  let tries = 0;
  for (let size = Math.max(1, best.bytes.length >> 1); size >= 1 && tries < SHRINKS; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at + size <= best.bytes.length && tries < SHRINKS; ) {
      const shorter = Uint8Array.from([...best.bytes.subarray(0, at), ...best.bytes.subarray(at + size)]);
      tries++;
      const why = await tried(target, shorter);
      if (why !== undefined && kind(why) === kind(find.why)) best = { bytes: shorter, why };
      else at += size;
    }
  }
  return best;
}

function keep(target: Target, { bytes, why }: Find): string {
  const digits = Buffer.from(bytes).toString('hex');
  const name = `${target.name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.hex`;
  mkdirSync(FINDS, { recursive: true });
  writeFileSync(join(FINDS, name), `${digits.replace(/.{64}/g, '$&\n')}\n`);
  process.stdout.write(`FOUND ${name}: ${why.split('\n').slice(0, 6).join('\n  ')}\n`);
  return name;
}

/** One target's run. */
class Campaign {
  readonly corpus: Uint8Array[];
  runs = 0;
  readonly found: string[] = [];
  readonly #kinds = new Set<string>();
  /** The marks that it has reached; those in use are {@link reached}. */
  readonly #own = new Uint8Array(MARKS);

  constructor(
    readonly target: Target,
    before: readonly Uint8Array[],
    readonly random: () => number,
    readonly folder: string | undefined,
  ) {
    const kept = folder === undefined ? [] : readdirSync(folder).filter((file) => file.startsWith(`${target.name}-`));
    this.corpus = [...target.seeds(), ...before, ...kept.map((file) => new Uint8Array(readFileSync(join(folder ?? '', file))))];
  }

  /** Branches that it has reached. */
  get branches(): number {
    return this.#own.reduce((sum, mark) => sum + mark, 0);
  }

  /** All that it begins with, once. */
  async begin(): Promise<void> {
    reached.fill(0);
    for (const bytes of this.corpus) await this.#try(bytes);
    this.#own.set(reached);
  }

  async slice(until: number): Promise<void> {
    reached.set(this.#own);
    while (performance.now() < until) {
      const parent = this.corpus[Math.floor(this.random() * this.corpus.length)] ?? new Uint8Array(0);
      const bytes = mutate(parent, this.corpus, this.random);
      fresh = 0;
      await this.#try(bytes);
      if (fresh === 0) continue;
      this.corpus.push(bytes);
      if (this.folder !== undefined)
        writeFileSync(join(this.folder, `${this.target.name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`), bytes);
    }
    this.#own.set(reached);
  }

  async #try(bytes: Uint8Array): Promise<void> {
    this.runs++;
    const why = await tried(this.target, bytes);
    if (why === undefined) return;
    const kind = (why.split('\n')[0] ?? '').replace(/\d+/g, 'N');
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    this.found.push(keep(this.target, await shrink(this.target, { bytes, why })));
  }
}

function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text);
  if (!match) throw new Error(`expected a time such as 30s or 10m, got ${text}`);
  return Number(match[1]) * ({ s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 's'] ?? 1000);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      time: { type: 'string', default: '30s' },
      target: { type: 'string' },
      seed: { type: 'string', default: '1' },
      corpus: { type: 'string' },
    },
  });
  const { TARGETS, finds } = await load();
  const chosen = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
  if (chosen.length === 0) throw new Error(`there is no target ${values.target}, but ${TARGETS.map(({ name }) => name).join(', ')}`);
  if (values.corpus !== undefined) mkdirSync(values.corpus, { recursive: true });
  const random = seeded(Number(values.seed));
  const campaigns = chosen.map((target) => {
    const before = finds(target.name).map(({ bytes }) => bytes);
    return new Campaign(target, before, random, values.corpus);
  });
  for (const campaign of campaigns) await campaign.begin();
  const end = performance.now() + milliseconds(values.time);
  while (performance.now() < end) for (const campaign of campaigns) await campaign.slice(Math.min(end, performance.now() + SLICE));
  for (const { target, runs, corpus, branches, found } of campaigns)
    process.stdout.write(
      `${target.name.padEnd(16)} ${runs} inputs, ${corpus.length} kept, ${branches} branches reached, ${found.length} finds\n`,
    );
  process.exitCode = campaigns.some(({ found }) => found.length > 0) ? 1 : 0;
}

await main();
