import { readFileSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLParseError,
  type YAMLWarning,
} from 'yaml';
import { UsageError } from '../lib/errors.js';
import type { Path } from '../lib/validate.js';
import { CommandError, reasonOf, WRONG_USE } from './command.js';
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
  if (broken) throw new CommandError(`${at(broken.pos[0])}: ${sentenceOf(broken)}`, WRONG_USE);
  try {
    // A file of many neighbours may say `*defaults` as often as it has room for; what multiplies by itself is longer than that.
    return { config: checkFile(toValue(document, Math.max(FEW_ALIASES, text.length), at(0))), explain };
  } catch (error) {
    throw error instanceof UsageError ? explain(error) : error;
  }
}

/** The parser's words, but those that are for who calls it. */
function sentenceOf({ code, message }: YAMLParseError | YAMLWarning): string {
  if (code === 'MULTIPLE_DOCS') return 'expected one document, got another after ---';
  return message.replace(/\s+/g, ' ');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file}: ${reasonOf(error)}`, WRONG_USE);
  }
}

function toValue(document: Document.Parsed, maxAliasCount: number, at: string): unknown {
  try {
    return document.toJS({ maxAliasCount });
  } catch (error) {
    // Aliases that multiply, or that name nothing.
    throw new CommandError(`${at}: ${error instanceof Error ? error.message : String(error)}`, WRONG_USE);
  }
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
