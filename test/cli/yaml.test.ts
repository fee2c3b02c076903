import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CommandError } from '../../src/cli/command.js';
import { readConfig } from '../../src/cli/yaml.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'virtual-router-yaml-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string | Uint8Array) {
  const file = join(folder, 'router.yaml');
  writeFileSync(file, text);
  return readConfig(file).config;
}

/** The one line that a wrong file is answered with, without the name of its folder. */
function wrong(text: string | Uint8Array): string {
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    expect(error.exitCode).toBe(2);
    expect(error.message).not.toContain('\n');
    return error.message.replace(`${folder}/`, '');
  }
  throw new Error('the file was taken');
}

const HEAD = 'as: 65000\nrouterId: 192.0.2.1\n';

describe('a configuration file', () => {
  test('holds one router', () => {
    const { network, routers } = read(`${HEAD}listen:\n  - address: "::1"\n`);
    expect(network).toBeUndefined();
    expect(routers).toEqual([{ config: { as: 65000, routerId: '192.0.2.1', listen: [{ address: '::1' }] }, path: [] }]);
  });

  test('or several of one network', () => {
    const { network, routers } = read(`
network:
  subnets: [{ name: lan, prefix: 10.0.0.0/24 }]
routers:
  - { name: r1, as: 65000, routerId: 192.0.2.1, interfaces: [{ subnet: lan, addresses: [10.0.0.1] }] }
  - { name: r2, as: 65000, routerId: 192.0.2.2 }
`);
    expect(network?.subnets).toEqual([{ name: 'lan', prefix: '10.0.0.0/24' }]);
    expect(routers.map(({ config, path }) => [config.name, path])).toEqual([
      ['r1', ['routers', 0]],
      ['r2', ['routers', 1]],
    ]);
  });

  test('may use anchors, aliases and merge keys', () => {
    const { routers } = read(`${HEAD}
network:
  nodes: [{ name: web-a, addresses: [10.0.0.2] }, { name: web-b, addresses: [10.0.0.3] }]
neighbours:
  - &guest { address: 10.0.0.2, as: 65001, holdTime: 9 }
  - { <<: *guest, address: 10.0.0.3 }
`);
    expect(routers[0]?.config.neighbours?.[1]).toEqual({ address: '10.0.0.3', as: 65001, holdTime: 9 });
  });

  test('may say the same thousands of times', () => {
    const hosts = Array.from({ length: 1100 }, (_, i) => `${i >> 8}.${i & 255}`);
    const { routers } = read(`${HEAD}
network:
  nodes: [{ name: all, addresses: [${hosts.map((host) => `10.0.${host}`).join(', ')}] }]
neighbours:
${hosts.map((host, i) => `  - { address: 10.0.${host}, as: 65001, bfd: ${i === 0 ? '&bfd { minTx: 50 }' : '*bfd'} }\n`).join('')}`);
    expect(routers[0]?.config.neighbours?.at(-1)?.bfd).toEqual({ minTx: 50 });
  });
});

describe('a wrong file is answered in one line with the place', () => {
  test('of the field that is wrong', () => {
    expect(wrong(`${HEAD}network:\n  nodes:\n    - name: web-a\n  grants:\n    - node: web-a\n      prefix: 10.0.0.1/8\n`)).toBe(
      'router.yaml:8:7: network.grants[0].prefix: "10.0.0.1/8" has bits set past its length; did you mean "10.0.0.0/8"?',
    );
  });

  test('of an entry of a list', () => {
    expect(wrong(`${HEAD}network:\n  ranges:\n    - 10.0.0.0/8\n    - ten\n`)).toBe(
      'router.yaml:6:7: network.ranges[1]: expected a prefix such as "10.0.0.0/8" or "2001:db8::/32", got "ten"',
    );
  });

  test('of a field that is unknown', () => {
    expect(wrong(`${HEAD}neighbours:\n  - address: 10.0.0.2\n    as: 65001\n    holdTyme: 90\n`)).toBe(
      'router.yaml:6:5: neighbours[0].holdTyme: unknown field holdTyme; did you mean holdTime?',
    );
  });

  test('of what lacks a field', () => {
    expect(wrong(`${HEAD}neighbours:\n  - { as: 65001 }\n`)).toBe(
      'router.yaml:4:5: neighbours[0].address: expected an address or a prefix, got nothing',
    );
    expect(wrong('')).toBe('router.yaml:1:1: expected a router (an object with as and routerId), got nothing');
    expect(wrong('# nothing but this\n')).toMatch(/, got nothing$/);
  });

  test('of what an alias stands for', () => {
    expect(wrong(`${HEAD}network: &net\n  ranges: [x]\n`)).toMatch(/^router\.yaml:4:12: network\.ranges\[0\]: /);
    expect(wrong('network: {}\nrouters:\n  - &r { as: 0, routerId: 192.0.2.1 }\n  - *r\n')).toMatch(
      /^router\.yaml:3:10: routers\[0\]\.as: /,
    );
  });

  test('of two routers that have one port, or one neighbour', () => {
    const routers = (network: string, a: string, b = a) =>
      `network: ${network}\nrouters:\n  - { name: a, as: 1, routerId: 192.0.2.1, ${a} }\n  - { name: b, as: 1, routerId: 192.0.2.2, ${b} }\n`;
    const at = '{ nodes: [{ name: g, location: pa }] }';
    const port = 'ports: [{ name: pa, type: stream, path: /run/pa }]';
    expect(wrong(routers(at, port))).toBe(
      'router.yaml:4:54: routers[1].ports[0].name: expected another name, as router "a" has a port "pa" too, and node "g" would be at both',
    );
    expect(read(routers('{}', port)).routers).toHaveLength(2);
    const nodes = '{ nodes: [{ name: g, addresses: [10.0.0.2] }] }';
    const listen = (place: string, address = '10.0.0.2') =>
      `listen: [{ address: 10.0.0.1${place} }], neighbours: [{ address: ${address}, as: 2${address.includes('/') ? ', node: g' : ''} }]`;
    for (const other of ['10.0.0.2', '10.0.0.0/24']) {
      expect(wrong(routers(nodes, listen(''), listen('', other)))).toMatch(
        /^router\.yaml:4:\d+: routers\[1\]\.neighbours\[0\]\.address: expected a neighbour of this router alone, got 10.*, as router "a" listens on 10\.0\.0\.1 port 179/,
      );
    }
    expect(read(routers(nodes, listen(''), listen(', port: 1790'))).routers).toHaveLength(2);
    expect(read(routers(nodes, listen(', port: 0'))).routers).toHaveLength(2);
  });

  test('of one router among several', () => {
    const routers = 'network: {}\nrouters:\n  - { name: a, as: 1, routerId: 192.0.2.1 }\n';
    expect(wrong(`${routers}  - { name: a, as: 1, routerId: 192.0.2.2 }\n`)).toMatch(
      /^router\.yaml:4:7: routers\[1\]\.name: expected a name of its own/,
    );
    expect(wrong(`${routers}  - { name: b, as: 1, routerId: 192.0.2.2, network: {} }\n`)).toMatch(
      /^router\.yaml:4:44: routers\[1\]\.network: /,
    );
    expect(wrong('routers: []\n')).toMatch(/^router\.yaml:1:1: network: expected a network/);
  });

  test('of what is not YAML', () => {
    expect(wrong('as: 65000\nas: 65001\n')).toBe('router.yaml:2:1: Map keys must be unique');
    expect(wrong('as: [65000\n')).toMatch(/^router\.yaml:2:1: /);
    expect(wrong(`${HEAD}---\n${HEAD}`)).toBe('router.yaml:3:1: expected one document, got another after ---');
  });

  test('of what does not end, with where it begins', () => {
    expect(wrong(`as: 65000\nrouterId: "192.0.2.1\nname: x\n`)).toBe('router.yaml:4:1: Missing closing "quote; it begins at 2:11');
    expect(wrong(`${HEAD}neighbours:\n  - { address: 10.0.0.2, as: 1\n  - { address: 10.0.0.3, as: 1 }\n`)).toMatch(
      /^router\.yaml:5:3: .*; it begins at 4:5$/,
    );
    expect(wrong(`${HEAD}neighbours: [ { address: 10.0.0.2, as: 1 }\nname: x\n`)).toMatch(/^router\.yaml:4:1: .*; it begins at 3:13$/);
  });

  test('of what a space or quotes would mend, with that', () => {
    expect(wrong('as: 65000\nrouterId:192.0.2.1\n')).toMatch(/^router\.yaml:2:1: .*; a space goes after the colon of a field$/);
    expect(wrong(`${HEAD}network:\n  ranges:\n  -10.0.0.0/8\n`)).toMatch(/^router\.yaml:5:3: .*; a space goes after -$/);
    for (const listen of ['listen:\n  - address: ::\n', 'listen: [{ address: ::, port: 1790 }]\n'])
      expect(wrong(`${HEAD}${listen}`)).toMatch(/; an address that ends with a colon goes in quotes$/);
  });

  test('of a field that is indented too little, with what has it', () => {
    expect(wrong(`${HEAD}network:\nnodes:\n  - name: web-a\n`)).toBe('router.yaml:4:1: nodes: unknown field nodes; network has nodes');
  });

  test('of an alias that names nothing', () => {
    expect(wrong(`${HEAD}network:\n  ranges: *none\n`)).toMatch(/^router\.yaml:4:11: Unresolved alias .*: none$/);
  });

  test('of what is not UTF-8', () => {
    expect(wrong(Buffer.from(`${HEAD}name: caf\u00e9\n`, 'latin1'))).toBe('router.yaml:3:10: expected UTF-8');
    expect(wrong(Buffer.from(`\ufeff${HEAD}`, 'utf16le'))).toBe('router.yaml:1:1: expected UTF-8');
  });

  test('with the ends of lines of Windows, and behind a byte order mark', () => {
    expect(wrong(`\ufeffas: 0\r\nrouterId: 192.0.2.1\r\n`)).toMatch(/^router\.yaml:1:1: as: /);
    expect(wrong(`\ufeff${HEAD}nmae: x\n`.replaceAll('\n', '\r\n'))).toBe('router.yaml:3:1: nmae: unknown field nmae; did you mean name?');
  });

  test('of a tag that nobody knows, whose value would be taken for another', () => {
    expect(wrong(`${HEAD}name: !env ROUTER\n`)).toBe('router.yaml:3:7: Unresolved tag: !env');
  });

  test('of what holds itself', () => {
    expect(wrong(`${HEAD}network: &n { nodes: [*n] }\n`)).toBe(
      'router.yaml:3:23: network.nodes[0]: expected something that does not hold itself',
    );
  });

  test('without one, where there is no such file', () => {
    expect(() => readConfig(join(folder, 'none.yaml'))).toThrow(`${folder}/none.yaml: no such file or directory`);
    expect(() => readConfig(folder)).toThrow(CommandError);
  });

  test('however often its aliases multiply', () => {
    const lines = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${Array(12)
          .fill(i === 0 ? 'x' : `*a${i - 1}`)
          .join(', ')}]`,
    );
    expect(wrong(`${lines.join('\n')}\n`)).toMatch(/^router\.yaml:1:1: .*alias/i);
  });
});
