/**
 * What others' captures and test data have of malformed messages, each said by a guest to a router: the session does what RFC 7606 and
 * RFC 4271 ask for, and another guest does not notice.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { available, captures, VECTOR_FOLDERS, vectors } from '../support/corpora.js';
import { hex } from '../support/hex.js';
import { fourOctet, framed, malformedLab, type Outcome, right, twoOctet } from '../support/malformed-lab.js';

/**
 * Captures that are malformed on purpose, and how often what became of their messages. Taken are those that are well-formed beside what is
 * wrong with others, those in families that are not spoken here, and those that end before their length, after which more may come.
 */
const MALFORMED: Readonly<Record<string, Readonly<Partial<Record<Outcome, number>>>>> = {
  'tcpdump/bgp-as-path-oobr.pcap': { '1/1': 73, '3/1': 1, '3/2': 131, '3/5': 66, taken: 201 },
  'tcpdump/bgp-bgp_capabilities_print-oobr-1.pcap': { '1/1': 1, '2/1': 1, taken: 1 },
  'tcpdump/bgp-infinite-loop.pcap': { '1/2': 4, taken: 4 },
  'tcpdump/bgp-malformed-hard-reset.pcap': { closed: 1 },
  'tcpdump/bgp-ub.pcap': { '1/1': 12, '1/3': 1, '3/1': 2, '3/2': 6, '3/4': 2, '3/5': 2, '3/10': 2, taken: 10 },
  'tcpdump/bgp_mvpn_6_and_7_oobr.pcap': { '1/1': 1, '3/1': 1 },
  'tcpdump/bgp_notification_rr_msg_error.pcap': { closed: 1 },
  'tcpdump/bgpsec_invalid_signature_block_length.pcap': { 'treat-as-withdraw': 1 },
  'tcpdump/tok2str-oobr-1.pcap': { '3/1': 1, taken: 3 },
};

describe.skipIf(!available)('a router is told', () => {
  let all: Awaited<ReturnType<typeof malformedLab>>;
  beforeAll(async () => {
    all = await malformedLab();
  });

  test.each(VECTOR_FOLDERS)('the messages of the vectors of %s', (name) => {
    const wrong: string[] = [];
    for (const { id, kind, hex: octets, derived_update_hex, session } of vectors(name)) {
      const body = kind === 'update-body' ? 2 : kind === 'open-body' ? 1 : undefined;
      const whole = derived_update_hex ?? (kind === 'message' || kind === 'fuzz-message' || body ? octets : undefined);
      if (whole === undefined) continue;
      const bytes = body === undefined || derived_update_hex ? hex(whole) : framed(body, hex(whole));
      for (const context of session ? [session.asn4 === false ? twoOctet : fourOctet] : [fourOctet, twoOctet]) {
        const outcome = all.becomes(bytes, context);
        const expected = right(bytes, context);
        if (expected?.includes(outcome) === false) wrong.push(`${id}: ${outcome}, not ${expected} ${whole.slice(0, 200)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(all.undisturbed()).toBe(true);
  });

  test('the messages of captures', () => {
    const wrong: string[] = [];
    const seen: Record<string, Record<string, number>> = {};
    for (const { name, messages } of captures()) {
      for (const { hex: octets } of messages) {
        const bytes = hex(octets);
        for (const context of [fourOctet, twoOctet]) {
          const outcome = all.becomes(bytes, context);
          const expected = right(bytes, context);
          if (expected?.includes(outcome) === false) wrong.push(`${name}: ${outcome}, not ${expected} ${octets.slice(0, 200)}`);
          if (!(name in MALFORMED) || context === twoOctet) continue;
          seen[name] ??= {};
          seen[name][outcome] = (seen[name][outcome] ?? 0) + 1;
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(seen).toEqual(MALFORMED);
    expect(all.undisturbed()).toBe(true);
  });
});
