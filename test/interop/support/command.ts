/** The program, `virtual-router run --json`, in a node of a lab. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Lab, LabNode, Running } from './lab.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** As much of a line of `run --json` as tests read. */
export interface Line {
  readonly event?: string;
  readonly prefix?: string;
  readonly seq?: number;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly from?: string;
  readonly to?: string;
  readonly by?: number;
  readonly diagnostic?: string;
  readonly reason?: string;
  readonly restart?: { readonly phase: string };
}

export interface RunningCommand {
  readonly process: Running;
  /** What it has told so far. */
  events(): readonly Line[];
  /** How many of them fit. */
  count(fits: (line: Line) => boolean): number;
  /** Whether the last that it told of a prefix is that this node has it. */
  holds(prefix: string, node: string): boolean;
  /** Waits for an event after those that were there at the last {@link RunningCommand.forget}. */
  next(what: string, fits: (line: Line) => boolean): Promise<Line>;
  /** The value of a metric, by its name and labels as they are written; 0 where there is none. */
  metric(name: string): Promise<number>;
  /** What has been told by now is past. */
  forget(): void;
}

/** Runs it with a configuration, and waits until it listens. */
export async function startCommand(lab: Lab, node: LabNode, configuration: string): Promise<RunningCommand> {
  const file = join(node.directory, 'router.yaml');
  writeFileSync(file, configuration);
  const control = join(node.directory, 'control.sock');
  const args = ['--import', 'tsx', join(root, 'src/cli/index.ts'), 'run', '--json', '--control', control, file];
  const running = lab.spawn(node, process.execPath, args, { name: 'virtual-router run', directory: root });
  await lab.answers(running, () => running.output().includes('"listening"'));
  let past = 0;
  const events = (): Line[] =>
    running
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  return {
    process: running,
    events,
    count: (fits) => events().filter(fits).length,
    holds: (prefix, name) => JSON.stringify(events().findLast((line) => line.prefix === prefix)?.after ?? null).includes(name),
    next: (what, fits) => lab.waitFor(what, () => events().slice(past).find(fits)),
    metric: async (name) => {
      const lines = (await ask(control, '/metrics')).split('\n');
      return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length) ?? 0);
    },
    forget: () => {
      past = events().length;
    },
  };
}

async function ask(socketPath: string, path: string): Promise<string> {
  const [response] = (await once(get({ socketPath, path }), 'response')) as [IncomingMessage];
  return text(response);
}
