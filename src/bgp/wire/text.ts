/** UTF-8, strictly (RFC 3629): the core knows neither Node's Buffer nor the browser's TextDecoder. */

/** The text of some octets, or undefined where they are no UTF-8. @internal */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at++] ?? 0;
    const more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (more < 0 || at + more > bytes.length) return undefined;
    let point = more === 0 ? first : first & (0x3f >> more);
    for (let i = 0; i < more; i++) {
      const next = bytes[at++] ?? 0;
      if ((next & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (next & 0x3f);
    }
    const shortest = more < 2 || point >= (more === 2 ? 0x800 : 0x1_0000);
    if (!shortest || point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}

/** The octets of a text, at most `limit`: cut between two characters. A lone surrogate becomes U+FFFD. @internal */
export function encodeUtf8(text: string, limit = Number.POSITIVE_INFINITY): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const given = character.codePointAt(0) ?? 0;
    const point = given >= 0xd800 && given <= 0xdfff ? 0xfffd : given;
    const more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x1_0000 ? 2 : 3;
    if (bytes.length + more + 1 > limit) break;
    if (more === 0) bytes.push(point);
    else bytes.push(((0xf00 >> (more + 1)) & 0xff) | (point >> (6 * more)));
    for (let i = more - 1; i >= 0; i--) bytes.push(0x80 | ((point >> (6 * i)) & 0x3f));
  }
  return Uint8Array.from(bytes);
}
