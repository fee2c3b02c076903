/**
 * Writes what of `docs/` follows from the code: the JSON Schema of a configuration file and the page of its fields.
 * `npm run docs`; a test fails where they are not current.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { fileSchema } from '../src/cli/file.js';
import { IN_CODE } from '../src/router/policy-shape.js';

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
  return { 'router.schema.json': `${JSON.stringify(schema, null, 2)}\n`, 'config.md': page(schema) };
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
