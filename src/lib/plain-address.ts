const DOT = 46;
const COLON = 58;
const ZERO = 48;

/**
 * The 4 octets of `192.0.2.1`; `undefined` for anything that is not four decimal numbers up to 255 without leading zeros.
 *
 * @internal
 */
export function plainIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let at = 0;
  let octet = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || at === 3) return undefined;
      bytes[at++] = octet;
      octet = digits = 0;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && octet === 0)) return undefined;
    octet = octet * 10 + digit;
    if (octet > 255) return undefined;
    digits++;
  }
  if (digits === 0 || at < 3) return undefined;
  bytes[at] = octet;
  return bytes;
}

/**
 * The 16 octets of an IPv6 address in groups of hex digits, with `::` for one or more of zero (RFC 4291 §2.2, forms 1 and 2);
 * `undefined` for anything else, a dotted tail and a zone among it.
 *
 * @internal
 */
export function plainIpv6(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  let at = 0;
  /** The octet before which `::` stands. */
  let gap = -1;
  let group = 0;
  let digits = 0;
  let i = 0;
  if (text.startsWith('::')) [gap, i] = [0, 2];
  for (; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : COLON;
    if (code !== COLON) {
      const digit = hexDigit(code);
      if (digit < 0 || digits === 4) return undefined;
      group = (group << 4) | digit;
      digits++;
      continue;
    }
    if (digits === 0) {
      // Only `::` ends without a group.
      if (i < text.length || gap !== at) return undefined;
      break;
    }
    if (at === 16) return undefined;
    bytes[at] = group >> 8;
    bytes[at + 1] = group;
    at += 2;
    group = digits = 0;
    if (text.charCodeAt(i + 1) === COLON) {
      if (gap >= 0) return undefined;
      gap = at;
      i++;
    }
  }
  if (gap < 0) return at === 16 ? bytes : undefined;
  if (at === 16) return undefined;
  const end = 16 - (at - gap);
  bytes.copyWithin(end, gap, at);
  return bytes.fill(0, gap, end);
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= 57) return code - ZERO;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
