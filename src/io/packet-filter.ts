import type { Libc } from './libc.js';

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

/** An instruction of the classic BPF machine (`struct sock_filter`): code, jumps if true and if false, operand. */
export type Instruction = readonly [code: number, yes: number, no: number, operand: number];

/** Has the kernel give a socket only what a program lets pass. Negative where it refuses, with `errno`. */
export function attachFilter(c: Libc, fd: number, instructions: readonly Instruction[]): number {
  const program = new DataView(new ArrayBuffer(instructions.length * 8));
  instructions.forEach(([code, yes, no, operand], i) => {
    program.setUint16(i * 8, code, true);
    program.setUint8(i * 8 + 2, yes);
    program.setUint8(i * 8 + 3, no);
    program.setUint32(i * 8 + 4, operand, true);
  });
  const bytes = new Uint8Array(program.buffer);
  // `struct sock_fprog`: how many, and where they are.
  const pointer = new DataView(new ArrayBuffer(16));
  pointer.setUint16(0, instructions.length, true);
  pointer.setBigUint64(8, c.address(bytes), true);
  return c.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(pointer.buffer), 16);
}
