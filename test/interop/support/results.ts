/** The table of peers by feature, as the last run found it: `RESULTS.json`, from which the README's table is made. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DaemonName } from './daemon.js';

const FILE = fileURLToPath(new URL('../RESULTS.json', import.meta.url));
const LOCK = join(tmpdir(), 'virtual-router-results.lock');

/** `yes`, `no` (a test failed), or why it does not apply to this peer. */
export type Outcome = 'yes' | 'no' | (string & {});

interface Peer {
  readonly version: string;
  readonly features: Readonly<Record<string, Outcome>>;
}

interface Results {
  /** In the order of the table. */
  readonly features: readonly string[];
  readonly peers: Readonly<Record<string, Peer>>;
}

/** What can be said of a peer, in the order of the table. */
export const FEATURES = [
  'session, the router dials',
  'session, the peer dials',
  'IPv4 routes both ways',
  'IPv6 routes both ways',
  'IPv4 over an IPv6 session',
  'communities: standard, extended, large',
  'add-path',
  'route refresh',
  'shutdown text to the peer',
  'shutdown text from the peer',
  'take-over of an address',
  'peer killed: the address goes back',
] as const;

export type Feature = (typeof FEATURES)[number];

/** Writes down what was found about one peer, in the place of what was known of it: a feature that was not tried this time has no outcome. */
export function writeResults(name: DaemonName, version: string, found: ReadonlyMap<Feature, Outcome>): void {
  lock();
  try {
    add(name, version, found);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

/** Files run side by side: one at a time adds what it found. A lock that nobody gives back is taken after a while. */
function lock(): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < 100; tries++) {
    try {
      mkdirSync(LOCK);
      return;
    } catch {
      Atomics.wait(pause, 0, 0, 20);
    }
  }
}

function add(name: DaemonName, version: string, found: ReadonlyMap<Feature, Outcome>): void {
  const old: Results = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Results) : { features: FEATURES, peers: {} };
  const features = Object.fromEntries(
    FEATURES.flatMap((feature) => {
      const outcome = found.get(feature);
      return outcome === undefined ? [] : [[feature, outcome]];
    }),
  );
  const peers = { ...old.peers, [name]: { version, features } };
  const sorted = Object.fromEntries(Object.entries(peers).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(FILE, `${JSON.stringify({ features: FEATURES, peers: sorted }, null, 2)}\n`);
}
