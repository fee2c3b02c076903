import type { Family } from '../../../lib/address.js';
import type { ByteReader, ByteWriter } from '../../../lib/bytes.js';
import { LsTypeV3 } from '../codes.js';
import { readFamilyAddress, writeFamilyAddress } from '../family.js';
import { readPrefix, writePrefix } from '../prefix.js';
import type { IntraAreaPrefixBody, LinkBody, LinkPrefix } from '../values.js';
import type { LsaRow } from './row.js';

/** Link LSAs (RFC 5340 A.4.9). @internal */
export const link: LsaRow<LinkBody> = {
  v3: {
    lsType: LsTypeV3.link,
    scope: 'link',
    decode(from, _header, { family }) {
      const priority = from.u8();
      const options = from.u24();
      const linkLocal = readFamilyAddress(from, family);
      return { type: 'link', priority, options, linkLocal, prefixes: readPrefixes(from, from.u32(), family) };
    },
    encode(to, body) {
      writeFamilyAddress(to.u8(body.priority).u24(body.options), body.linkLocal).u32(body.prefixes.length);
      for (const prefix of body.prefixes) writeLinkPrefix(to, prefix);
    },
  },
};

/** Intra-area-prefix LSAs (RFC 5340 A.4.10). @internal */
export const intraAreaPrefix: LsaRow<IntraAreaPrefixBody> = {
  v3: {
    lsType: LsTypeV3.intraAreaPrefix,
    scope: 'area',
    decode(from, _header, { family }) {
      const count = from.u16();
      const referenced = { lsType: from.u16(), id: from.u32(), advertisingRouter: from.u32() };
      return { type: 'intra-area-prefix', referenced, prefixes: readPrefixes(from, count, family) };
    },
    encode(to, { referenced, prefixes }) {
      to.u16(prefixes.length).u16(referenced.lsType).u32(referenced.id).u32(referenced.advertisingRouter);
      for (const prefix of prefixes) writeLinkPrefix(to, prefix);
    },
  },
};

function readPrefixes(from: ByteReader, count: number, family: Family): LinkPrefix[] {
  const prefixes: LinkPrefix[] = [];
  // Four octets each at the least: a count that lies ends where the octets do.
  for (let i = 0; i < count; i++) {
    const length = from.u8();
    const options = from.u8();
    const metric = from.u16();
    prefixes.push({ prefix: readPrefix(from, length, family), options, metric });
  }
  return prefixes;
}

function writeLinkPrefix(to: ByteWriter, { prefix, options, metric }: LinkPrefix): void {
  writePrefix(to.u8(prefix.length).u8(options).u16(metric), prefix);
}
