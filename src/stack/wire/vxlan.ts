/** Octets of the header: flags, reserved, VNI, reserved (RFC 7348 §5). @internal */
export const VXLAN = 8;
const VNI_VALID = 0x08;

/** The VNI of the datagram at `[start, end)`, or -1 where it has none, or no frame. @internal */
export function vniOf(b: Uint8Array, start: number, end: number): number {
  if (end - start <= VXLAN || ((b[start] ?? 0) & VNI_VALID) === 0) return -1;
  return ((b[start + 4] ?? 0) << 16) | ((b[start + 5] ?? 0) << 8) | (b[start + 6] ?? 0);
}

/** A header. @internal */
export function vxlanHeader(vni: number): Uint8Array {
  return Uint8Array.of(VNI_VALID, 0, 0, 0, (vni >> 16) & 0xff, (vni >> 8) & 0xff, vni & 0xff, 0);
}
