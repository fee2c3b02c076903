/**
 * Records `test/captures/`: sessions between real BGP and OSPF daemons in network namespaces, each a pcap with a note of three lines beside it.
 *
 *   npx tsx scripts/record-captures.ts [PART OF A NAME]...
 *
 * Needs root, the daemons (`npm run interop:install`) and tshark, which says whether a capture holds what its note promises. Without
 * names all are recorded again, which takes some minutes. With `--notes` nothing is recorded: the notes are written again.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { daemonsPresent } from '../test/interop/support/daemons.js';
import { Lab } from '../test/interop/support/lab.js';
import { canonical, messagesOf } from './captures/octets.js';
import { ospfNote } from './captures/ospf-octets.js';
import { ospfRecordings } from './captures/ospf-recordings.js';
import { type Recording, recordings } from './captures/recordings.js';

const folder = fileURLToPath(new URL('../test/captures/', import.meta.url));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const notesOnly = process.argv.includes('--notes');

async function main(): Promise<void> {
  const { obstacle, absent } = daemonsPresent();
  if ((obstacle !== undefined || absent.length > 0) && !notesOnly)
    throw new Error(obstacle ?? `${absent.map(({ name }) => name).join(', ')}: not installed`);
  const chosen = [...recordings, ...ospfRecordings].filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  for (const recording of chosen) {
    try {
      if (!notesOnly) await record(recording);
      writeFileSync(join(folder, `${recording.name}.txt`), `${note(recording)}\n`);
      console.log(`${recording.name}: ${statSync(join(folder, `${recording.name}.pcap`)).size} octets`);
    } catch (error) {
      process.exitCode = 1;
      console.error(`${recording.name}: ${error instanceof Error ? error.message.split('\n---')[0] : String(error)}`);
    }
  }
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  console.log(`${sizes.reduce((sum, size) => sum + size, 0)} octets in all`);
}

async function record(recording: Recording): Promise<void> {
  const lab = await Lab.create();
  try {
    const one = await lab.node('one');
    const other = await lab.node('other');
    const file = join(one.directory, 'capture.pcap');
    // Before anyone speaks, so that the OPENs are in.
    const tcpdump = lab.spawn(
      one,
      'tcpdump',
      ['-i', 'eth0', '-s', '0', '-B', '65536', '-U', '--immediate-mode', '-Z', 'root', '-w', file, recording.filter ?? 'tcp port 179'],
      {
        name: 'tcpdump',
      },
    );
    await lab.answers(tcpdump, () => tcpdump.output().includes('listening on'));
    await recording.record({ lab, one, other });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await tcpdump.kill('SIGINT');
    for (const filter of recording.proof) prove(file, filter);
    // Throws where tcpdump missed something.
    const directions = recording.filter === undefined ? messagesOf(readFileSync(file)) : [];
    if (recording.longest !== undefined) {
      const longest = Math.max(...directions.flatMap(({ messages }) => messages.map(({ length }) => length)));
      if (longest < recording.longest) throw new Error(`the longest message has ${longest} octets`);
    }
    const temporary = join(folder, `.${recording.name}.pcap`);
    execFileSync('cp', [file, temporary]);
    renameSync(temporary, join(folder, `${recording.name}.pcap`));
  } finally {
    await lab.dispose();
  }
}

/** Throws where tshark finds nothing for a filter. */
function prove(file: string, filter: string): void {
  const frames = execFileSync('tshark', ['-r', file, '-Y', filter, '-T', 'fields', '-e', 'frame.number'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (frames.trim() === '') {
    const copy = join(tmpdir(), 'virtual-router-unproved.pcap');
    rmSync(copy, { force: true });
    if (existsSync(file)) execFileSync('cp', [file, copy]);
    throw new Error(`tshark finds nothing for "${filter}" (the capture is kept as ${copy})`);
  }
}

/** What it holds, how it was made, and whether our encoder writes the same octets. */
function note({ name, holds, filter }: Recording): string {
  if (filter !== undefined) return [holds, ...ospfNote(readFileSync(join(folder, `${name}.pcap`)))].join('\n');
  const directions = messagesOf(readFileSync(join(folder, `${name}.pcap`)));
  const made =
    'Recorded by scripts/record-captures.ts with tcpdump between daemons of Debian 12 in network namespaces (BIRD 2.0.12, FRR 8.4.4, GoBGP 3.10, ExaBGP 4.2.21, OpenBGPD 7.7); TCP checksums are left to the (virtual) hardware and so are not right.';
  return [holds, made, canonical(directions)].join('\n');
}

await main();
