import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkFile } from '../../src/cli/file.js';
import { Forwarder } from '../../src/index.js';

test('the file in docs/forwarder.md is a file, of a forwarder too', () => {
  const page = readFileSync(new URL('../../docs/forwarder.md', import.meta.url), 'utf8');
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const { routers } = checkFile(parse(yaml));
  const network = routers[0]?.config.network ?? {};
  expect(network.forwarder).toEqual({ path: '/run/virtual-router/forwarder.sock', stale: 600 });
  const forwarder = new Forwarder({ network, routers: routers.map(({ config }) => config) });
  expect(forwarder.status()).toMatchObject({ state: 'waiting', prefixes: 0, routers: [{ router: 'router', links: [] }] });
});
