/**
 * Whether nobody can hold an IPv4 prefix, whatever is granted (RFC 6890 §2.2.2, RFC 1122 §3.2.1.3): 0.0.0.0/8, 127.0.0.0/8, multicast and
 * the limited broadcast. A default route and its halves cover these and are none of them; private, link-local and class E addresses are
 * some network's.
 *
 * @internal
 */
export function isMartian4(a: number, length: number): boolean {
  const first = a >>> 24;
  return a >>> 28 === 14 || (length >= 8 && (first === 0 || first === 127)) || (length === 32 && a >>> 0 === 0xffff_ffff);
}

/** The same of IPv6 (RFC 6890 §2.2.3, RFC 4291 §2.5.5.2): ::, ::1, IPv4-mapped addresses, multicast. @internal */
export function isMartian6(a: number, b: number, c: number, d: number, length: number): boolean {
  if (a >>> 24 === 0xff) return true;
  if (a !== 0 || b !== 0) return false;
  return (length === 128 && c === 0 && d >>> 0 <= 1) || (length >= 96 && c === 0xffff);
}
