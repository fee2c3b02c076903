/**
 * What glibc maps by itself at most, and so what it may learn from: the default of its M_MMAP_THRESHOLD goes up to 32 MB (mallopt(3), "dynamic mmap
 * threshold").
 */
const LESSON = 31 << 20;

let kept = false;

/**
 * Has the process keep what it frees, up to 62 MB at the end of its heap, instead of giving it back to the system at once. For each datagram Node
 * makes a store of 64 KB and frees it soon after; by glibc's default of 128 KB nearly each of them is memory that the system must find and
 * clear anew, which costs more than all that is done with the datagram. glibc raises that bound by itself when something large is freed: so one
 * large store is made, which nobody touches and so takes no memory, and is garbage.
 */
export function keepFreedMemory(): void {
  if (kept) return;
  kept = true;
  new ArrayBuffer(LESSON);
}
