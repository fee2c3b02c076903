/** Numbers of RFC 5880 §4.1, named once. */

/** In the order of their numbers. @public */
export type BfdState = 'admin-down' | 'down' | 'init' | 'up';

/** @internal */
export const STATES: readonly BfdState[] = ['admin-down', 'down', 'init', 'up'];

/** Why a session went down last, in the order of their numbers. @public */
export type BfdDiagnostic =
  | 'none'
  | 'detection-time-expired'
  | 'echo-failed'
  | 'neighbour-signalled-down'
  | 'forwarding-plane-reset'
  | 'path-down'
  | 'concatenated-path-down'
  | 'administratively-down'
  | 'reverse-concatenated-path-down';

/** @internal */
export const DIAGNOSTICS: readonly BfdDiagnostic[] = [
  'none',
  'detection-time-expired',
  'echo-failed',
  'neighbour-signalled-down',
  'forwarding-plane-reset',
  'path-down',
  'concatenated-path-down',
  'administratively-down',
  'reverse-concatenated-path-down',
];

/** UDP ports: RFC 5881 §4, RFC 5883 §5. @internal */
export const BfdPort = { singleHop: 3784, echo: 3785, multihop: 4784 } as const;

/** Bits of the second octet, under the state's two. @internal */
export const Bit = {
  poll: 0x20,
  final: 0x10,
  controlPlaneIndependent: 0x08,
  authentication: 0x04,
  demand: 0x02,
  multipoint: 0x01,
} as const;
