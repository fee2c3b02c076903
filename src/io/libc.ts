import { UsageError } from '../lib/errors.js';

/** Calls into the C library, for what Node has no words for. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  sendto(fd: number, bytes: Uint8Array, length: number, flags: number, to: Uint8Array, toLength: number): number;
  /** `from` gets the sender's address, `fromLength` (one element) says how much room there is and how much was used. */
  recvfrom(fd: number, into: Uint8Array, length: number, flags: number, from: Uint8Array, fromLength: Uint32Array): number;
  /** The message's buffers are those that `header`, a `struct msghdr`, points to. */
  recvmsg(fd: number, header: Uint8Array, flags: number): number;
  /** Several messages: `headers` are of `struct mmsghdr`, one after the other. Return how many were received, or sent. */
  recvmmsg(fd: number, headers: Uint8Array, count: number, flags: number, timeout: null): number;
  sendmmsg(fd: number, headers: Uint8Array, count: number, flags: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  read(fd: number, into: Uint8Array, length: number): number;
  write(fd: number, bytes: Uint8Array, length: number): number;
  close(fd: number): number;
  eventfd(initial: number, flags: number): number;
  epollCreate(flags: number): number;
  epollControl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epollWait(epoll: number, events: Uint8Array, most: number, milliseconds: number): number;
  /** The same on a thread of libuv's pool, which it holds as long as it waits. */
  epollWaiting(epoll: number, events: Uint8Array, most: number, milliseconds: number, done: (failed: unknown, ready: number) => void): void;
  timerCreate(clock: number, flags: number): number;
  /** Of a thread by its number, 0 the calling one; `parameter` is a `struct sched_param`. */
  schedule(thread: number, policy: number, parameter: Uint8Array): number;
  timerSet(fd: number, flags: number, value: BigInt64Array, before: null): number;
  interfaceIndex(name: string): number;
  /** `into` has room for 16 octets. Null where there is none. */
  interfaceName(index: number, into: Uint8Array): string | null;
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
  const epollWait = library.func('int epoll_wait(int epoll, _Out_ void *events, int most, int milliseconds)');
  return {
    socket: library.func('int socket(int domain, int type, int protocol)'),
    setsockopt: library.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
    getsockopt: library.func('int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ void *length)'),
    bind: library.func('int bind(int fd, const void *address, uint32_t length)'),
    sendto: library.func('int sendto(int fd, const void *bytes, size_t length, int flags, const void *to, uint32_t toLength)'),
    recvfrom: library.func('int recvfrom(int fd, _Out_ void *into, size_t length, int flags, _Out_ void *from, _Inout_ uint32_t *used)'),
    recvmsg: library.func('int recvmsg(int fd, void *header, int flags)'),
    recvmmsg: library.func('int recvmmsg(int fd, void *headers, unsigned int count, int flags, void *timeout)'),
    sendmmsg: library.func('int sendmmsg(int fd, void *headers, unsigned int count, int flags)'),
    ioctl: library.func('int ioctl(int fd, unsigned long request, _Inout_ void *argument)'),
    write: library.func('int write(int fd, const void *bytes, size_t length)'),
    read: library.func('int read(int fd, _Out_ void *into, size_t length)'),
    eventfd: library.func('int eventfd(unsigned int initial, int flags)'),
    epollCreate: library.func('int epoll_create1(int flags)'),
    epollControl: library.func('int epoll_ctl(int epoll, int operation, int fd, const void *event)'),
    epollWait,
    epollWaiting: (epoll, events, most, milliseconds, done) => epollWait.async(epoll, events, most, milliseconds, done),
    schedule: library.func('int sched_setscheduler(int pid, int policy, const void *parameter)'),
    timerCreate: library.func('int timerfd_create(int clock, int flags)'),
    timerSet: library.func('int timerfd_settime(int fd, int flags, const void *value, void *before)'),
    interfaceIndex: library.func('unsigned int if_nametoindex(const char *name)'),
    interfaceName: library.func('const char *if_indextoname(unsigned int index, _Out_ void *into)'),
    close: library.func('int close(int fd)'),
    errno: () => koffi.errno(),
    address: (buffer) => BigInt(koffi.address(buffer)),
  };
}
