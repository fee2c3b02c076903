/** A numeric column: one typed array, a row an index. @internal */
export type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** Rooms that a column has one after the other. The last is that of a full table twice over. */
const ROOMS: readonly number[] = [64, 512, 4096, 32_768, 131_072, 2 ** 21];

/**
 * How many rows to make room for when `rows` are needed.
 *
 * Growth is by large factors on purpose: memory that the system zeroes lazily costs nothing until it is written, while what is
 * copied is written twice. So growing rarely and far keeps the stall (one copy of what is there), the peak and the time small. But what is
 * promised to a table counts as memory with the engine, which collects garbage over it: only what has passed a hundred thousand rows is taken for
 * a full table. Past that it doubles: a typed array has its limits, and so has a small machine.
 *
 * @internal
 */
export function roomFor(rows: number, now: number): number {
  if (rows <= now) return now;
  for (const room of ROOMS) if (room >= rows) return room;
  let room = Math.max(now, ROOMS.at(-1) ?? 0);
  while (room < rows) room *= 2;
  return room;
}

/**
 * Touches the first `rows` rows: the system gives memory page by page as it is first written, and that can cost a large table more than
 * all that is then done with it. What stands there stays.
 *
 * @internal
 */
export function touch(column: Column, rows: number): void {
  const octets = new Uint8Array(column.buffer, column.byteOffset, Math.min(column.byteLength, rows * column.BYTES_PER_ELEMENT));
  for (let at = 0; at < octets.length; at += PAGE) octets[at] = octets[at] as number; // at is inside
}
const PAGE = 4096;

/** A copy of `column` with room for `room` rows, the new ones 0. @internal */
export function widen<C extends Column>(column: C, room: number): C {
  // Every typed array is constructed by its length.
  const wider = new (column.constructor as new (length: number) => C)(room);
  wider.set(column as never);
  return wider;
}
