/**
 * Watches one neighbour by BFD from whatever address the system chooses, and writes each change of state. Goes on until it is killed. Takes
 * its address, and milliseconds between echo packets where there are to be any.
 */
import { BfdThread } from '../../../src/io/index.js';
import { TIMERS } from './bfd-pairs.js';

const [remote = '', echo] = process.argv.slice(2);
new BfdThread().watch(
  { remote, config: { ...TIMERS, ...(echo === undefined ? {} : { echo: Number(echo) }) } },
  {
    changed: ({ to, diagnostic }) => console.log(`${to} ${diagnostic}`),
    agreed: () => {},
    failed: (reason) => console.log(`failed: ${reason}`),
  },
);
setInterval(() => {}, 60_000);
