import type { VirtualNetwork } from '../core.js';
import type { Command } from './command.js';
import { Printer } from './print.js';
import { readArgs, serve } from './run.js';

export const watch: Command = {
  summary: 'runs as `run` does and prints every change of the mapping as it happens',
  help: `Usage: virtual-router watch [--json] [--quiet] [--control SOCKET] FILE.yaml

Runs the router, or the routers, of FILE as \`virtual-router run\` does. On standard output
stands one line for each change of where an address is reached: the time, the prefix, from
whom to whom, why, and the milliseconds from the message that brought it about to the
forwarding table that had it. What \`run\` prints goes to standard error.

  --json     each change a JSON object: time, seq, prefix, before, after, cause, merged,
             heard, decided, applied (milliseconds since 1970), ms
  --quiet    nothing on standard error but errors
  --control SOCKET, --control-token-file FILE
             as \`virtual-router run\`
  --help     this text

Exit codes: as \`virtual-router run\`.
`,
  async run(args, terminal) {
    const { file, style, control } = readArgs(args);
    const changes = new Printer(terminal.out, style === 'json' ? 'json' : 'human');
    const follow = (network: VirtualNetwork): (() => void) => {
      network.on('mapping-change', (event) => {
        for (const change of event.changes) changes.change(change);
      });
      return () => {};
    };
    return serve(file, terminal, new Printer(terminal.err, style), follow, control);
  },
};
