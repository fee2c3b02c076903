/** Where `run` answers questions, and `why` and `status` ask them. */
import { readFileSync } from 'node:fs';
import { askControl, type ControlEndpoint, type RouterMetrics, renderPrometheus, UsageError, type VirtualRouter } from '../index.js';
import { type ControlAnswers, type ControlServer, openControl } from '../io/control.js';
import { systemReason } from '../io/system-error.js';
import { CommandError, FAILED, WRONG_USE } from './command.js';

/** Options that all have. */
export const CONTROL_OPTIONS = { control: { type: 'string' }, 'control-token-file': { type: 'string' } } as const;
/** What they are, for those who ask. */
export const CONTROL_HELP = `\
  --control SOCKET             the path of a UNIX socket, or ADDRESS:PORT
  --control-token-file FILE    the token (or the variable VIRTUAL_ROUTER_CONTROL_TOKEN)`;
/** The environment's token, where no file is named. */
const TOKEN = 'VIRTUAL_ROUTER_CONTROL_TOKEN';

/** A control socket as the command line names it: `/run/router.sock`, `127.0.0.1:9179`, `[::1]:9179`. */
export interface ControlPlace {
  readonly endpoint: ControlEndpoint;
  readonly token?: string;
}

/** What `/status` answers. */
export interface Status {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly routers: readonly RouterMetrics[];
}

interface ControlValues {
  readonly control?: string;
  readonly 'control-token-file'?: string;
}

/** Asks the router that runs with the same options; its answer. Throws a `CommandError` where none answers, or it says that the question is wrong. */
export async function askRouter<T>(values: ControlValues, url: string): Promise<T> {
  const place = controlPlace(values);
  if (!place) throw new CommandError('expected --control SOCKET, as the router was started with', WRONG_USE);
  let answer: string;
  try {
    answer = await askControl(place.endpoint, url, place.token);
  } catch (error) {
    throw error instanceof UsageError ? new CommandError(error.message, FAILED) : error;
  }
  try {
    return JSON.parse(answer) as T; // as the path is answered
  } catch {
    throw new CommandError('what answers there is no virtual router', FAILED);
  }
}

export function controlPlace(values: ControlValues): ControlPlace | undefined {
  const { control, 'control-token-file': file } = values;
  if (control === undefined) {
    if (file !== undefined) throw new CommandError('expected --control beside --control-token-file', WRONG_USE);
    return undefined;
  }
  const token = file === undefined ? process.env[TOKEN] : readToken(file);
  const tcp = /^(?:\[([0-9a-f:]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d{1,5})$/i.exec(control);
  const endpoint = tcp ? { address: tcp[1] ?? tcp[2] ?? '', port: Number(tcp[3]) } : { path: control };
  if ('path' in endpoint && !endpoint.path.includes('/'))
    throw new CommandError(
      `expected the path of a socket (with a /), or an address and a port such as 127.0.0.1:9179, got ${control}`,
      WRONG_USE,
    );
  return token === undefined ? { endpoint } : { endpoint, token };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${systemReason(error)}`, WRONG_USE);
  }
}

/** Answers for running routers until the returned function is called. */
export async function answerQuestions(place: ControlPlace, routers: readonly VirtualRouter[]): Promise<() => Promise<void>> {
  try {
    const refused = (): ControlServer['refused'] => server.refused;
    const server = await openControl({ ...place, answers: answersOf(routers, refused) });
    return () => server.close();
  } catch (error) {
    throw error instanceof UsageError ? new CommandError(error.message, error.code === 'CONTROL_REFUSED' ? WRONG_USE : FAILED) : error;
  }
}

function answersOf(routers: readonly VirtualRouter[], refused: () => ControlServer['refused']): ControlAnswers {
  return {
    '/metrics': () => renderPrometheus(routers.map((router) => router.metrics())) + refusalsOf(refused()),
    '/status': (): Status => ({ at: Date.now(), routers: routers.map((router) => router.metrics()) }),
    '/why': (query) => {
      const [prefix, node] = [query.get('prefix'), query.get('node')];
      if (!prefix || !node) throw new UsageError('CONFIG_INVALID', 'expected a prefix and a node');
      const [router] = routers;
      if (!router) throw new Error('no router to ask');
      return router.why(
        prefix,
        node,
        routers.flatMap((each) => each.neighbours()),
      );
    },
  };
}

function refusalsOf(refused: ControlServer['refused']): string {
  const name = 'virtual_router_control_refused_total';
  const samples = Object.entries(refused).map(([reason, count]) => `${name}{reason="${reason}"} ${count}`);
  if (samples.length === 0) return '';
  return [
    `# HELP ${name} Questions to the control socket that were not answered, by reason.`,
    `# TYPE ${name} counter`,
    ...samples,
    '',
  ].join('\n');
}
