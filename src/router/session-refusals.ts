/** Why connections are turned away, a row each: the reason and a sentence for people. The documentation shows them. @public */
export const SESSION_REFUSALS = {
  'unknown-neighbour': 'no neighbour has the address',
  'unknown-node': 'no node owns the address, or it came by the port of another node',
  'limit-exceeded': 'the range has as many sessions as it may (`limit`)',
  'too-many-half-open': 'the range has as many sessions that are not established as it may (`halfOpen`)',
  'too-many-attempts': 'too many connections came from the address within a minute (`attempts`)',
  shutdown: 'the neighbour is shut down',
  'connection-collision': 'the neighbour has a session, or a connection that is weighed against ours, already (RFC 4271 §6.8)',
  'too-many-failures': 'its sessions failed five times in a row, and the pause after that is not over (RFC 4271 §8.1.1)',
} as const;

/** Why a connection is turned away; see docs/guests.md. @public */
export type SessionRefusalReason = keyof typeof SESSION_REFUSALS;
