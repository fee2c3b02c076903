/** Speaks OSPF on a device that is deleted before it hears so; in a network namespace of its own. */
import { execFileSync } from 'node:child_process';
import { RawOspfLinks } from '../../../src/io/index.js';

const ip = (...args: string[]): Buffer => execFileSync('ip', args);
ip('link', 'add', 'gone', 'type', 'veth', 'peer', 'name', 'peer');
ip('address', 'add', '10.9.0.1/24', 'dev', 'gone');
ip('link', 'set', 'gone', 'up');
const link = await new RawOspfLinks().open('gone', 2, { received: () => {}, changed: () => {} });
ip('link', 'delete', 'gone');
link.send(Uint8Array.of(10, 9, 0, 1), Uint8Array.of(224, 0, 0, 5), new Uint8Array(44));
await link.close();
console.log('spoke');
