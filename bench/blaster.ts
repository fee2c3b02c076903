/** Sends datagrams as fast as it can, for so many seconds: `blaster.ts FROM PORT TO PORT SECONDS HEX`. Prints how many left. */
import { BatchedUdp, socketName } from '../src/io/batched-udp.js';

const [from = '', fromPort = '', to = '', toPort = '', seconds = '', hex = ''] = process.argv.slice(2);
const payload = Buffer.from(hex, 'hex');
const udp = await BatchedUdp.open(from, Number(fromPort), Math.max(64, payload.length), () => {});
const name = socketName(to, Number(toPort));
let count = 0;
const end = Date.now() + Number(seconds) * 1000;
while (Date.now() < end) {
  for (let i = 0; i < 64; i++) {
    udp.buffer.set(payload, udp.next());
    udp.sent(payload.length, name);
  }
  udp.flush();
  count += 64;
}
console.log(count - udp.dropped);
udp.close();
