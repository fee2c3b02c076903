import { encodeMessage, type PathAttributes, type Update, type WireContext } from '../../../bgp/wire/index.js';
import { VERDICTS } from '../../../claims/reasons.js';
import { formatAddress } from '../../../lib/address.js';
import type { Cancel, Millis } from '../../../lib/clock.js';
import type { AdjRibOut } from '../../../rib/adj-rib-out.js';
import type { Rib } from '../../../rib/rib.js';

/** Second parts of the large communities on an echo: the verdict's number, and whether the claim holds the prefix (1) or not (0). */
export const VERDICT_COMMUNITY = 1001;
export const HOLDS_COMMUNITY = 1002;
/** NO_ADVERTISE (RFC 1997): an echo goes no further. */
const NO_ADVERTISE = '65535:65282';
/** Claims of a guest that are echoed at most: who has more asks with `why`. */
export const MOST_ECHOES = 4096;
/** Changes are gathered for so long. */
const PAUSE: Millis = 100;
/** The code of an echo that is to be sent again, whatever it is. */
const UNHEARD = -1;
/** Where several paths are sent: the path identifier of echoes, which no row of the RIB has. */
const PATH_ID = 0xffff_fffe;

/** What an echo needs of the session. @internal */
export interface EchoSession {
  readonly feed: number;
  readonly localAs: number;
  readonly external: boolean;
  readonly nextHop4: Uint8Array | undefined;
  readonly nextHop6: Uint8Array | undefined;
  readonly context: WireContext;
  /** Each family that is spoken, with what the guest is told of it besides. */
  readonly lanes: readonly { readonly adjRibOut: AdjRibOut }[];
  send(bytes: Uint8Array): void;
  writable(): boolean;
}

/**
 * Tells a guest what became of its claims: each is sent back to it, with two large communities that name the verdict and whether the
 * claim holds the prefix. An echo has the lowest preference there is and goes no further; a guest's own route goes before it. A prefix
 * that another's route is told of is not echoed, unless several paths are sent: that route says enough.
 *
 * @internal
 */
export class VerdictEcho {
  /** What was echoed, by family, prefix and its id: the communities' last parts. */
  readonly #told = new Map<Rib, Map<number, { readonly code: number; readonly prefix: string }>>();
  #due: Cancel | undefined;

  constructor(
    private readonly session: EchoSession,
    private readonly after: (time: Millis, call: () => void) => Cancel,
  ) {}

  /** Something may have changed. */
  note(): void {
    this.#due ??= this.after(PAUSE, () => {
      this.#due = undefined;
      this.#look();
    });
  }

  /** It wants to hear everything of a family again: the echoes follow the answer. */
  again(ipv6: boolean): void {
    for (const [rib, told] of this.#told) {
      if (rib.ipv6 === ipv6) for (const [id, { prefix }] of told) told.set(id, { code: UNHEARD, prefix });
    }
    this.#due?.();
    this.#due = undefined;
    this.note();
  }

  stop(): void {
    this.#due?.();
    for (const [rib, told] of this.#told) for (const id of told.keys()) this.#letGo(rib, told, id);
  }

  /** What is echoed keeps its prefix's id from being another's. */
  #letGo(rib: Rib, told: Map<number, unknown>, id: number): void {
    if (told.delete(id) && rib.records.hold(id, -1) === 0) rib.tidy(id);
  }

  #look(): void {
    const { session } = this;
    if (!session.writable()) {
      this.note();
      return;
    }
    for (const { adjRibOut } of session.lanes) {
      const { rib } = adjRibOut;
      // What waits there may be about the same prefixes.
      if (adjRibOut.waiting > 0) {
        this.note();
        continue;
      }
      const several = adjRibOut.paths !== undefined;
      const told = this.#told.get(rib) ?? new Map<number, { readonly code: number; readonly prefix: string }>();
      this.#told.set(rib, told);
      const now = this.#codes(rib);
      for (const [id, code] of now) {
        const before = told.get(id)?.code;
        if (!several && adjRibOut.told(id)) this.#letGo(rib, told, id);
        else if (before !== code) {
          const prefix = rib.prefixes.format(id);
          if (before === undefined) rib.records.hold(id, 1);
          told.set(id, { code, prefix });
          session.send(this.#announcement(rib, prefix, code, several));
        }
      }
      for (const [id, { prefix }] of told) {
        if (now.has(id)) continue;
        if (several || !adjRibOut.told(id)) session.send(this.#withdrawal(rib, prefix, several));
        this.#letGo(rib, told, id);
      }
    }
  }

  /** Verdict, times two, plus whether the claim holds: of the first {@link MOST_ECHOES} claims. */
  #codes(rib: Rib): Map<number, number> {
    const codes = new Map<number, number>();
    for (let at = rib.firstOf(this.session.feed); at !== 0 && codes.size < MOST_ECHOES; at = rib.afterOf(at - 1)) {
      const row = at - 1;
      const prefix = rib.claims.prefixOf(row);
      const code = rib.verdictOf(row) * 2 + (rib.records.bestOf(prefix) === at ? 1 : 0);
      // Of several paths the best counts: one that holds, else one that is accepted.
      const before = codes.get(prefix);
      if (before === undefined || (before % 2 === 0 && (code % 2 === 1 || code === 0))) codes.set(prefix, code);
    }
    return codes;
  }

  #announcement(rib: Rib, prefix: string, code: number, several: boolean): Uint8Array {
    const { localAs, external, nextHop4, nextHop6, context } = this.session;
    const attributes: PathAttributes = {
      origin: 'incomplete',
      asPath: external ? [{ type: 'sequence', asns: [localAs] }] : [],
      med: 0xffff_ffff,
      ...(external ? {} : { localPref: 0 }),
      communities: [NO_ADVERTISE],
      largeCommunities: [`${localAs}:${VERDICT_COMMUNITY}:${code >> 1}`, `${localAs}:${HOLDS_COMMUNITY}:${code & 1}`],
    };
    const hop = rib.ipv6 ? nextHop6 : nextHop4;
    if (!hop) return new Uint8Array(0);
    const nextHop = formatAddress(hop.subarray(0, hop.length === 4 ? 4 : 16));
    const nlri = [several ? { prefix, pathId: PATH_ID } : { prefix }];
    const update: Update =
      hop.length === 4 && !rib.ipv6
        ? { type: 'update', withdrawn: [], attributes: { ...attributes, nextHop }, announced: nlri }
        : {
            type: 'update',
            withdrawn: [],
            attributes: { ...attributes, mpReach: { family: rib.ipv6 ? 'ipv6-unicast' : 'ipv4-unicast', nextHop, nlri } },
            announced: [],
          };
    return encodeMessage(update, context);
  }

  #withdrawal(rib: Rib, prefix: string, several: boolean): Uint8Array {
    const nlri = [several ? { prefix, pathId: PATH_ID } : { prefix }];
    const update: Update = rib.ipv6
      ? { type: 'update', withdrawn: [], attributes: { mpUnreach: { family: 'ipv6-unicast', nlri } }, announced: [] }
      : { type: 'update', withdrawn: nlri, attributes: {}, announced: [] };
    return encodeMessage(update, this.session.context);
  }
}

/** Verdicts that an echo can name, with their numbers: stable, as verdicts are only ever added at the end. @internal */
export const VERDICT_NUMBERS: readonly (readonly [number: number, code: string])[] = VERDICTS.map((code, number) => [number, code]);
