import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock, VirtualNetwork } from '../../src/index.js';
import { SnapshotFile } from '../../src/io/snapshot-file.js';
import { SnapshotKeeper } from '../../src/io/snapshot-keeper.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'virtual-router-snapshot-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const value = { claims: Array.from({ length: 100 }, (_, i) => [i, `10.0.0.${i}/32`]) };

describe('a snapshot file', () => {
  test('gives back what was written, and has no other file beside it', async () => {
    const file = new SnapshotFile(join(folder, 'claims'));
    expect(file.read()).toEqual({ type: 'none' });
    await file.write(value);
    expect(file.read()).toEqual({ type: 'value', value });
    file.writeNow({ later: true });
    expect(file.read()).toEqual({ type: 'value', value: { later: true } });
    expect(readdirSync(folder)).toEqual(['claims']);
    file.remove();
    expect(file.read()).toEqual({ type: 'none' });
  });

  test('is known for what it is at whatever octet it was cut short', async () => {
    const file = new SnapshotFile(join(folder, 'claims'));
    await file.write(value);
    const whole = readFileSync(file.path);
    for (let length = 0; length < whole.length; length += 37) {
      writeFileSync(file.path, whole);
      truncateSync(file.path, length);
      expect(file.read().type, `cut at ${length}`).toBe('unusable');
    }
  });

  test('is known for what it is whichever octet was altered', async () => {
    const file = new SnapshotFile(join(folder, 'claims'));
    await file.write(value);
    const whole = readFileSync(file.path);
    for (let at = 0; at < whole.length; at += 41) {
      const altered = Uint8Array.from(whole);
      altered[at] = (altered[at] ?? 0) ^ 1;
      writeFileSync(file.path, altered);
      expect(file.read().type, `altered at ${at}`).toBe('unusable');
    }
  });

  test('stays as it was when there is no room, and nothing is left beside it', async () => {
    const file = new SnapshotFile(join(folder, 'claims'));
    await file.write(value);
    // What stands in the way here is a folder; a full disk fails at the same place.
    mkdirSync(`${file.path}.new`);
    await expect(file.write({ other: true })).rejects.toThrow(/EISDIR/);
    expect(file.read()).toEqual({ type: 'value', value });
  });

  test('is written where a folder cannot be flushed, as on some network file systems; what is wrong with the disk is told', async () => {
    const file = new SnapshotFile(join(folder, 'claims'));
    const handle = await open(folder);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const { sync } = prototype;
    let code = 'EINVAL';
    // What the system says of a file is true, of a folder made up.
    const flushed = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      if ((await this.stat()).isDirectory()) throw Object.assign(new Error(code), { code });
      await sync.call(this);
    });
    try {
      await file.write(value);
      code = 'EIO';
      await expect(file.write(value)).rejects.toThrow('EIO');
      expect(flushed).toHaveBeenCalledTimes(4);
    } finally {
      flushed.mockRestore();
    }
    expect(file.read()).toEqual({ type: 'value', value });
  });

  test('that cannot be looked for is not taken for one that there is not', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(new SnapshotFile(join(folder, 'file', 'claims')).read()).toEqual({
      type: 'unusable',
      reason: expect.stringContaining('ENOTDIR'),
    });
  });

  test.each([null, 5, 'text', true])('that holds %j and a good checksum is unusable', async (other) => {
    const file = new SnapshotFile(join(folder, 'claims'));
    await file.write(other);
    const clock = new ManualClock(1_000_000);
    const network = new VirtualNetwork({ restart: { snapshot: file.path } }, { clock });
    const told: (string | undefined)[] = [];
    network.on('restore-change', ({ state, reason }) => told.push(state, reason));
    clock.advance(1);
    await network.close();
    expect(told).toEqual(['unusable', `the snapshot ${file.path} is unusable: it holds something else`]);
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk is an error, told once, and tried again', async () => {
    const failures: string[] = [];
    const source = { turns: 1, snapshot: () => value, snapshotFailed: (_path: string, reason: string) => failures.push(reason) };
    const keeper = new SnapshotKeeper('/dev/full/claims', source);
    await keeper.close(true);
    expect(failures.length).toBe(1);
    expect(failures[0]).toMatch(/ENOTDIR/);
  });
});

test('a network goes on with its former life from a file, and is told of one that is cut short', async () => {
  const path = join(folder, 'claims');
  const clock = new ManualClock(1_000_000);
  const config = {
    ranges: ['10.0.0.0/16'],
    nodes: [{ name: 'a' }],
    grants: [{ node: 'a', prefix: '10.0.9.0/24', ge: 32 }],
    restart: { snapshot: path },
  };
  const first = new VirtualNetwork(config, { clock });
  first.claim({ node: 'a', prefix: '10.0.9.1/32' });
  await first.close({ restart: true });
  const second = new VirtualNetwork(config, { clock });
  expect(second.get('10.0.9.1/32')).toEqual([{ type: 'node', node: 'a' }]);
  await second.close({ restart: true });
  truncateSync(path, 100);
  const third = new VirtualNetwork(config, { clock });
  const told: (string | undefined)[] = [];
  third.on('restore-change', ({ state, reason }) => told.push(state, reason));
  clock.advance(1);
  expect(third.get('10.0.9.1/32')).toBeUndefined();
  expect(told[0]).toBe('unusable');
  expect(told[1]).toContain(`the snapshot ${path} is unusable: it was`);
  await third.close();
  expect(existsSync(path)).toBe(false);
});

test('a listener hears that a snapshot could not be written, where and why', async () => {
  // No folder, but a file.
  writeFileSync(join(folder, 'file'), '');
  const path = join(folder, 'file', 'claims');
  const network = new VirtualNetwork({ name: 'lan', restart: { snapshot: path } }, { clock: new ManualClock() });
  const told: object[] = [];
  network.on('snapshot-failure', (event) => told.push(event));
  await network.close({ restart: true });
  expect(told).toEqual([{ network: 'lan', path, reason: expect.stringContaining('ENOTDIR') }]);
});
