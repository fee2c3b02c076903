/** temporary */
export interface PolicyResult {
  readonly verdict: 'accept' | 'reject';
  readonly changes?: object;
  readonly preference?: number;
  readonly rule?: string;
  readonly reason?: string;
}
export interface Policy {
  readonly needsPrefix: boolean;
  evaluate(route: object): PolicyResult;
}
export function applyChanges<T>(attributes: T, _changes: object, _o: object): T {
  return attributes;
}
export function compilePolicy(_p: unknown, _l: unknown, _o: unknown): Policy {
  throw new Error('temporary');
}
