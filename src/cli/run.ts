import { parseArgs } from 'node:util';
import type { Clock, VirtualNetwork as CoreNetwork } from '../core.js';
import { nodeCompiler, nodeHost, type Position, rehearse, UsageError, VirtualNetwork, VirtualRouter } from '../index.js';
import { type Command, CommandError, DONE, FAILED, type Terminal, WRONG_USE } from './command.js';
import { answerQuestions, CONTROL_OPTIONS, type ControlPlace, controlPlace } from './control.js';
import { Printer, type Style } from './print.js';
import { reload } from './reload.js';
import { report, reportNetwork } from './report.js';
import { type ReadFile, readConfig } from './yaml.js';

/** How often `run` looks what moved. It reads the journal instead of listening, so that a full table costs it nothing. */
const LOOK_EVERY = 250;
/** More changes than these, at one look, are counted and not named. */
const NAMED = 10;

export const run: Command = {
  summary: 'runs the router, or routers, that a YAML file describes',
  help: `Usage: virtual-router run [--json] [--quiet] [--control SOCKET] FILE.yaml

Runs the router, or the routers of one network, that FILE describes (docs/config.md) until
SIGINT or SIGTERM; neighbours are then told by a Cease, administrative shutdown. A second
signal does not wait for them. At SIGHUP FILE is read again and what it says now is done:
policies, exports, grants, nodes and ports in place, a neighbour whose session parameters
changed by starting it anew; a file that is wrong changes nothing. With network.forwarder
in FILE the ports are in the process of \`virtual-router forward FILE.yaml\`.

Prints a line when it listens, for each session that comes up, goes down or cannot come up,
for refused claims and whatever else is amiss, and for what moved: each change while they
are few, else how many.

  --json     each line a JSON object: time, event, and what belongs to it
  --quiet    no lines but errors
  --control SOCKET
             answer /metrics, /status and /why there: the path of a UNIX socket, which is its
             owner's alone, or ADDRESS:PORT. Off without. Away from loopback it takes a token
  --control-token-file FILE
             the token, for Authorization: Bearer (or VIRTUAL_ROUTER_CONTROL_TOKEN)
  --help     this text

A full disk under standard output, or a pipe whose reader does not keep up, stops nothing:
that lines are missing is said on standard error, once. A terminal that is stopped (^S) does
stop it; BFD goes on.

Exit codes: 0 stopped by a signal, or nobody read its lines any more, 1 it could not run (a
port in use, say), or lines of it could not be written, 2 the command line or FILE is wrong;
the line then names the field: FILE:12:7: network.grants[3].prefix: ...
`,
  async run(args, terminal) {
    const { file, style, control } = readArgs(args);
    const printer = new Printer(terminal.out, style);
    return serve(file, terminal, printer, (network) => (printer.quiet ? () => {} : followJournal(network, printer)), control);
  },
};

/** Reads the options that `run` and `watch` share. */
export function readArgs(args: readonly string[]): { file: string; style: Style; control: ControlPlace | undefined } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...CONTROL_OPTIONS, json: { type: 'boolean' }, quiet: { type: 'boolean' } },
  });
  const [file, more] = positionals;
  if (file === undefined) throw new CommandError('expected the name of a configuration file', WRONG_USE);
  if (more !== undefined) throw new CommandError(`expected one file, got ${more} too`, WRONG_USE);
  return { file, style: values.quiet ? 'quiet' : values.json ? 'json' : 'human', control: controlPlace(values) };
}

/** Once a process. */
let rehearsed: Promise<void> | undefined;

/** Runs a file's routers until told to stop. `follow` is shown the network and returns a way to end it. */
export async function serve(
  file: string,
  terminal: Terminal,
  printer: Printer,
  follow: (network: CoreNetwork) => () => void,
  control?: ControlPlace,
): Promise<number> {
  const read = readConfig(file);
  let stop: (why: string) => void = () => {};
  const stopped = new Promise<string>((resolve) => {
    stop = resolve;
  });
  const forget = terminal.onStop(stop);
  // Before anything real is made: what is made later has the shapes that the engine has compiled for.
  if (!terminal.cold) {
    const clock = nodeHost().clock;
    let over = false;
    // Who is told to stop meanwhile does: no act follows.
    const acts: Clock = {
      now: () => clock.now(),
      at: (when, call) => clock.at(when, call),
      defer: (call) => clock.defer(() => void (over || call())),
    };
    rehearsed ??= rehearse(acts, {
      ospf: read.config.routers.some(({ config }) => (config.ospf ?? []).length > 0),
      compiler: nodeCompiler,
    });
    const why = await Promise.race([rehearsed, stopped]);
    if (why !== undefined) {
      over = true;
      rehearsed = undefined;
      forget();
      printer.line(Date.now(), { event: 'stopping', why }, `stopping (${why})`);
      return DONE;
    }
  }
  const { network, routers } = assemble(read);
  let stopping = false;
  for (const router of routers) report(router, printer, () => stopping);
  if (!printer.quiet) reportNetwork(network, printer);
  const unfollow = follow(network);
  let unanswer = async (): Promise<void> => {};
  let began = (): void => {};
  let reloading = new Promise<void>((resolve) => {
    began = resolve;
  });
  // From the beginning, or the signal would be the process's end.
  const forgetReload = terminal.onReload(() => {
    reloading = reloading.then(() => readAgain(file, read.config.network && network, routers, terminal, printer));
  });
  try {
    if (control) unanswer = await answerQuestions(control, routers);
    for (const [i, router] of routers.entries()) {
      await started(router);
      const { listen = [], ports = [], neighbours = [] } = read.config.routers[i]?.config ?? {};
      // One that listens says where.
      if (listen.length > 0) continue;
      const words = `running (${router.name}): ${count(ports, 'port')}, ${count(neighbours, 'neighbour')}, listening nowhere on the host`;
      printer.line(Date.now(), { event: 'running', router: router.name }, words);
    }
    began();
    const why = await stopped;
    stopping = true;
    await reloading;
    printer.line(Date.now(), { event: 'stopping', why }, `stopping (${why})`);
    return DONE;
  } finally {
    forgetReload();
    await unanswer();
    await Promise.all(routers.map((router) => router.stop()));
    await network.close();
    unfollow();
    forget();
  }
}

function assemble({ config, explain }: ReadFile): { network: CoreNetwork; routers: readonly VirtualRouter[] } {
  const shared = config.network && new VirtualNetwork(config.network);
  const routers = config.routers.map(({ config: router, path }) => {
    try {
      return new VirtualRouter(router, shared ? { network: shared } : {});
    } catch (error) {
      throw error instanceof UsageError ? explain(error, [...path, ...error.path]) : error;
    }
  });
  const network: CoreNetwork | undefined = shared ?? routers[0]?.network;
  if (!network) throw new Error('a file without routers was accepted');
  return { network, routers };
}

async function started(router: VirtualRouter): Promise<void> {
  try {
    await router.start();
  } catch (error) {
    throw error instanceof UsageError ? new CommandError(error.message, FAILED) : error;
  }
}

/** Does what the file says now, and says what that was. */
async function readAgain(
  file: string,
  shared: CoreNetwork | undefined,
  routers: readonly VirtualRouter[],
  terminal: Terminal,
  printer: Printer,
): Promise<void> {
  try {
    const { applied, restarted } = await reload(readConfig(file), shared, routers);
    const words = [...applied, ...restarted.map((one) => `${one} started anew`)];
    printer.line(
      Date.now(),
      { event: 'reloaded', applied, restarted },
      `read again: ${words.length > 0 ? words.join('; ') : 'nothing changed'}`,
    );
  } catch (error) {
    terminal.err.write(`virtual-router: not read again: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function count(things: readonly unknown[], name: string): string {
  return `${things.length} ${name}${things.length === 1 ? '' : 's'}`;
}

/** Prints what moved since the last look, in words while it is little. */
function followJournal(network: CoreNetwork, printer: Printer): () => void {
  let seen: Position = network.position;
  const look = (): void => {
    const { position } = network;
    const moved = position.seq - seen.seq;
    if (moved === 0) return;
    const since = moved <= NAMED ? network.changesSince(seen) : undefined;
    if (since?.type === 'changes') {
      for (const entry of since.changes) if (entry.type === 'mapping-change') printer.change(entry);
    } else {
      printer.line(
        Date.now(),
        { event: 'mapping-changes', count: moved, prefixes: network.size },
        `${moved} changes, ${network.size} prefixes mapped`,
      );
    }
    seen = position;
  };
  const timer = setInterval(look, LOOK_EVERY);
  return () => {
    clearInterval(timer);
    look();
  };
}
