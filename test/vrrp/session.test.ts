import { beforeEach, describe, expect, test } from 'vitest';
import { VrrpSession } from '../../src/vrrp/index.js';

const advertisement = (priority: number, addresses = ['10.0.1.100'], interval = 1000) =>
  ({
    type: 'advertisement',
    source: '10.0.1.10',
    advertisement: { version: 3, virtualRouterId: 1, priority, interval, addresses },
  }) as const;

let session: VrrpSession;
beforeEach(() => {
  session = new VrrpSession();
});

describe('a node that advertises', () => {
  test('claims once, and again only when something changed', () => {
    expect(session.handle(advertisement(100), 0)).toEqual([
      { type: 'claim', addresses: ['10.0.1.100'], priority: 100, source: '10.0.1.10' },
    ]);
    expect(session.handle(advertisement(100), 1000)).toEqual([]);
    expect(session.handle(advertisement(90), 2000)).toMatchObject([{ type: 'claim', priority: 90 }]);
    expect(session.handle(advertisement(90, ['10.0.1.101']), 3000)).toMatchObject([{ type: 'claim', addresses: ['10.0.1.101'] }]);
  });

  test('loses its claim after the Active_Down_Interval of the lowest priority, whatever interval it had', () => {
    for (const interval of [10, 1000, 40_950]) {
      session = new VrrpSession();
      session.handle(advertisement(100, ['10.0.1.100'], interval), 0);
      const due = session.deadline ?? 0;
      expect(due).toBeCloseTo(3 * interval + (255 / 256) * interval, 6);
      expect(session.tick(due - 0.01)).toEqual([]);
      expect(session.tick(due)).toEqual([{ type: 'release', silence: due }]);
      expect([session.state, session.deadline]).toEqual(['absent', undefined]);
    }
  });

  test('is believed for longer with each advertisement', () => {
    session.handle(advertisement(100), 0);
    session.handle(advertisement(100), 3000);
    expect(session.tick(6900)).toEqual([]);
    expect(session.tick(7000)).toMatchObject([{ type: 'release' }]);
  });

  test('and resigns with priority 0 is gone at once', () => {
    expect(session.handle(advertisement(0), 0)).toEqual([]);
    session.handle(advertisement(100), 0);
    expect(session.handle(advertisement(0), 10)).toEqual([{ type: 'release', silence: undefined }]);
    expect(session.deadline).toBeUndefined();
  });
});
