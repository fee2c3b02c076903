import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Lab, type LabNode } from './support/lab.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(new URL('./support/bfd-peer.ts', import.meta.url));
/** As the kernel makes it of the MAC that the lab gives. */
const linkLocal = ({ number }: LabNode): string => `fe80::ff:fe00:${number.toString(16)}%eth0`;

it("BFD of IPv6 link-local neighbours over the host's sockets comes up, and is lost with the link", async () => {
  await using lab = await Lab.create();
  const [one, other] = [await lab.node('one'), await lab.node('other')];
  const ends = [
    [one, other],
    [other, one],
  ] as const;
  const peers = ends.map(([at, far]) =>
    lab.spawn(at, process.execPath, ['--import', 'tsx', program, linkLocal(far)], { name: `BFD in ${at.name}`, directory: root }),
  );
  const said = (word: string): boolean => peers.every((peer) => peer.output().includes(word));
  await lab.waitFor('both are up', () => said('up none'), 40);
  await lab.link(other, 'down');
  await lab.waitFor('both have noticed', () => said('down detection-time-expired'), 20);
  expect(peers.map((peer) => peer.output()).join('')).not.toContain('failed');
}, 90_000);
