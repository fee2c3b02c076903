/**
 * Writes what of `docs/` follows from the code: the JSON Schema of a configuration file and the page of its fields.
 * `npm run docs`; a test fails where they are not current.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { inOrder } from '../src/bgp/wire/attributes/table.js';
import { VERDICTS, verdictSentence } from '../src/claims/reasons.js';
import { fileSchema } from '../src/cli/file.js';
import { IN_CODE } from '../src/router/policy-shape.js';
import { SESSION_REFUSALS } from '../src/router/session-refusals.js';
import { brokenUpdates, malformed, missing, odd } from '../test/bgp/wire/malformed.js';
import { EVERY_LIMIT } from '../test/limits.js';

/** As much of JSON Schema as zod writes. */
interface Schema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | boolean;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** Each file of `docs/` with what it should hold. */
export function documents(): Readonly<Record<string, string>> {
  const schema = forFiles(z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' })) as Schema;
  return {
    'router.schema.json': `${JSON.stringify(schema, null, 2)}\n`,
    'config.md': page(schema),
    'malformed.md': malformedPage(),
    'guests.md': guestsPage(),
    'limits.md': limitsPage(),
  };
}

/** What a guest may do, and how it is told what became of it. */
function guestsPage(): string {
  const reasons = VERDICTS.map((code, number) => `| ${number} | \`${code}\` | ${verdictSentence(code)} |`);
  const refusals = Object.entries(SESSION_REFUSALS).map(([reason, sentence]) => `| \`${reason}\` | ${sentence} |`);
  return [
    '# Guests',
    'How a guest learns what became of what it said, and what it may use up. The tables are written by `npm run docs` from the code; `test/router/reasons.test.ts` reaches every reason and every limit has its test in [limits.md](limits.md).',
    '## What became of a claim',
    'A claim is accepted, or refused for one of these reasons. The numbers are stable: reasons are only ever added at the end.',
    ['| number | reason | |', '| --- | --- | --- |', ...reasons].join('\n'),
    'The guest hears of it in four ways:',
    [
      "- **Sent back** (`tellVerdicts: true` of its neighbour): each of its first 4,096 claims of an address family comes back to it with the large communities `<router's AS>:1001:<number of the reason>` and `<router's AS>:1002:<1 where it holds the prefix, else 0>`, with NO_ADVERTISE, MED 4294967295 and (inside an AS) LOCAL_PREF 0. The guest's own route goes before it; a guest that installs what it hears should reject routes with these communities. Where another's route to the prefix is told to the guest, that route stands alone, unless several paths are sent (RFC 7911).",
      '- **In the NOTIFICATION** that ends a session: the code and subcode, and the text of `shutdown` (RFC 9003).',
      '- **By its operator**: `virtual-router why PREFIX --node NAME --control SOCKET` asks a router that runs with the same `--control`; a program calls `router.why(prefix, node)`.',
      '- **By the program** around the router: `claim-rejected`, `limit-reached`, `session-refused`, `message-malformed`, and `explain()`.',
    ].join('\n'),
    '`why` answers `holds`; `lost` with the step of the decision; `refused` with a reason of the table; or `not-claimed` with `no-session` (no session of the node is established, and why the last one ended), `over-limit` (a limit keeps routes out) or `not-announced`.',
    "A guest can ask for a preference within the bounds of its grant, by the large community `<router's AS>:1000:<preference>`.",
    '## Limits',
    'Each neighbour has limits (`limits:`) of prefixes, attribute sets, memory, communities, updates a second, octets unread in either direction, connections a minute and half-open sessions; [limits.md](limits.md) has each with its default, and all other limits. Near a limit (`warnAt`, 0.8 of it) and at it there is one `limit-reached`; use, limit and excess are in `neighbours()` and the metrics.',
    'Prefixes count once, however often they are announced and by however many paths; refused ones count too, as they are kept. An attribute set is on the account of the guest that brought it first. What is not taken in because of a limit is asked for again (RFC 2918) when the limit is raised. `exceeded` says whether the excess is kept out (`refuse`), only reported (`warn`), or ends the session (`shutdown`: Cease, Maximum Number of Prefixes Reached or Out of Resources).',
    'A guest that sends without end is read for 2 ms times its `weight`, then everybody else that has something to say, or is due to hear something, has a turn.',
    '## Why a connection is turned away',
    '`session-refused` says why, and `virtual_router_connections_refused_total` counts; `test/router/refused.test.ts` reaches each. `too-many-attempts` is answered with a reset and told once until one is let in again, `connection-collision` with the NOTIFICATION Cease, Connection Collision Resolution, the others with Cease, Connection Rejected.',
    ['| reason | |', '| --- | --- |', ...refusals].join('\n'),
  ]
    .join('\n\n')
    .concat('\n');
}

/** Every limit, by whose it is, from the rows that a test holds to the code. */
function limitsPage(): string {
  const sections = EVERY_LIMIT.map(([heading, about, limits]) => {
    const rows = limits.map(({ name, configured, otherwise, beyond, reason, metric, test: [file] }) => {
      const cells = [
        configured ? `\`${name}\`` : name,
        otherwise,
        beyond,
        reason === undefined ? 'nothing is refused' : `\`${reason}\``,
        metric === undefined ? 'none' : `\`${metric}\``,
        `\`${file}\``,
      ];
      return `| ${cells.join(' | ')} |`;
    });
    const head = ['| limit | default | beyond it | reason | metric | test |', '| --- | --- | --- | --- | --- | --- |'];
    return `## ${heading}\n\n${about}\n\n${[...head, ...rows].join('\n')}`;
  });
  return [
    '# Limits',
    "What strangers may use up: every limit, what it is unless configured, what happens beyond it, what that is told as, the metric that counts it, and the test that reaches it. Written by `npm run docs` from `test/limits.ts`; `test/limits.test.ts` holds the rows to the code. What passes between a router and its own forwarder is no stranger's, and not listed.",
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

/** What becomes of malformed UPDATEs, by the rows of the attribute table and the examples that the tests run. */
function malformedPage(): string {
  const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
    [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  const examples = malformed.map(([name, bytes, remedy, subcode, context]) => ({
    name,
    remedy,
    subcode,
    code: Number.parseInt(bytes.slice(3, 5), 16),
    from: context?.peerType === 'internal' ? 'inside' : 'outside',
  }));
  const known = new Set(inOrder.map(({ attribute }) => attribute.code));
  const rows = (of: typeof examples): string =>
    table(
      ['malformed', 'from', 'remedy', 'NOTIFICATION'],
      of.map(({ name, from, remedy, subcode }) => [name, from, remedy, remedy === 'reset-session' ? `3/${subcode}` : '']),
    );
  const overall = /twice|beyond the end|lone octet$|half a long/;
  const sections = inOrder.map(({ attribute: { code, name, malformedBy, ifMalformed } }) => {
    const remedies = [...new Set([ifMalformed.external, ifMalformed.internal])];
    const said = remedies.length === 1 ? remedies[0] : `${ifMalformed.external} from outside, ${ifMalformed.internal} from inside`;
    return `### ${name} (${code})\n\n${malformedBy}: ${said}. Wrong flags: RFC 7606 §3 c.\n\n${rows(examples.filter((one) => one.code === code && !overall.test(one.name)))}`;
  });
  return [
    '# Malformed UPDATEs',
    'What becomes of an UPDATE that is malformed (RFC 7606). Written by `npm run docs` from the attribute table and from the examples in `test/bgp/wire/malformed.ts`; `test/bgp/wire/attributes.test.ts` and `messages.test.ts` run each of them through the codec and through the scan of the hot path, `test/router/malformed.test.ts` through a session of a router, octets of the NOTIFICATION included; every row has an example for each of its remedies.',
    'The strongest remedy of an UPDATE counts: *discard-attribute* leaves the attribute out, *treat-as-withdraw* withdraws the prefixes that the UPDATE announces, *disable-family* gives up the address family, *reset-session* ends the session with the NOTIFICATION that is named. The first three leave the session up; the last two of them are told by `message-malformed`. The data of the NOTIFICATION is the attribute, whole, but for 3/1 and 3/10, which have none (RFC 4271 §6.3); it is cut where it would not fit the message.',
    "What is well-formed and still wrong - our own AS number, AS_SETs (RFC 9774), AS 23456, a next hop that is not the guest's, a martian prefix - is a claim that is refused with a reason: see [guests.md](guests.md).",
    '## The UPDATE',
    table(
      ['malformed', 'remedy', 'NOTIFICATION', 'by'],
      [
        ...brokenUpdates.map(([name, , subcode, rfc]) => [name, 'reset-session', `3/${subcode}`, rfc]),
        ...missing.map(([name]) => [`prefixes without ${name}`, 'treat-as-withdraw', '', 'RFC 7606 §3 d']),
      ],
    ),
    '## The list of attributes',
    rows(examples.filter(({ name, code }) => overall.test(name) || !known.has(code))),
    'A next hop of the wrong size in MP_REACH_NLRI leads to *disable-family* (RFC 7606 §7.11), as its NLRI cannot be found.',
    '## What is no error',
    'These are taken, as what they stand for. What is announced in an address family that was not agreed on is left unread, whatever it is; routes of the others are untouched by it.',
    table(
      ['odd', 'by'],
      odd.map(([name, , rfc]) => [name, rfc]),
    ),
    '## Attribute by attribute',
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

/** Without what only a program can give, and without bounds that say no more than "a whole number". */
function forFiles(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((entry) => (entry as Schema | null)?.title !== IN_CODE).map(forFiles);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, bound]) => typeof bound !== 'number' || Math.abs(bound) !== Number.MAX_SAFE_INTEGER);
  const { anyOf, ...rest } = Object.fromEntries(kept.map(([key, entry]) => [key, forFiles(entry)])) as { anyOf?: Schema[] };
  if (anyOf === undefined) return rest;
  return anyOf.length === 1 ? { ...anyOf[0], ...rest } : { ...rest, anyOf };
}

function page(schema: Schema): string {
  const sections = Object.entries(schema.$defs ?? {}).map(([name, part]) => section(name, part));
  return [
    '# Configuration',
    'A file is YAML (or JSON, which is YAML). It holds either one [router](#router), or, for several routers of one network, a [file](#file) with `network` and `routers`. A program gives the same objects to `new VirtualRouter(config)`; what it may give besides is a function where a list of rules stands.',
    'Fields in **bold** must be there. A field that is not listed here is an error. Editors that know JSON Schema can check a file as it is written: begin it with',
    '```yaml\n# yaml-language-server: $schema=./node_modules/virtual-router/docs/router.schema.json\n```',
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

function section(name: string, part: Schema): string {
  const rows = Object.entries(part.properties ?? {}).map(([field, schema]) => {
    const shown = part.required?.includes(field) ? `**\`${field}\`**` : `\`${field}\``;
    return `| ${shown} | ${kind(schema).replaceAll('|', '\\|')} | ${(schema.description ?? '').replaceAll('|', '\\|')} |`;
  });
  return [`## ${name}`, part.description ?? '', ['| field | what | meaning |', '| --- | --- | --- |', ...rows].join('\n')].join('\n\n');
}

/** What may stand in a field, in a few words. */
function kind(schema: Schema): string {
  const named = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '')?.[1];
  if (named) return `[${named}](#${named.toLowerCase()})`;
  if (schema.title) return schema.title;
  if (schema.anyOf) return [...new Set(schema.anyOf.map(kind))].join(', or ');
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => kind({ type })).join(', or ');
  switch (schema.type) {
    case 'array':
      if (schema.prefixItems) return `[${schema.prefixItems.map(kind).join(', ')}]`;
      return `list of ${typeof schema.items === 'object' && Object.keys(schema.items).length > 0 ? kind(schema.items) : 'rules'}`;
    case 'object':
      return typeof schema.additionalProperties === 'object' ? `named: ${kind(schema.additionalProperties)}` : 'object';
    case 'integer':
    case 'number':
      return number(schema);
    case 'boolean':
      return 'true or false';
    default:
      return 'text';
  }
}

function number({ type, minimum, maximum }: Schema): string {
  const what = type === 'integer' ? 'whole number' : 'number';
  if (minimum === undefined) return what;
  return maximum === undefined ? `${what} from ${minimum}` : `${what}, ${minimum} to ${maximum}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL('../docs/', import.meta.url);
  for (const [name, text] of Object.entries(documents())) writeFileSync(new URL(name, folder), text);
}
