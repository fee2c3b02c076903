/** OSPF in a router, with what it tells of the network. Plain JSON, as the YAML file. */
import type { BfdConfig } from '../bfd/index.js';
import type { PolicyConfig } from '../bgp/policy/index.js';
import type { OspfInstanceConfig, OspfInterfaceConfig } from '../ospf/config.js';

/**
 * OSPF in a router: one instance of the protocol, with one area or several. A router may have several instances: OSPFv2 and OSPFv3
 * beside each other, say.
 *
 * @public
 */
export interface OspfConfig extends OspfInstanceConfig {
  readonly interfaces: readonly OspfLinkConfig[];
  /** What is announced to guests. Default: nothing but the links that it is spoken on. */
  readonly export?: OspfExportConfig;
}

/** A link, or several alike, on which OSPF is spoken, and whether neighbours there are watched. @public */
export interface OspfLinkConfig extends OspfInterfaceConfig {
  /**
   * Watch each neighbour that is a node's by BFD (RFC 5882 §4.2): when it falls silent, it is down at once and its claims end. Nobody waits
   * for BFD to come up: not `strict`, nor `dampening`, nor `multihop`. Default: not.
   */
  readonly bfd?: BfdConfig;
}

/** What of the network guests are told by OSPF. @public */
export interface OspfExportConfig {
  /** Tell the router's subnets, as stub networks. Default false. */
  readonly connected?: boolean;
  /** Tell a default route: `always`, or only while the network has one itself (`conditional`). Default: never. */
  readonly default?: 'always' | 'conditional';
  /** Tell addresses that guests hold which do not speak OSPF here (over BGP, by ARP, by the program), as externals. Default false. */
  readonly claims?: boolean;
  /** Tell the router's `originate`, as externals. Default false. */
  readonly originated?: boolean;
  /** Of externals: 1 adds the way to us, 2 does not. Default 2. */
  readonly metricType?: 1 | 2;
  /** Of externals. Default 20. */
  readonly metric?: number;
  /** Of externals; what comes back with it is refused (`own-tag`). 0 for none. Default: made of the AS number (RFC 1403). */
  readonly tag?: number;
  /**
   * Rules on claims that are told: those of a policy of BGP, on the attributes that they have (a claim that is none of BGP's has none but
   * ORIGIN and an empty path). A MED that they set is the metric. Default: all.
   */
  readonly rules?: PolicyConfig;
}
