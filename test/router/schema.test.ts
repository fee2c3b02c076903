import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/lib/errors.js';
import type { NetworkConfig } from '../../src/network/config.js';
import { checkNetwork } from '../../src/network/schema.js';
import { checkRouter } from '../../src/router/schema.js';

const network = {
  ranges: ['10.0.0.0/8', '2001:db8::/32'],
  subnets: [{ name: 'lan', prefix: '10.0.1.0/24' }],
  nodes: [
    { name: 'web-a', addresses: ['10.0.1.11'], tags: ['web'] },
    { name: 'web-b', addresses: ['10.0.1.12'] },
  ],
  grants: [{ tag: 'web', prefix: '10.0.9.0/24', le: 32 }],
  holders: [{ prefix: '10.0.9.1', node: 'web-a' }],
} satisfies NetworkConfig;

const router = {
  as: 65000,
  routerId: '10.0.1.1',
  network,
  interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'] }],
  listen: [{ address: '127.0.0.1', port: 0 }],
  neighbours: [
    { address: '10.0.1.11', as: 65001 },
    { address: '10.0.2.0/24', as: 'any', limit: 4 },
  ],
};

describe('a configuration that is right', () => {
  test('comes back with addresses and prefixes canonical', () => {
    const config = checkRouter({
      ...router,
      network: { ...network, ranges: ['10.0.0.0/8', '2001:DB8:0::/32'], holders: [{ prefix: '2001:DB8::0:1', node: 'web-a' }] },
    });
    expect(config.network?.ranges).toEqual(['10.0.0.0/8', '2001:db8::/32']);
    expect(config.network?.holders).toEqual([{ prefix: '2001:db8::1/128', node: 'web-a' }]);
  });

  test('is copied, so that the caller may change their own', () => {
    const config = checkRouter(router);
    expect(config).not.toBe(router);
    expect(config.neighbours?.[0]).toEqual(router.neighbours[0]);
    expect(config.neighbours?.[0]).not.toBe(router.neighbours[0]);
  });

  test('may hold fields that are undefined, which are left out', () => {
    const config = checkRouter({ ...router, name: undefined, neighbours: [{ address: '10.0.1.11', as: 65001, holdTime: undefined }] });
    expect(Object.keys(config)).not.toContain('name');
    expect(Object.keys(config.neighbours?.[0] ?? {})).toEqual(['address', 'as']);
  });

  test('keeps a policy that is a function', () => {
    const accept = () => ({ action: 'accept' });
    const config = checkRouter({ ...router, neighbours: [{ address: '10.0.1.11', as: 65001, import: accept, export: { rules: accept } }] });
    expect(config.neighbours?.[0]?.import).toBe(accept);
    expect(config.neighbours?.[0]?.export).toEqual({ rules: accept });
  });

  test('may serve a network that is checked elsewhere', () => {
    const { network: _, ...alone } = router;
    expect(checkRouter(alone, [], checkNetwork(network)).as).toBe(65000);
  });
});

/** What is wrong with a router whose one part is replaced: `[path, sentence]`. */
function wrong(change: object): [string, string] {
  return caught(() => checkRouter({ ...router, ...change }));
}
function wrongNetwork(change: object): [string, string] {
  return caught(() => checkNetwork({ ...network, ...change }));
}
function wrongNeighbour(change: object): [string, string] {
  const [path, message] = wrong({ neighbours: [{ ...router.neighbours[0], ...change }] });
  return [path.replace('neighbours[0]', 'it'), message];
}
function caught(call: () => unknown): [string, string] {
  try {
    call();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    const message = error.problems[0]?.message ?? '';
    const path = error.message.slice(0, error.message.length - message.length).replace(/: $/, '');
    return [path, message];
  }
  throw new Error('nothing was wrong');
}

describe('a configuration that is wrong says where, and what was expected', () => {
  test('where a field is missing', () => {
    expect(wrong({ as: undefined })).toEqual(['as', 'expected an AS number such as 65000, "AS65000" or "1.10", got nothing']);
    expect(wrong({ routerId: undefined })).toEqual(['routerId', 'expected a dotted quad such as "192.0.2.1", got nothing']);
  });

  test('where something holds itself', () => {
    const nodes: unknown[] = [];
    nodes.push(nodes);
    expect(wrong({ network: { nodes } })).toEqual(['network.nodes[0]', 'expected something that does not hold itself']);
    // What stands in two places is none such.
    const twice = { name: 'web-c' };
    expect(wrongNetwork({ nodes: [twice, twice] })[1]).toMatch(/^expected a name of its own/);
  });

  test('where a field is unknown, with the one that was meant', () => {
    expect(wrongNeighbour({ holdTyme: 90 })).toEqual(['it.holdTyme', 'unknown field holdTyme; did you mean holdTime?']);
    expect(wrong({ neighbors: [] })).toEqual(['neighbors', 'unknown field neighbors; did you mean neighbours?']);
    expect(wrong({ banana: 1 })).toEqual(['banana', 'unknown field banana']);
    // Of a few, all are named.
    expect(wrongNeighbour({ export: { claims: true } })).toEqual(['it.export.claims', 'unknown field claims; there are of, rules']);
  });

  test('where a pattern is to be set', () => {
    expect(wrongNeighbour({ import: [{ set: { addCommunities: ['65000:1', '65000:*'] } }] })).toEqual([
      'it.import[0].set.addCommunities[1]',
      'expected one community to set, got the pattern "65000:*"',
    ]);
  });

  test('where an address has a prefix length, or a zone', () => {
    const message = 'expected an address without a prefix length, got "10.0.0.9/24"; did you mean "10.0.0.9"?';
    expect(wrong({ listen: [{ address: '10.0.0.9/24' }] })).toEqual(['listen[0].address', message]);
    expect(wrong({ listen: [{ address: 'fe80::1%eth0' }] })[1]).toBe('expected an address without a zone, got "fe80::1%eth0"');
    expect(wrong({ listen: [{ address: '10.0.0.300/24' }] })[1]).toMatch(/^expected an IPv4 or IPv6 address, got "10\.0\.0\.300\/24"/);
  });

  test('where something is of another kind', () => {
    expect(wrong({ neighbours: {} })).toEqual(['neighbours', 'expected a list of neighbours, got an object']);
    expect(wrong({ neighbours: ['10.0.0.1'] })).toEqual([
      'neighbours[0]',
      'expected an object such as { address: ..., as: ... }, got "10.0.0.1"',
    ]);
    expect(wrong({ listen: ['10.0.0.1:179'] })).toEqual(['listen[0]', 'expected an object such as { address: ... }, got "10.0.0.1:179"']);
    expect(wrongNeighbour({ password: 1234 })).toEqual([
      'it.password',
      'expected a secret: a text, { file: PATH } or { env: NAME }; a number is a text in quotes',
    ]);
    expect(wrongNeighbour({ as: 1.1 })[1]).toMatch(/, got 1\.1; put asdot in quotes, as in "1\.10"$/);
    expect(wrong({ as: 1.1 })[1]).toMatch(/, got 1\.1; put asdot in quotes, as in "1\.10"$/);
    expect(wrongNeighbour({ import: [{ verdict: 'deny' }] })).toEqual([
      'it.import[0].verdict',
      'expected "accept", "next", "reject" or { reject: REASON }, got "deny"',
    ]);
    expect(wrongNeighbour({ import: [{ set: { med: 'low' } }] })[1]).toBe(
      'expected a whole number from 0 to 4294967295, or "none", got "low"',
    );
    expect(wrongNeighbour({ import: [{ set: { prepend: '2' } }] })[1]).toBe(
      'expected how often, 1 to 32, or a list of AS numbers, got "2"',
    );
    expect(wrongNeighbour({ import: [{ match: { prefixes: [10] } }] })[1]).toMatch(
      /^expected a prefix, the name of a prefix list, or an object/,
    );
    expect(wrong({ network: 'lan' })).toEqual(['network', 'expected a network (an object), got "lan"']);
    expect(wrongNeighbour({ passive: 'yes' })).toEqual(['it.passive', 'expected true or false, got "yes"']);
    expect(wrongNeighbour({ port: 0 })).toEqual(['it.port', 'expected a whole number from 1 to 65535, got 0']);
    expect(wrongNeighbour({ port: 1.5 })).toEqual(['it.port', 'expected a whole number from 1 to 65535, got 1.5']);
    expect(caught(() => checkRouter(null))).toEqual(['', 'expected a router (an object with as and routerId), got null']);
    expect(caught(() => checkRouter([]))).toEqual(['', 'expected a router (an object with as and routerId), got an empty list']);
  });

  test('where an address, prefix or AS number does not read, in the words of its parser', () => {
    expect(wrongNetwork({ ranges: ['10.0.0.1/8'] })).toEqual([
      'ranges[0]',
      '"10.0.0.1/8" has bits set past its length; did you mean "10.0.0.0/8"?',
    ]);
    expect(wrongNetwork({ ranges: ['10.0.0.0/33'] })[1]).toBe('expected a length from 0 to 32 in "10.0.0.0/33"');
    expect(wrongNeighbour({ address: '10.0.1.256' })[1]).toMatch(/^expected an IPv4 or IPv6 address, got "10.0.1.256"/);
    expect(wrongNeighbour({ as: 0 })).toEqual(['it.as', 'expected an AS number such as 65000, a list of them, or "any", got 0']);
    expect(wrongNeighbour({ as: [65001, 0] })).toEqual(['it.as[1]', 'expected an AS number from 1 to 4294967295, got 0']);
    expect(wrong({ routerId: '0.0.0.0' })).toEqual(['routerId', 'expected an identifier other than 0.0.0.0']);
    expect(wrong({ routerId: '::1' })[1]).toBe('expected a dotted quad such as "192.0.2.1", got "::1"');
    expect(wrongNeighbour({ nextHop: 'me' })).toEqual(['it.nextHop', 'expected "self", "unchanged" or an address, got "me"']);
  });

  test('where a word is not one of those known', () => {
    expect(wrongNeighbour({ addPath: 'recieve' })).toEqual([
      'it.addPath',
      'expected "send", "receive" or "both", got "recieve"; did you mean "receive"?',
    ]);
    expect(wrongNeighbour({ export: 'al' })[1]).toMatch(/^expected "connected", .*, got "al"; did you mean "all"\?$/);
    expect(wrongNeighbour({ export: ['claims', 'x'] })).toEqual([
      'it.export[1]',
      'expected "connected", "default", "originated", "claims" or "all", got "x"',
    ]);
    expect(wrongNeighbour({ export: { rule: [] } })).toEqual(['it.export.rule', 'unknown field rule; did you mean rules?']);
    expect(wrongNetwork({ grants: [{ node: 'web-a', prefix: '10.0.9.0/24', until: 'tomorrow' }] })).toEqual([
      'grants[0].until',
      'expected a time such as "2030-01-31T12:00:00Z", got "tomorrow"',
    ]);
    // Date.parse takes it for 2 March.
    expect(wrongNetwork({ grants: [{ node: 'web-a', prefix: '10.0.9.0/24', until: '2027-02-30T00:00:00Z' }] })[1]).toMatch(
      /^expected a time/,
    );
  });

  test('where a hold time is 1 or 2 (RFC 4271 §4.2)', () => {
    expect(wrongNeighbour({ holdTime: 2 })).toEqual(['it.holdTime', 'expected 0, or 3 to 65535 seconds (RFC 4271 §4.2), got 2']);
    expect(checkRouter({ ...router, neighbours: [{ ...router.neighbours[0], holdTime: 0 }] }).neighbours?.[0]?.holdTime).toBe(0);
  });

  test('where a name stands twice', () => {
    expect(wrongNetwork({ nodes: [{ name: 'a' }, { name: 'a' }] })[0]).toBe('nodes[1].name');
    expect(wrongNetwork({ subnets: [{ prefix: '10.0.1.0/24' }, { prefix: '10.0.1.0/24' }] })).toEqual([
      'subnets[1].prefix',
      'expected a name of its own, got "10.0.1.0/24", which another subnet has',
    ]);
    const grant = { node: 'web-a', prefix: '10.0.9.0/24' };
    expect(wrongNetwork({ grants: [grant, { ...grant, ge: 25 }] })[0]).toBe('grants[1]');
    expect(wrong({ neighbours: [router.neighbours[0], router.neighbours[0]] })).toEqual([
      'neighbours[1].address',
      'expected an address of its own, got 10.0.1.11, which neighbours[0] has',
    ]);
  });

  test('where nothing bears a name', () => {
    expect(wrongNetwork({ grants: [{ node: 'web-c', prefix: '10.0.9.0/24' }] })).toEqual([
      'grants[0].node',
      'expected the name of a node, got "web-c"; did you mean "web-a"?',
    ]);
    expect(wrongNetwork({ holders: [{ prefix: '10.0.9.1', node: 'database' }] })).toEqual([
      'holders[0].node',
      'expected the name of a node, got "database" (there is "web-a" and "web-b")',
    ]);
    expect(wrongNetwork({ grants: [{ node: 'web-a', prefix: '10.0.9.0/24', speaksFor: ['tag:any', 'x'] }] })[0]).toBe(
      'grants[0].speaksFor[1]',
    );
    expect(wrongNetwork({ grants: [{ node: 'web-a', prefix: '10.0.9.0/24', weight: 2 }] })).toEqual([
      'grants[0].weight',
      'expected mode "shared" beside it, as only claimants that share have weights',
    ]);
    const advertising = (advertise: object) => wrong({ interfaces: [{ subnet: 'lan', addresses: ['10.0.1.1'], advertise }] });
    expect(advertising({ maxInterval: 8, minInterval: 7 })).toEqual([
      'interfaces[0].advertise.minInterval',
      'expected at most 6, three quarters of maxInterval, got 7',
    ]);
    expect(advertising({ maxInterval: 2000 })).toEqual([
      'interfaces[0].advertise.maxInterval',
      'expected seconds, from 4 to 1800, got 2000',
    ]);
    expect(advertising({ lifetime: 60 })).toEqual([
      'interfaces[0].advertise.lifetime',
      'expected 0, or at least maxInterval (600), got 60',
    ]);
    expect(wrong({ interfaces: [{ subnet: 'wan', addresses: [] }] })[0]).toBe('interfaces[0].subnet');
    expect(wrongNeighbour({ node: 'web-z' })[0]).toBe('it.node');
    const prefixLists = { mine: [] };
    const neighbours = [{ address: '10.0.1.11', as: 65001, export: { rules: [{ match: { prefixes: ['mone'] } }] } }];
    expect(wrong({ prefixLists, neighbours })).toEqual([
      'neighbours[0].export.rules[0].match.prefixes[0]',
      'expected the name of a prefix list, or a prefix, got "mone"; did you mean "mine"?',
    ]);
  });

  test('where a grant names both a node and a tag, or neither', () => {
    expect(wrongNetwork({ grants: [{ prefix: '10.0.9.0/24' }] })).toEqual(['grants[0]', 'expected a node or a tag, got neither']);
    expect(wrongNetwork({ grants: [{ node: 'web-a', tag: 'web', prefix: '10.0.9.0/24' }] })[0]).toBe('grants[0].tag');
  });

  test('where lengths lie outside the prefix or crosswise', () => {
    const grant = { node: 'web-a', prefix: '10.0.9.0/24' };
    expect(wrongNetwork({ grants: [{ ...grant, le: 20 }] })).toEqual([
      'grants[0].le',
      'expected a length from 24 to 32, as the prefix is 10.0.9.0/24, got 20',
    ]);
    expect(wrongNetwork({ grants: [{ ...grant, ge: 33 }] })[0]).toBe('grants[0].ge');
    expect(wrongNetwork({ grants: [{ ...grant, ge: 30, le: 28 }] })).toEqual(['grants[0].le', 'expected at least ge (30), got 28']);
    expect(wrong({ prefixLists: { mine: [{ prefix: '10.0.0.0/8', le: 4 }] } })[0]).toBe('prefixLists.mine[0].le');
    const rules = [{ match: { prefixes: ['10.0.0.0/8', { prefix: '10.0.0.0/8', le: 4 }] } }];
    expect(wrongNeighbour({ import: rules })[0]).toBe('it.import[0].match.prefixes[1].le');
  });

  test('where a preference lies outside its bounds', () => {
    const grant = { node: 'web-a', prefix: '10.0.9.0/24' };
    expect(wrongNetwork({ grants: [{ ...grant, preference: 5, preferenceRange: [10, 20] }] })[0]).toBe('grants[0].preference');
    expect(wrongNetwork({ grants: [{ ...grant, preferenceRange: [20, 10] }] })[0]).toBe('grants[0].preferenceRange');
    expect(wrongNetwork({ grants: [{ ...grant, preferenceRange: [20] }] })[0]).toBe('grants[0].preferenceRange');
    expect(wrongNetwork({ grants: [{ ...grant, preference: 65_536 }] })[1]).toBe('expected a whole number from 0 to 65535, got 65536');
  });

  test('where an address belongs to another, or lies outside its subnet', () => {
    expect(
      wrongNetwork({
        nodes: [
          { name: 'a', addresses: ['10.0.1.9'] },
          { name: 'b', addresses: ['10.0.1.9'] },
        ],
        holders: [],
      }),
    ).toEqual(['nodes[1].addresses[0]', 'expected an address of its own, got 10.0.1.9, which belongs to node "a"']);
    expect(wrong({ interfaces: [{ subnet: 'lan', addresses: ['10.0.2.1'] }] })[1]).toBe(
      'expected an address inside the subnet "lan", got 10.0.2.1',
    );
    expect(wrong({ interfaces: [{ subnet: 'lan', addresses: ['10.0.1.11'] }] })[1]).toMatch(/belongs to node "web-a"$/);
    expect(wrongNetwork({ subnets: [{ prefix: '192.0.2.0/24' }] })[0]).toBe('subnets[0].prefix');
    expect(wrongNetwork({ subnets: [{ prefix: '10.0.0.0/16' }, { prefix: '10.0.1.0/24' }] })[0]).toBe('subnets[1].prefix');
  });

  test('where a neighbour belongs to nobody', () => {
    expect(wrongNeighbour({ address: '10.0.1.99' })).toEqual([
      'it.address',
      'expected an address that a node of the network owns (or the field node to name one), got 10.0.1.99',
    ]);
  });

  test('where a range is told to dial, or one address to be a range', () => {
    expect(wrongNeighbour({ address: '10.0.2.0/24', passive: false })[0]).toBe('it.passive');
    expect(wrongNeighbour({ as: 'any' })[0]).toBe('it.as');
    expect(wrongNeighbour({ limit: 3 })[0]).toBe('it.limit');
    expect(wrongNeighbour({ localAddress: '2001:db8::1' })[0]).toBe('it.localAddress');
  });

  test('where a role does not fit the AS numbers', () => {
    expect(wrongNeighbour({ routeReflectorClient: true })[0]).toBe('it.routeReflectorClient');
    expect(wrongNeighbour({ routeServerClient: true, as: 'AS65000' })[0]).toBe('it.routeServerClient');
    expect(wrongNeighbour({ routeServerClient: true, localAs: 65001 })[0]).toBe('it.routeServerClient');
  });

  test('where links and routes name routers that are not there, or not joined', () => {
    const check = (change: object) => caught(() => checkNetwork({ ...network, ...change }, ['network'], ['r1', 'r2', 'r3']));
    expect(check({ links: [{ routers: ['r1', 'r9'] }] })).toEqual([
      'network.links[0].routers[1]',
      'expected the name of a router, got "r9"; did you mean "r1"?',
    ]);
    expect(check({ links: [{ routers: ['r1', 'r1'] }] })[0]).toBe('network.links[0].routers');
    const links = [{ routers: ['r1', 'r2'] }];
    expect(check({ links, routes: [{ router: 'r1', prefix: '0.0.0.0/0', via: 'r3' }] })).toEqual([
      'network.routes[0].via',
      'expected a router that a link joins to "r1", got "r3"',
    ]);
  });

  test('with the path from the root that the caller names', () => {
    const [path] = caught(() => checkRouter({ ...router, routerId: 7 }, ['routers', 2]));
    expect(path).toBe('routers[2].routerId');
    const [inner] = caught(() => checkRouter({ ...router, network: { ...network, ranges: [1] } }, ['routers', 2]));
    expect(inner).toBe('routers[2].network.ranges[0]');
  });

  test('and holds the other problems too', () => {
    try {
      checkRouter({ ...router, as: 0, routerId: 'x', neighbours: [{ address: '1', as: 1 }] });
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      expect(error.problems.map(({ path }) => path.join('.'))).toEqual(['as', 'routerId', 'neighbours.0.address']);
    }
  });
});

describe('OSPF that is wrong says where, and what was expected', () => {
  const ospf = { interfaces: [{ device: 'eth0', area: 1 }], areas: [{ area: 0 }, { area: 1 }] };
  const wrongOspf = (change: object): [string, string] => {
    const [path, message] = wrong({ ospf: [{ ...ospf, ...change }] });
    return [path.replace('ospf[0]', 'it'), message];
  };

  test('where an area is none, or stands twice, or is a backbone that is no backbone', () => {
    expect(wrongOspf({ areas: [{ area: 0 }] })).toEqual(['it.interfaces[0].area', 'expected one of the areas, got 1']);
    expect(wrongOspf({ areas: [{ area: 1 }, { area: '0.0.0.1' }] })).toEqual([
      'it.areas[1].area',
      'expected each area once, got 0.0.0.1 again',
    ]);
    expect(wrongOspf({ areas: [{ area: 0, type: 'stub' }, { area: 1 }] })).toEqual([
      'it.areas[0].type',
      'expected "normal", as the backbone is no stub area',
    ]);
  });

  test('where a range is of another family, or of two areas', () => {
    const ranges = (...prefixes: string[]): object => ({
      areas: prefixes.map((prefix, area) => ({ area, ranges: [{ prefix }] })),
    });
    expect(checkRouter({ ...router, ospf: [{ ...ospf, ...ranges('10.0.0.0/16', '10.1.0.0/16') }] }).ospf?.[0]?.areas?.[1]?.ranges).toEqual([
      { prefix: '10.1.0.0/16' },
    ]);
    expect(wrongOspf(ranges('10.0.0.0/16', '2001:db8::/32'))).toEqual([
      'it.areas[1].ranges[0].prefix',
      'expected an IPv4 prefix, got 2001:db8::/32',
    ]);
    expect(wrongOspf(ranges('10.0.0.0/16', '10.0.0.0/16'))).toEqual([
      'it.areas[1].ranges[0].prefix',
      'expected each range once, got 10.0.0.0/16 again',
    ]);
  });

  test('where a range of externals is of an area that has none', () => {
    const areas = (type: string, ...prefixes: string[]): object => ({
      areas: [{ area: 0 }, { area: 1, type, nssaRanges: prefixes.map((prefix) => ({ prefix, metric: 3 })) }],
    });
    expect(checkRouter({ ...router, ospf: [{ ...ospf, ...areas('nssa', '10.0.0.0/16') }] }).ospf?.[0]?.areas?.[1]?.nssaRanges).toEqual([
      { prefix: '10.0.0.0/16', metric: 3 },
    ]);
    expect(wrongOspf(areas('normal', '10.0.0.0/16'))).toEqual([
      'it.areas[1].nssaRanges',
      'expected nothing, as a normal area has no externals of its own',
    ]);
    expect(wrongOspf(areas('nssa', '10.0.0.0/16', '10.0.0.0/16'))[0]).toBe('it.areas[1].nssaRanges[1].prefix');
  });

  test('where an area has a translator that has nothing to translate', () => {
    const areas = (type: string, own: object): object => ({ areas: [{ area: 0 }, { area: 1, type, ...own }] });
    const role = { translatorRole: 'always', translatorStabilityInterval: 10 };
    expect(checkRouter({ ...router, ospf: [{ ...ospf, ...areas('nssa', role) }] }).ospf?.[0]?.areas?.[1]).toMatchObject(role);
    for (const [field, value] of Object.entries(role))
      expect(wrongOspf(areas('stub', { [field]: value }))).toEqual([
        `it.areas[1].${field}`,
        'expected nothing, as nothing is translated for a stub area',
      ]);
    expect(wrongOspf(areas('nssa', { translatorRole: 'never' }))[0]).toBe('it.areas[1].translatorRole');
  });

  test('where a link is said in two ways, is trusted without a key, or has a key of the other version', () => {
    const at = (change: object): object => ({ interfaces: [{ ...ospf.interfaces[0], ...change }] });
    expect(wrongOspf(at({ subnet: 'lan' }))).toEqual(['it.interfaces[0]', 'expected one of port, subnet and device']);
    expect(wrongOspf(at({ trusted: true }))[0]).toBe('it.interfaces[0].trusted');
    for (const field of ['multihop', 'strict']) expect(wrongOspf(at({ bfd: { [field]: true } }))[0]).toBe(`it.interfaces[0].bfd.${field}`);
    const keys = [{ id: 1, hash: 'md5', secret: 'a secret' }];
    expect(wrongOspf({ version: 3, ...at({ authentication: { type: 'cryptographic', keys } }) })).toEqual([
      'it.interfaces[0].authentication.keys[0].hash',
      'expected another, as OSPFv3 has no MD5 (RFC 7166)',
    ]);
  });
});

describe('whatever it is given', () => {
  /** Whether it is taken, or refused as a mistake of the caller's. */
  const judged = (value: unknown): boolean => {
    try {
      checkRouter(value);
      return true;
    } catch (error) {
      return error instanceof UsageError && error.code === 'CONFIG_INVALID' && error.problems.length > 0;
    }
  };

  test('a configuration is taken or refused with a path, and nothing else happens', () => {
    fc.assert(fc.property(fc.anything(), judged));
  });

  test('so is one of which any field was replaced', () => {
    const fields = ['as', 'routerId', 'network', 'interfaces', 'listen', 'neighbours', 'originate', 'prefixLists', 'clusterId'];
    fc.assert(fc.property(fc.constantFrom(...fields), fc.anything(), (field, value) => judged({ ...router, [field]: value })));
    const within = ['ranges', 'subnets', 'nodes', 'grants', 'holders', 'links', 'routes', 'decision', 'reserve'];
    fc.assert(
      fc.property(fc.constantFrom(...within), fc.anything(), (field, value) =>
        judged({ ...router, network: { ...network, [field]: value } }),
      ),
    );
    const ofNeighbour = ['address', 'as', 'families', 'import', 'export', 'nextHop', 'shutdown', 'holdTime'];
    fc.assert(
      fc.property(fc.constantFrom(...ofNeighbour), fc.anything(), (field, value) =>
        judged({ ...router, neighbours: [{ ...router.neighbours[0], [field]: value }] }),
      ),
    );
  });
});
