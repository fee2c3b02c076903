import { readFileSync } from 'node:fs';
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLParseError,
  type YAMLWarning,
} from 'yaml';
import { systemReason } from '../io/system-error.js';
import { UsageError } from '../lib/errors.js';
import type { Path } from '../lib/validate.js';
import { CommandError, WRONG_USE } from './command.js';
import { checkFile, type FileConfig } from './file.js';

/** What aliases may come to in however short a file. */
const FEW_ALIASES = 1000;

/** A configuration file, read and checked. */
export interface ReadFile {
  readonly config: FileConfig;
  /** The error of `path` (in the file) in one line, with where that stands: `FILE:12:7: network.grants[3].prefix: expected ...`. */
  explain(error: UsageError, path?: Path): CommandError;
}

/** Reads a configuration file. Throws a `CommandError` of one line for whatever is wrong with it. */
export function readConfig(file: string): ReadFile {
  const text = readText(file);
  const lines = new LineCounter();
  // What it would warn of, we say ourselves.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: 'error' });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const explain = (error: UsageError, path: Path = error.path): CommandError =>
    new CommandError(`${at(placeOf(document, path))}: ${error.message}`, WRONG_USE);
  // A tag that nobody knows is only a warning there, but its value would be another than what was meant: `!env NAME` the text NAME.
  const [broken] = [...document.errors, ...document.warnings];
  if (broken)
    throw new CommandError(
      `${at(broken.pos[0])}: ${sentenceOf(broken)}${openedAt(document, text, broken.pos[0], lines)}${hintOf(text, lines, broken.pos[0])}`,
      WRONG_USE,
    );
  const unread = text.indexOf('\ufffd');
  if (unread >= 0) throw new CommandError(`${at(unread)}: expected UTF-8`, WRONG_USE);
  try {
    // A file of many neighbours may say `*defaults` as often as it has room for; what multiplies by itself is longer than that.
    return { config: checkFile(toValue(document, Math.max(FEW_ALIASES, text.length), at)), explain };
  } catch (error) {
    throw error instanceof UsageError ? explain(error) : error;
  }
}

/** The parser's words, but those that are for who calls it. */
function sentenceOf({ code, message }: YAMLParseError | YAMLWarning): string {
  if (code === 'MULTIPLE_DOCS') return 'expected one document, got another after ---';
  return message.replace(/\s+/g, ' ');
}

/** Where the text, list or object that does not end begins: the parser names the end of the file, or whatever is next. */
function openedAt(document: Document.Parsed, text: string, end: number, lines: LineCounter): string {
  let begin: number | undefined;
  visit(document, {
    Node: (_, { range }) => {
      if (range && range[0] < end && range[1] === end && /["'[{]/.test(text[range[0]] ?? '')) begin = range[0];
    },
  });
  if (begin === undefined) return '';
  const { line, col } = lines.linePos(begin);
  return `; it begins at ${line}:${col}`;
}

/** What is written in a line that does not read, and would read a little otherwise. */
function hintOf(text: string, lines: LineCounter, offset: number): string {
  const start = lines.lineStarts[lines.linePos(offset).line - 1] ?? 0;
  const [line = ''] = /^.*/.exec(text.slice(start)) ?? [];
  if (/^\s*-[^\s-]/.test(line)) return '; a space goes after -';
  if (/^\s*(- )?[A-Za-z]+:[^\s:]/.test(line)) return '; a space goes after the colon of a field';
  if (/(^|[\s,[{])[0-9a-f:]*::(?=[\s,\]}]|$)/i.test(line)) return '; an address that ends with a colon goes in quotes';
  return '';
}

function readText(file: string): string {
  try {
    // An editor's byte order mark is no part of the first line.
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new CommandError(`${file}: ${systemReason(error)}`, WRONG_USE);
  }
}

function toValue(document: Document.Parsed, maxAliasCount: number, at: (offset: number) => string): unknown {
  try {
    // A file of nothing but comments is null to YAML.
    return document.toJS({ maxAliasCount }) ?? undefined;
  } catch (error) {
    // Aliases that multiply, or that name nothing.
    throw new CommandError(
      `${at(unresolved(document)?.range?.[0] ?? 0)}: ${error instanceof Error ? error.message : String(error)}`,
      WRONG_USE,
    );
  }
}

/** The first alias that names nothing. */
function unresolved(document: Document.Parsed): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

/** Offset of the field that `path` leads to, or of the innermost thing on the way that is there. */
function placeOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let place = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === String(step));
      if (!pair) return place;
      if (isNode(pair.key)) place = pair.key.range?.[0] ?? place;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (!isNode(node)) return place;
      place = node.range?.[0] ?? place;
    } else return place;
  }
  return place;
}
