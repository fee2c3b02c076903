/**
 * Who is in a network: ranges, subnets, nodes, grants, holders, links, as configured (`config.ts`, with `shape.ts` and `schema.ts` to
 * check it) and as looked up while it runs (`model.ts`: nodes by name, tag and address; what nobody can claim).
 *
 * Not done: links and static routes between routers are checked and kept; nothing follows them yet.
 */
export {};
