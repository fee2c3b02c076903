/** Watches `COUNT` addresses by BFD from as many of its own, says so on a line when all are up, and goes on until it is killed. */
import { BfdThread } from '../../../src/io/index.js';
import { pairs, TIMERS } from './bfd-pairs.js';

const thread = new BfdThread();
let up = 0;
for (const [own, other] of pairs(Number(process.argv[2]), Number(process.argv[3]))) {
  thread.watch(
    { local: other, remote: own, config: TIMERS },
    {
      changed: ({ to }) => {
        if (to === 'up' && ++up === Number(process.argv[3])) console.log('all up');
      },
      agreed: () => {},
      failed: (reason) => console.log(reason),
    },
  );
}
setInterval(() => {}, 60_000);
