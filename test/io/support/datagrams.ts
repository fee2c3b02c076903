/** Two sockets in one process send each other large datagrams: `datagrams.ts COUNT`. Prints the page faults of each in the second half. */
import { createSocket } from 'node:dgram';
import { bound } from '../../../src/io/udp-socket.js';

const [count = '0'] = process.argv.slice(2);
const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
for (const socket of sockets) await bound(socket, '127.0.0.1', 0);
let seen = 0;
let before = process.resourceUsage().minorPageFault;
for (const [i, socket] of sockets.entries()) {
  const far = (sockets[1 - i] as typeof socket).address().port; // there are two
  socket.on('message', (datagram) => {
    if (++seen === Number(count) / 2) before = process.resourceUsage().minorPageFault;
    if (seen < Number(count)) socket.send(datagram, far, '127.0.0.1');
    else if (seen === Number(count)) {
      console.log((process.resourceUsage().minorPageFault - before) / (seen / 2));
      for (const each of sockets) each.close();
    }
  });
}
for (let i = 0; i < 8; i++) sockets[0].send(Buffer.alloc(65_000), sockets[1].address().port, '127.0.0.1');
