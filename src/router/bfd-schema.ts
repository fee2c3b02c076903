import type { BfdConfig } from '../bfd/index.js';
import { SCHEMES } from '../bfd/wire/index.js';
import { encodeUtf8 } from '../bgp/wire/text.js';
import type { Path, Problems } from '../lib/validate.js';

/** BFD's configuration, held to itself: keys fit their type, one an id. @internal */
export function checkBfd(bfd: BfdConfig | undefined, at: Path, problems: Problems): void {
  const { authentication, multihop, echo, checkTtl } = bfd ?? {};
  if (multihop && echo !== undefined) problems.add([...at, 'echo'], 'expected no echo over several hops (RFC 5883 §3)');
  if (multihop && checkTtl) problems.add([...at, 'checkTtl'], 'expected false or nothing, as the TTL says nothing over several hops');
  if (!authentication) return;
  const ids = new Set<number>();
  const most = SCHEMES[authentication.type].size;
  for (const [i, { id, secret }] of authentication.keys.entries()) {
    const here = [...at, 'authentication', 'keys', i] as const;
    if (ids.has(id)) problems.add([...here, 'id'], `expected each id once, got ${id} again`);
    ids.add(id);
    if (typeof secret === 'string' && encodeUtf8(secret).length > most)
      problems.add([...here, 'secret'], `expected at most ${most} octets, which is what ${authentication.type} takes`);
  }
}
