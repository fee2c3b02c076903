import { parseArgs } from 'node:util';
import { formatWhy, type Why } from '../index.js';
import { allVisible, type Command, CommandError, DONE, FAILED, WRONG_USE } from './command.js';
import { askRouter, CONTROL_HELP, CONTROL_OPTIONS } from './control.js';

export const why: Command = {
  summary: 'asks a running router why a node has a prefix, or has it not',
  help: `Usage: virtual-router why PREFIX --node NAME --control SOCKET [--json]

Asks the router that runs with the same --control why the node NAME holds PREFIX, lost it,
is refused it, or does not claim it. The codes are those of docs/guests.md.

  --node NAME                  whom it is about
${CONTROL_HELP}
  --json                       the whole answer, as JSON
  --help                       this text

Exit codes: 0 the node holds it, 1 it does not, or no router answers, 2 the command line is wrong.
`,
  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...CONTROL_OPTIONS, node: { type: 'string' }, json: { type: 'boolean' } },
    });
    const [prefix, more] = positionals;
    if (prefix === undefined || more !== undefined) throw new CommandError('expected one prefix', WRONG_USE);
    if (values.node === undefined) throw new CommandError('expected --node NAME', WRONG_USE);
    const query = new URLSearchParams({ prefix, node: values.node });
    const answer = await askRouter<Why>(values, `/why?${query.toString()}`);
    terminal.out.write(values.json ? `${JSON.stringify(answer)}\n` : `${formatWhy(allVisible(answer))}\n`);
    return answer.outcome === 'holds' ? DONE : FAILED;
  },
};
