import type { BfdChange, BfdConfig, BfdSignal, BfdTarget } from '../bfd/index.js';

/** What the main thread tells the one of BFD. @internal */
export type ToThread =
  | { readonly type: 'watch'; readonly id: number; readonly target: BfdTarget }
  | { readonly type: 'reconfigure'; readonly id: number; readonly config: BfdConfig }
  | { readonly type: 'signal'; readonly id: number; readonly diagnostic: BfdSignal }
  | { readonly type: 'close'; readonly id: number }
  /** Nobody is watched any more. */
  | { readonly type: 'end' };

/** And what it hears from there. @internal */
export type FromThread =
  /** It runs. Where it waits in the kernel, eight octets written to this descriptor say that there is a message. */
  | { readonly type: 'ready'; readonly wake: number | undefined }
  | { readonly type: 'changed'; readonly id: number; readonly change: BfdChange }
  | { readonly type: 'agreed'; readonly id: number; readonly detectionTime: number }
  | { readonly type: 'dampened'; readonly id: number; readonly until: number }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  | { readonly type: 'stalled'; readonly by: number };

/** What the thread is started with. @internal */
export interface ThreadData {
  readonly port: import('node:worker_threads').MessagePort;
  /** One number, counted up before a neighbour's loss is told: so the main thread can look for it between two pieces of other work. */
  readonly losses: Int32Array;
  /** Counts of what was dropped, of `DropCounts`. */
  readonly drops: Uint32Array;
}
