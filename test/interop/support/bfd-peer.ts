/** Watches one neighbour by BFD from whatever address the system chooses, and writes each change of state. Goes on until it is killed. */
import { BfdThread } from '../../../src/io/index.js';
import { TIMERS } from './bfd-pairs.js';

new BfdThread().watch(
  { remote: process.argv[2] ?? '', config: TIMERS },
  {
    changed: ({ to, diagnostic }) => console.log(`${to} ${diagnostic}`),
    agreed: () => {},
    failed: (reason) => console.log(`failed: ${reason}`),
  },
);
setInterval(() => {}, 60_000);
