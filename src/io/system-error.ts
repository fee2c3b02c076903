/** Why a call of the system failed: "ENOENT: no such file or directory, open '...'" without its ends. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /^[A-Z]+: ([^,]+),/.exec(error.message)?.[1] ?? error.message;
}
