import type { BfdChange, BfdTarget } from '../bfd/index.js';

/** What the main thread tells the one of BFD. @internal */
export type ToThread =
  | { readonly type: 'watch'; readonly id: number; readonly target: BfdTarget }
  | { readonly type: 'close'; readonly id: number };

/** And what it hears from there. @internal */
export type FromThread =
  | { readonly type: 'changed'; readonly id: number; readonly change: BfdChange }
  | { readonly type: 'agreed'; readonly id: number; readonly detectionTime: number }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  | { readonly type: 'stalled'; readonly by: number };
