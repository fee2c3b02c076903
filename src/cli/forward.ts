import { parseArgs } from 'node:util';
import { Forwarder, UsageError } from '../index.js';
import { type Command, CommandError, DONE, FAILED, type Terminal, WRONG_USE } from './command.js';
import { Printer, type Style } from './print.js';
import { type ReadFile, readConfig } from './yaml.js';

export const forward: Command = {
  summary: "has the ports of a file's routers, and forwards while `run` is away",
  help: `Usage: virtual-router forward [--json] [--quiet] FILE.yaml

Opens the ports of the routers that FILE describes, and forwards by the mapping that
\`virtual-router run FILE.yaml\`, another process, tells it over the socket that
network.forwarder.path names (docs/forwarder.md). It is started before or after that one,
and outlives it: while no router runs it forwards by what it knew, for as long as
network.forwarder.stale says. Runs until SIGINT or SIGTERM; at SIGHUP it goes on with what it
has read.

Prints a line when how it stands with the router changes: waiting (it has never heard the
mapping, and takes no packets), following, stale, expired (it forwards nothing any more).

  --json     each line a JSON object: time, event, network, state, reason, prefixes
  --quiet    no lines but errors
  --help     this text

Exit codes: 0 stopped by a signal, 1 it could not run (a port in use, say), 2 the command
line or FILE is wrong.
`,
  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, quiet: { type: 'boolean' } },
    });
    const [file, more] = positionals;
    if (file === undefined) throw new CommandError('expected the name of a configuration file', WRONG_USE);
    if (more !== undefined) throw new CommandError(`expected one file, got ${more} too`, WRONG_USE);
    const style: Style = values.quiet ? 'quiet' : values.json ? 'json' : 'human';
    return serve(file, terminal, new Printer(terminal.out, style));
  },
};

async function serve(file: string, terminal: Terminal, printer: Printer): Promise<number> {
  const forwarder = assemble(readConfig(file));
  let stop: (why: string) => void = () => {};
  const stopped = new Promise<string>((resolve) => {
    stop = resolve;
  });
  const forget = terminal.onStop(stop);
  // What outlives the router is not ended by who has that one read its file again.
  const forgetReload = terminal.onReload(() =>
    printer.line(Date.now(), { event: 'not-reloaded', file }, `${file} is not read again: start both anew where its ports have changed`),
  );
  forwarder.on('forwarder-change', (event) => {
    const { state, reason, prefixes } = event;
    const words = state === 'following' ? `following the router, ${prefixes} prefixes` : `${state}, ${prefixes} prefixes: ${reason}`;
    printer.line(Date.now(), { event: 'forwarder-change', ...event }, words, state === 'following' ? 'good' : 'bad');
  });
  forwarder.on('capture-failure', (event) => {
    const words = `${event.path}, the capture of port ${event.port}, ends here: ${event.reason}`;
    printer.line(Date.now(), { event: 'capture-failure', ...event }, words, 'bad');
  });
  try {
    await forwarder.start();
    const why = await stopped;
    printer.line(Date.now(), { event: 'stopping', why }, `stopping (${why})`);
    return DONE;
  } catch (error) {
    throw error instanceof UsageError ? new CommandError(error.message, FAILED) : error;
  } finally {
    forgetReload();
    await forwarder.stop();
    forget();
  }
}

function assemble({ config, explain }: ReadFile): Forwarder {
  const [first] = config.routers;
  // A router's own network, or the one that all share.
  const network = config.network ?? first?.config.network;
  const at = config.network ? [] : (first?.path ?? []);
  if (!network?.forwarder)
    throw explain(
      new UsageError('CONFIG_INVALID', 'expected a forwarder, which says where the router is to be reached', [...at, 'network']),
    );
  return new Forwarder({ network, routers: config.routers.map(({ config: router }) => router) });
}
