/**
 * From two-octet AS paths to four-octet ones, on their octets (RFC 6793 §4.2.3). The paths are well-formed; `out` has room for
 * twice the input. Each function writes at `at` and returns where it ended.
 */
import { SegmentType } from '../codes.js';

/** Every number of `bytes[from, to)` in four octets. @internal */
export function widenAsPath(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  let end = at;
  for (let seg = from; seg < to; seg += 2 + 2 * countAt(bytes, seg)) end = putWide(out, end, bytes, seg, countAt(bytes, seg));
  return end;
}

/**
 * The AS_PATH `bytes[from, to)` completed by the AS4_PATH `bytes[from4, to4)`: as many leading ASes of the first as it is longer
 * by, then the second. An AS4_PATH that is longer was tampered with and does not count. Segments of a confederation count
 * nothing, go along while they lead or adjoin what goes along, and are left out of the AS4_PATH (§3, §6).
 *
 * @internal
 */
export function mergeAsPath(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number, from4: number, to4: number): number {
  let lead = pathLength(bytes, from, to, 2) - pathLength(bytes, from4, to4, 4);
  if (lead < 0) return widenAsPath(out, at, bytes, from, to);
  let end = at;
  let last = -1;
  for (let seg = from; seg < to; seg += 2 + 2 * countAt(bytes, seg)) {
    const type = bytes[seg] ?? 0;
    const count = countAt(bytes, seg);
    const confederation = type > SegmentType.sequence;
    if (lead === 0 && !confederation) break;
    const taken = type === SegmentType.sequence ? Math.min(count, lead) : count;
    last = end;
    end = putWide(out, end, bytes, seg, taken);
    if (!confederation) lead -= type === SegmentType.set ? 1 : taken;
    if (taken < count) break;
  }
  for (let seg = from4; seg < to4; seg += 2 + 4 * countAt(bytes, seg)) {
    const type = bytes[seg] ?? 0;
    const count = countAt(bytes, seg);
    if (type > SegmentType.sequence) continue;
    // The sequence that was cut in two is made one again, so that the path is the one that was sent.
    const joined = last >= 0 && type === SegmentType.sequence && out[last] === SegmentType.sequence && (out[last + 1] ?? 0) + count <= 255;
    if (joined) out[last + 1] = (out[last + 1] ?? 0) + count;
    else {
      out[end++] = type;
      out[end++] = count;
    }
    for (let i = seg + 2; i < seg + 2 + 4 * count; i++) out[end++] = bytes[i] ?? 0;
    last = -1;
  }
  return end;
}

/** ASes in a path as RFC 4271 §9.1.2.2 counts: a set is one, a confederation's segments nothing (RFC 5065 §5.3). */
function pathLength(bytes: Uint8Array, from: number, to: number, width: number): number {
  let length = 0;
  for (let seg = from; seg < to; seg += 2 + width * countAt(bytes, seg)) {
    if (bytes[seg] === SegmentType.sequence) length += countAt(bytes, seg);
    else if (bytes[seg] === SegmentType.set) length++;
  }
  return length;
}

function countAt(bytes: Uint8Array, seg: number): number {
  return bytes[seg + 1] ?? 0;
}

function putWide(out: Uint8Array, at: number, bytes: Uint8Array, seg: number, count: number): number {
  let end = at;
  out[end++] = bytes[seg] ?? 0;
  out[end++] = count;
  for (let i = 0; i < count; i++) {
    out[end++] = 0;
    out[end++] = 0;
    out[end++] = bytes[seg + 2 + 2 * i] ?? 0;
    out[end++] = bytes[seg + 3 + 2 * i] ?? 0;
  }
  return end;
}
