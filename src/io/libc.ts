import { UsageError } from '../lib/errors.js';

/** Calls into the C library, for what Node has no words for. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  errno(): number;
  /** Where a buffer lies in memory, for structures that point to others. */
  address(buffer: Uint8Array): bigint;
}

let loaded: Promise<Libc> | undefined;

/**
 * The C library of this Linux. Loaded when first asked for, through koffi, which is optional. Rejects with a `UsageError`
 * (`NATIVE_MISSING`) that says for what it is wanted.
 */
export async function libc(wanted: string): Promise<Libc> {
  try {
    loaded ??= load();
    return await loaded;
  } catch (error) {
    loaded = undefined;
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UsageError('NATIVE_MISSING', `${wanted} takes Linux and the optional package koffi: ${why}`);
  }
}

async function load(): Promise<Libc> {
  if (process.platform !== 'linux') throw new Error(`this is ${process.platform}`);
  const { default: koffi } = await import('koffi');
  const library = koffi.load('libc.so.6');
  return {
    socket: library.func('int socket(int domain, int type, int protocol)'),
    setsockopt: library.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
    bind: library.func('int bind(int fd, const void *address, uint32_t length)'),
    close: library.func('int close(int fd)'),
    errno: () => koffi.errno(),
    address: (buffer) => BigInt(koffi.address(buffer)),
  };
}
