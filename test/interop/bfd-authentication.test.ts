import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ADDRESS, configuration, type Line, startBird } from './support/bfd-guest.js';
import { bird } from './support/bird.js';
import { daemonsPresent } from './support/daemons.js';
import { Lab } from './support/lab.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { present } = daemonsPresent();

/** Each type of authentication, and BIRD's words for it. */
const TYPES = [
  ['simple', 'simple'],
  ['md5', 'keyed md5'],
  ['meticulous-md5', 'meticulous keyed md5'],
  ['sha1', 'keyed sha1'],
  ['meticulous-sha1', 'meticulous keyed sha1'],
] as const;

describe.skipIf(!present.includes(bird))('BFD with BIRD, authenticated', () => {
  it.each(TYPES)('by %s: comes up with the key, is lost with the link, and does not come up with another key', async (type, words) => {
    await using lab = await Lab.create();
    const own = await lab.node('router');
    const guest = await lab.node('guest');
    const file = join(own.directory, 'router.yaml');
    writeFileSync(file, configuration(100, `{ type: ${type}, keys: [{ id: 7, secret: open-sesame }] }`));
    const args = ['--import', 'tsx', join(root, 'src/cli/index.ts'), 'run', '--json', file];
    const router = lab.spawn(own, process.execPath, args, { name: 'virtual-router run', directory: root });
    await lab.answers(router, () => router.output().includes('"listening"'));
    const events = (): Line[] =>
      router
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Line);
    const turned = (to: string): number => events().filter((line) => line.event === 'bfd-change' && line.to === to).length;
    const held = (node: string): boolean =>
      JSON.stringify(
        events()
          .filter(({ prefix }) => prefix === ADDRESS)
          .at(-1)?.after,
      ).includes(node);
    const keyed = (secret: string): string => `authentication ${words}; password "${secret}" { id 7; };`;

    const daemon = await startBird(lab, guest, 100, keyed('open-sesame'));
    await lab.waitFor('BFD is up', () => turned('up') > 0, 40);
    await lab.waitFor('the guest holds the address', () => held('guest'));
    await lab.link(guest, 'down');
    await lab.waitFor('the address goes back', () => turned('down') > 0 && held('spare'));
    await daemon.kill9();
    await lab.link(guest, 'up');

    const ups = turned('up');
    await startBird(lab, guest, 100, keyed('open-barley'));
    // Its session comes up, as it is not held back for BFD.
    await lab.waitFor('the guest holds the address', () => held('guest'), 40);
    await pause(4000);
    expect(turned('up')).toBe(ups);
  });
});
