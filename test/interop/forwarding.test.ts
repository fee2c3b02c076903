/**
 * Two routers of one network, joined by a link, with unmodified Linux guests behind vxlan devices and one behind QEMU's stream socket (a
 * small script speaks QEMU's side, for a TAP device of its own): `traceroute`, `arping -U`, and moving an address between routers under a running
 * ping.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { echoes, has, lost, ping, pinging, startRouters, tunnel, vxlanDevice } from './support/guests.js';
import { Lab, type LabNode, type Running } from './support/lab.js';

const VIP = '10.0.1.100';

describe.skipIf(!has('arping', 'traceroute'))('Linux guests of two routers', () => {
  let lab: Lab;
  let a: LabNode;
  let b: LabNode;
  let c: LabNode;
  let vm: LabNode;
  let routers: Running;

  beforeAll(async () => {
    lab = await Lab.create();
    const host = await lab.node('routers');
    [a, b, c, vm] = [await lab.node('a'), await lab.node('b'), await lab.node('c'), await lab.node('vm')];
    const socket = join(host.directory, 'vm.sock');
    const interfaces = (n: number) => [
      { subnet: `four${n}`, addresses: [`10.0.${n}.1`] },
      { subnet: `six${n}`, addresses: [`2001:db8:${n}::1`] },
    ];
    routers = await startRouters(
      lab,
      host,
      {
        ranges: ['10.0.0.0/16', '2001:db8::/32'],
        subnets: [1, 2].flatMap((n) => [
          { name: `four${n}`, prefix: `10.0.${n}.0/24` },
          { name: `six${n}`, prefix: `2001:db8:${n}::/64` },
        ]),
        nodes: [
          { name: 'a', addresses: ['10.0.1.10', '2001:db8:1::a'], location: 'pa', tags: ['vip'] },
          { name: 'b', addresses: ['10.0.1.11', '2001:db8:1::b'], location: 'pb', tags: ['vip'] },
          { name: 'c', addresses: ['10.0.2.12', '2001:db8:2::c'], location: 'pc', tags: ['vip'] },
          { name: 'vm', addresses: ['10.0.2.13'], location: 'pv' },
        ],
        grants: [{ tag: 'vip', prefix: VIP }],
        holders: [{ prefix: VIP, node: 'a' }],
        links: [{ routers: ['r1', 'r2'] }],
        routes: [
          { router: 'r1', prefix: '10.0.2.0/24', via: 'r2' },
          { router: 'r2', prefix: '10.0.1.0/24', via: 'r1' },
          { router: 'r1', prefix: '2001:db8:2::/64', via: 'r2' },
          { router: 'r2', prefix: '2001:db8:1::/64', via: 'r1' },
        ],
      },
      [
        {
          name: 'r1',
          as: 65001,
          routerId: '10.0.0.1',
          interfaces: interfaces(1),
          // a and b are told apart by their VTEP, c by its VNI besides.
          ports: [
            { name: 'pa', ...tunnel(host, a) },
            { name: 'pb', ...tunnel(host, b) },
          ],
        },
        {
          name: 'r2',
          as: 65002,
          routerId: '10.0.0.2',
          interfaces: interfaces(2),
          ports: [
            { name: 'pc', ...tunnel(host, c, 43) },
            { name: 'pv', type: 'stream', path: socket },
          ],
        },
      ],
    );
    const far = ['10.0.2.0/24 via 10.0.1.1', '2001:db8:2::/64 via 2001:db8:1::1'];
    await vxlanDevice(lab, host, a, ['10.0.1.10/24', '2001:db8:1::a/64'], far);
    await vxlanDevice(lab, host, b, ['10.0.1.11/24', '2001:db8:1::b/64'], far);
    const near = ['10.0.1.0/24 via 10.0.2.1', '2001:db8:1::/64 via 2001:db8:2::1'];
    await vxlanDevice(lab, host, c, ['10.0.2.12/24', '2001:db8:2::c/64'], near, { vni: 43 });
    await lab.exec(a, 'ip', ['address', 'add', `${VIP}/32`, 'dev', 'vx0']);
    const script = join(vm.directory, 'qemu.py');
    writeFileSync(script, QEMU);
    const guest = lab.spawn(vm, 'python3', [script, socket], { name: "QEMU's side" });
    await lab.answers(guest, () => guest.output().includes('ready'));
    await lab.exec(vm, 'ip', ['address', 'add', '10.0.2.13/24', 'dev', 'vm0']);
    await lab.exec(vm, 'ip', ['route', 'add', '10.0.1.0/24', 'via', '10.0.2.1']);
  }, 90_000);
  afterAll(() => lab?.dispose());

  /** The addresses that `traceroute` finds on the way. */
  const trace = async (from: LabNode, to: string): Promise<string[]> => {
    const six = to.includes(':') ? ['-6'] : [];
    const out = await lab.exec(from, 'traceroute', [...six, '-n', '-q', '1', '-w', '2', '-m', '6', to], { timeout: 30_000 });
    return [...out.matchAll(/^\s*\d+\s+([0-9a-f.:]+)/gm)].map(([, address = '']) => address);
  };

  it('see each router on the way by traceroute: none within a subnet, one, and two', async () => {
    expect(await trace(a, '10.0.1.11')).toEqual(['10.0.1.11']);
    expect(await trace(c, '10.0.2.13')).toEqual(['10.0.2.13']);
    expect(await trace(a, '10.0.1.1')).toEqual(['10.0.1.1']);
    expect(await trace(a, '10.0.2.12')).toEqual(['10.0.1.1', '10.0.2.1', '10.0.2.12']);
    expect(await trace(c, '2001:db8:1::a')).toEqual(['2001:db8:2::1', '2001:db8:1::1', '2001:db8:1::a']);
  });

  it("reach a machine behind QEMU's stream socket", async () => {
    expect(await ping(lab, a, '10.0.2.13')).toMatch(/ttl=62[\s\S]*received 3/);
    expect(await ping(lab, vm, '10.0.1.10')).toMatch(/ttl=62[\s\S]*received 3/);
  });

  it('take an address by `arping -U`, at the same router and at another, and the ping that runs follows it', async () => {
    const running = pinging(lab, vm, VIP, 160);
    await lab.waitFor('a answers', () => running.output().includes('reply 3'));
    for (const node of [b, c]) {
      const before = await echoes(lab, node);
      await lab.exec(node, 'ip', ['address', 'add', `${VIP}/32`, 'dev', 'vx0']);
      await lab.exec(node, 'arping', ['-U', '-c', '2', '-I', 'vx0', VIP]);
      await lab.waitFor(`${node.name} gets the pings`, async () => (await echoes(lab, node)) > before + 3);
    }
    const count = await lost(running);
    console.log(`moved by arping -U, twice: ${count.sent} pings, ${count.lost} lost`);
    expect(count.lost).toBeLessThanOrEqual(2);
    // An address given up in silence goes back to whoever announced it before, and is still there.
    await lab.exec(c, 'ip', ['address', 'delete', `${VIP}/32`, 'dev', 'vx0']);
    const before = await echoes(lab, b);
    await lab.waitFor(
      'b answers again',
      async () => (await ping(lab, vm, VIP, '1')).includes('received 1') && (await echoes(lab, b)) > before,
      30,
    );
  });

  it('leave the routers running', () => expect(routers.alive()).toBe(true));
});

/** QEMU's side of `-netdev stream`: each frame of a TAP device goes with its length before it, and the other way round. */
const QEMU = `
import fcntl, os, select, socket, struct, subprocess, sys
tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack('16sH22x', b'vm0', 0x1002))
subprocess.run(['ip', 'link', 'set', 'vm0', 'up'], check=True)
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
print('ready', flush=True)
buffer = b''
while True:
    for ready in select.select([tap, s], [], [])[0]:
        if ready is s:
            chunk = s.recv(65536)
            if not chunk:
                sys.exit()
            buffer += chunk
            while len(buffer) >= 4 and len(buffer) >= 4 + (length := struct.unpack('!I', buffer[:4])[0]):
                os.write(tap, buffer[4:4 + length])
                buffer = buffer[4 + length:]
        else:
            frame = os.read(tap, 65536)
            s.sendall(struct.pack('!I', len(frame)) + frame)
`;
