import { expect, test } from 'vitest';
import { VirtualNetwork, VirtualRouter } from '../../src/index.js';

test.each([undefined, null, 'router.yaml', 7, []])('a router of %j is told what was expected', (config) => {
  expect(() => new VirtualRouter(config as never)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test.each([null, 'network.yaml', 7, []])('a network of %j is told what was expected', (config) => {
  expect(() => new VirtualNetwork(config as never)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
