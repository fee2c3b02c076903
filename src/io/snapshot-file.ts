import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const FORMAT = 'virtual-router snapshot 1';
/** Of a folder: the system does not flush such, or lets nobody open it who may write in it. */
const UNFLUSHABLE = new Set<string | undefined>(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM', 'EACCES', 'EISDIR', 'EBADF']);

/** What a file holds: nothing, a value, or something else. @internal */
export type SnapshotRead =
  | { readonly type: 'none' }
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'unusable'; readonly reason: string };

/**
 * A value in a file, whole or not at all: it is written beside the file, flushed, and put in its place by renaming. Its first line has
 * its length and SHA-256, so that a file cut short or altered is known for what it is.
 *
 * @internal
 */
export class SnapshotFile {
  constructor(readonly path: string) {}

  /** Reads it, at once. Does not throw. */
  read(): SnapshotRead {
    try {
      const bytes = readFileSync(this.path);
      const end = bytes.indexOf(10);
      const head = end < 0 ? undefined : bytes.subarray(0, end).toString('latin1');
      const body = bytes.subarray(end + 1);
      if (head === undefined || !head.startsWith(FORMAT)) return { type: 'unusable', reason: 'it is no snapshot of this version' };
      if (head !== header(body)) {
        const length = Number(/ (\d+) /.exec(head.slice(FORMAT.length))?.[1]);
        const reason = length > body.length ? `it was cut short, at ${body.length} of ${length} octets` : 'its checksum does not match';
        return { type: 'unusable', reason };
      }
      return { type: 'value', value: JSON.parse(body.toString('utf8')) };
    } catch (error) {
      // Of a folder that may not be looked into nobody knows that there is no file.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { type: 'none' };
      return { type: 'unusable', reason: messageOf(error) };
    }
  }

  /** Rejects with the system's error, and leaves the file as it was. */
  async write(value: unknown): Promise<void> {
    const body = Buffer.from(JSON.stringify(value));
    let file: FileHandle | undefined;
    try {
      file = await open(this.#beside, 'w', 0o600);
      await file.writeFile(`${header(body)}\n`);
      await file.writeFile(body);
      await file.sync();
      await file.close();
      file = undefined;
      await rename(this.#beside, this.path);
      await this.#flushFolder();
    } catch (error) {
      await file?.close().catch(() => {});
      await rm(this.#beside, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** What was renamed is there all the same where a folder cannot be flushed: on Windows, on some network file systems. */
  async #flushFolder(): Promise<void> {
    let folder: FileHandle | undefined;
    try {
      folder = await open(dirname(this.path), 'r');
      await folder.sync();
    } catch (error) {
      if (!UNFLUSHABLE.has((error as NodeJS.ErrnoException).code)) throw error;
    } finally {
      await folder?.close();
    }
  }

  /** {@link SnapshotFile.write} at once, for a process that is about to end. Throws the system's error. */
  writeNow(value: unknown): void {
    const body = Buffer.from(JSON.stringify(value));
    const beside = `${this.#beside}-now`;
    try {
      const file = openSync(beside, 'w', 0o600);
      try {
        for (const part of [Buffer.from(`${header(body)}\n`), body]) for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(beside, this.path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  }

  /** Harmless where there is none. */
  remove(): void {
    rmSync(this.path, { force: true });
  }

  get #beside(): string {
    return `${this.path}.new`;
  }
}

/** `<format> <length> <sha256>`. */
function header(body: Uint8Array): string {
  return `${FORMAT} ${body.length} ${createHash('sha256').update(body).digest('hex')}`;
}

/** The system's words for what went wrong. @internal */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
