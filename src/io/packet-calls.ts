import { type Libc, libc } from './libc.js';

/** Calls that move many packets without a promise or an object for each. */
export interface PacketCalls {
  readonly libc: Libc;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  read(fd: number, buffer: Uint8Array, length: number): number;
  write(fd: number, buffer: Uint8Array, length: number): number;
  recvmmsg(fd: number, messages: Uint8Array, count: number, flags: number, timeout: null): number;
  sendmmsg(fd: number, messages: Uint8Array, count: number, flags: number): number;
  epollCreate(flags: number): number;
  epollControl(epoll: number, operation: number, fd: number, event: Uint8Array): number;
  epollWait(epoll: number, events: Uint8Array, most: number, timeout: number): number;
  /** On a thread of libuv's pool; calls back from the event loop. */
  epollWaitAsync(epoll: number, events: Uint8Array, most: number, timeout: number, done: (error: unknown, count: number) => void): void;
  eventfd(value: number, flags: number): number;
}

let loaded: Promise<PacketCalls> | undefined;

/** Loads them once. Rejects with a `UsageError` (`NATIVE_MISSING`) that says for what they are wanted. */
export async function packetCalls(wanted: string): Promise<PacketCalls> {
  const base = await libc(wanted);
  loaded ??= load(base);
  return loaded;
}

async function load(base: Libc): Promise<PacketCalls> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load('libc.so.6');
  const epollWait = library.func('int epoll_wait(int epoll, _Out_ void *events, int most, int timeout)');
  return {
    libc: base,
    ioctl: library.func('int ioctl(int fd, unsigned long request, _Inout_ void *argument)'),
    read: library.func('intptr_t read(int fd, _Out_ void *buffer, uintptr_t length)'),
    write: library.func('intptr_t write(int fd, const void *buffer, uintptr_t length)'),
    recvmmsg: library.func('int recvmmsg(int fd, void *messages, unsigned int count, int flags, void *timeout)'),
    sendmmsg: library.func('int sendmmsg(int fd, void *messages, unsigned int count, int flags)'),
    epollCreate: library.func('int epoll_create1(int flags)'),
    epollControl: library.func('int epoll_ctl(int epoll, int operation, int fd, const void *event)'),
    epollWait,
    epollWaitAsync: (epoll, events, most, timeout, done) => void epollWait.async(epoll, events, most, timeout, done),
    eventfd: library.func('int eventfd(unsigned int value, int flags)'),
  };
}
