import { expect, test } from 'vitest';
import { UsageError } from '../../src/lib/errors.js';
import { checkRouter } from '../../src/router/schema.js';

const problems = (config: object): string[] => {
  try {
    checkRouter({ as: 65000, routerId: '10.0.0.1', ...config });
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
  }
};

test('a port has what its type needs, and nothing of another type', () => {
  const ports = [
    { name: 'a', type: 'vxlan', address: '172.31.0.1', remote: '172.31.0.2', vni: 42 },
    { name: 'b', type: 'stream', path: 'vm.sock', capture: 'vm.pcapng' },
    { name: 'c', type: 'dgram', address: '127.0.0.1', port: 1, remote: '127.0.0.1', remotePort: 2 },
    { name: 'd', type: 'tap', device: 'tap0' },
  ];
  expect(problems({ ports })).toEqual([]);
  expect(
    problems({
      ports: [
        ...ports,
        { name: 'a', type: 'vxlan', address: '172.31.0.1', remote: '172.31.0.2', vni: 42 },
        { name: 'e', type: 'tap', vni: 1 },
        { name: 'f', type: 'stream' },
        { name: 'g', type: 'vxlan', address: '172.31.0.1', remote: '2001:db8::1', vni: 1 },
        { name: 'h', type: 'memory', capture: 'h.pcapng' },
        { name: 'i', type: 'tap', device: 'tap1', capture: 'vm.pcapng' },
      ],
    }).map((line) => line.replace(/:.*/, '')),
  ).toEqual([
    'ports.4.name',
    'ports.4',
    'ports.5.vni',
    'ports.5.device',
    'ports.6',
    'ports.7.remote',
    'ports.8.capture',
    'ports.9.capture',
  ]);
});

test('tunnels that share a socket do not say of it what is at odds', () => {
  const tunnel = (vni: number, more: object) => ({
    name: `p${vni}`,
    type: 'vxlan',
    address: '172.31.0.1',
    remote: '172.31.0.2',
    vni,
    ...more,
  });
  expect(problems({ ports: [tunnel(1, { batched: true }), tunnel(2, {}), tunnel(3, { port: 4790, batched: false })] })).toEqual([]);
  expect(problems({ ports: [tunnel(1, { batched: true }), tunnel(2, {}), tunnel(3, { port: 4789, batched: false })] })).toEqual([
    'ports.2.batched: expected true, as another tunnel on 172.31.0.1 port 4789 has it: they share a socket',
  ]);
});

test('one node is at a port', () => {
  const nodes = ['x', 'y'].map((name) => ({ name, location: 'd' }));
  expect(problems({ ports: [{ name: 'd', type: 'memory' }], network: { nodes } })).toEqual([
    'ports.0: expected one node at port "d", got "x" and "y": the port says which node a frame is from. Behind one far end, give each node a port with a VNI of its own',
  ]);
});

test("an interface's MAC is one station's, and stands in lower case afterwards", () => {
  const network = { subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }] };
  const face = (mac: string) => ({ network, interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'], mac }] });
  expect(checkRouter({ as: 1, routerId: '10.0.0.1', ...face('02-00-00-00-00-0A') }).interfaces?.[0]?.mac).toBe('02:00:00:00:00:0a');
  for (const mac of ['01:00:5e:00:00:01', '00:00:00:00:00:00', '02:00:00:00:00']) expect(problems(face(mac)).length).toBe(1);
});
