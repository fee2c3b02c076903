import { type ByteReader, ByteWriter } from '../../lib/bytes.js';

/** Types, lengths and values, each filled up to whole words, which its length does not count (RFC 3630 §2.3.2). @internal */
export function readTlvs(from: ByteReader): { readonly type: number; readonly value: ByteReader }[] {
  const tlvs: { readonly type: number; readonly value: ByteReader }[] = [];
  while (from.remaining > 0) {
    const type = from.u16();
    const length = from.u16();
    tlvs.push({ type, value: from.sub(length) });
    from.skip(Math.min(-length & 3, from.remaining));
  }
  return tlvs;
}

/** @internal */
export function writeTlv(to: ByteWriter, type: number, write: (value: ByteWriter) => unknown): void {
  const value = new ByteWriter();
  write(value);
  const bytes = value.finish();
  to.u16(type)
    .u16(bytes.length)
    .raw(bytes)
    .raw(new Uint8Array(-bytes.length & 3));
}
