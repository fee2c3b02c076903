/** RFC 2328 D.4.3 (MD5), RFC 5709 (the others, in OSPFv2), RFC 7166 (the others, in OSPFv3). @public */
export type OspfHash = 'md5' | 'hmac-sha-1' | 'hmac-sha-256' | 'hmac-sha-384' | 'hmac-sha-512';

/** A key, and when it counts. Times are milliseconds since the Unix epoch; absent: without end. @internal */
export interface OspfKey {
  /** 0 to 255 in OSPFv2, 0 to 65535 (a security association) in OSPFv3. */
  readonly id: number;
  /** `md5` is OSPFv2's alone. */
  readonly hash: OspfHash;
  readonly secret: Uint8Array;
  readonly sendFrom?: number | undefined;
  readonly sendUntil?: number | undefined;
  readonly acceptFrom?: number | undefined;
  readonly acceptUntil?: number | undefined;
}

/** How packets of an interface are authenticated. @internal */
export type Authentication =
  | { readonly type: 'null' }
  /** OSPFv2: up to eight octets in clear. */
  | { readonly type: 'simple'; readonly password: Uint8Array }
  | {
      readonly type: 'cryptographic';
      readonly keys: readonly OspfKey[];
      /** OSPFv2: the sequence number has 64 bits and the digest covers the source (RFC 7474). In OSPFv3 that is always so. */
      readonly extended?: boolean;
    };
