/**
 * Our TCP behind a relay, for a guest to talk to. Port 7001 takes all and answers with its SHA-256; port 7002 gives as much as the
 * first line asks for; port 7003 echoes a connection signed by MD5. `dial` on the command line: dials the guest's port 7004 with the key.
 * Arguments: our host's address, the guest's, and a JSON object for the relay.
 */
import { createHash } from 'node:crypto';
import { NodePorts, SystemClock } from '../../../src/io/index.js';
import { parsePrefix } from '../../../src/lib/prefix.js';
import { seeded } from '../../../src/lib/random.js';
import { TimerHeap } from '../../../src/lib/timers.js';
import type { Connection } from '../../../src/lib/transport.js';
import { Stack } from '../../../src/stack/stack.js';
import { TcpStack } from '../../../src/stack/tcp/index.js';
import { Relay } from './relay.js';

const [address = '', remote = '', options = '{}', dial] = process.argv.slice(2);
const KEY = { md5: Buffer.from('s3cret') };
const timers = new TimerHeap(new SystemClock());
const guest = [{ type: 'node', node: 'guest' }] as const;
const stack = new Stack({
  timers,
  random: () => 0.5,
  lookup4: () => guest,
  lookup6: () => guest,
  via4: () => undefined,
  via6: () => undefined,
  mayClaim: () => false,
  announced: () => {},
  answered: () => {},
});
stack.setInterfaces([{ prefix: parsePrefix('10.0.1.0/24'), addresses: ['10.0.1.1'], mac: '02:56:00:00:00:01', advertise: false }]);
stack.setNodes([{ name: 'guest', location: 'p', addresses: ['10.0.1.10'], up: true }]);
const relay = new Relay(await new NodePorts().open({ name: 'p', type: 'vxlan', address, remote, vni: 42 }), {
  delay: 0,
  loss: 0,
  double: 0,
  reorder: 0,
  ...JSON.parse(options),
});
stack.attach('p', relay);
const tcp = new TcpStack({
  ip: stack.local,
  timers,
  random: seeded(9),
  secret: new Uint8Array(32),
  refused: ({ fault }) => console.log(`refused ${fault}`),
});
stack.local.register(6, tcp);

/** Octets of a period that is prime: no shift of it is itself. */
const PERIOD = Buffer.from(Uint8Array.from({ length: 65_521 }, (_, i) => i & 0xff));
const none = { data: () => {}, drained: () => {}, closed: () => {} };

tcp.listen(7001, { security: () => undefined, accepted: sink });
tcp.listen(7002, { security: () => undefined, accepted: source });
tcp.listen(7003, { security: () => KEY, accepted: echo });
console.log('ready');
if (dial === 'dial') {
  tcp.dial(
    { remote: { address: '10.0.1.10', port: 7004 }, security: KEY },
    {
      connected: (connection) => {
        connection.write(Buffer.from('signed'));
        connection.listen({ ...none, data: (bytes) => console.log(`heard ${Buffer.from(bytes)}`) });
      },
      failed: (reason) => console.log(`failed ${reason}`),
    },
  );
}

/** The first line says how many octets will come. */
function sink(connection: Connection): void {
  const hash = createHash('sha256');
  let head = '';
  let left = -1;
  connection.listen({
    ...none,
    data: (bytes) => {
      let rest = bytes;
      if (left < 0) {
        head += Buffer.from(bytes).toString('latin1');
        const end = head.indexOf('\n');
        if (end < 0) return;
        left = Number(head.slice(0, end));
        rest = Buffer.from(head.slice(end + 1), 'latin1');
      }
      hash.update(rest);
      left -= rest.length;
      if (left > 0) return;
      connection.write(Buffer.from(hash.digest('hex')));
      connection.end();
    },
  });
}

function source(connection: Connection): void {
  let head = '';
  let total = -1;
  let at = 0;
  const more = (): void => {
    while (at < total) {
      const from = at % PERIOD.length;
      const bytes = Uint8Array.from(PERIOD.subarray(from, Math.min(PERIOD.length, from + total - at)));
      at += bytes.length;
      if (!connection.write(bytes)) return;
    }
    connection.end();
  };
  connection.listen({
    ...none,
    drained: more,
    data: (bytes) => {
      head += Buffer.from(bytes).toString('latin1');
      if (total >= 0 || !head.includes('\n')) return;
      total = Number(head.split('\n')[0]);
      more();
    },
  });
}

function echo(connection: Connection): void {
  connection.listen({ ...none, data: (bytes) => void connection.write(bytes.slice()) });
}
