import type { OspfVersion } from '../codes.js';
import type { LsaBody } from '../values.js';
import { external, nssa } from './external.js';
import { grace } from './grace.js';
import { intraAreaPrefix, link } from './link.js';
import { network } from './network.js';
import { opaqueArea, opaqueAs, opaqueLink } from './opaque.js';
import { router } from './router.js';
import type { BodyCodec, LsaRow } from './row.js';
import { asbrSummary, summary } from './summary.js';

/** The LSAs known here. To add one: write its row, a member of `LsaBody`, and a line here. @internal */
export const lsaTypes = {
  router,
  network,
  summary,
  asbrSummary,
  external,
  nssa,
  link,
  intraAreaPrefix,
  grace,
  opaqueLink,
  opaqueArea,
  opaqueAs,
} as const satisfies Readonly<Record<string, LsaRow<LsaBody>>>;

/** A codec is only ever given bodies of its own type: those that it decoded, or that stand under its LS type. */
type AnyCodec = BodyCodec<LsaBody>;

const tables: Readonly<Record<OspfVersion, ReadonlyMap<number, readonly AnyCodec[]>>> = { 2: byLsType(2), 3: byLsType(3) };

function byLsType(version: OspfVersion): ReadonlyMap<number, readonly AnyCodec[]> {
  const rows: readonly LsaRow<LsaBody>[] = Object.values(lsaTypes);
  const map = new Map<number, AnyCodec[]>();
  for (const codec of rows.flatMap((row) => (version === 2 ? row.v2 : row.v3) ?? []))
    map.set(codec.lsType, [...(map.get(codec.lsType) ?? []), codec]);
  // What is for one opaque type comes before what is for all.
  for (const list of map.values()) list.sort((a, b) => (a.opaqueType === undefined ? 1 : 0) - (b.opaqueType === undefined ? 1 : 0));
  return map;
}

/** The row of an LS type in one version, or undefined for a type that is not known. @internal */
export function codecOf(version: OspfVersion, lsType: number, id: number): AnyCodec | undefined {
  return tables[version].get(lsType)?.find(({ opaqueType }) => opaqueType === undefined || opaqueType === id >>> 24);
}

/** Whether what an LSA of a type is hangs on its opaque type too. @internal */
export function hasOpaqueTypes(version: OspfVersion, lsType: number): boolean {
  return tables[version].get(lsType)?.some(({ opaqueType }) => opaqueType !== undefined) ?? false;
}

const names: ReadonlyMap<AnyCodec, string> = new Map(
  Object.entries<LsaRow<LsaBody>>(lsaTypes).flatMap(([key, { v2, v3 }]) => {
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return [v2, v3].flatMap((codec): [AnyCodec, string][] => (codec ? [[codec, name]] : []));
  }),
);

/** A row's name, the same in both versions: `router`, `asbr-summary`, `opaque-area`; undefined for a type that is not known. @public */
export function lsaTypeName(version: OspfVersion, lsType: number, id: number): string | undefined {
  const codec = codecOf(version, lsType, id);
  return codec && names.get(codec);
}
