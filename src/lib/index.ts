/**
 * What every other folder stands on, and what knows no protocol.
 *
 * Addresses and what is made of them: `address.ts`, `prefix.ts`, `asn.ts` (ip-num parses and checks what users write; nothing of it
 * leaves these files), `plain-address.ts` (the addresses that are written plainly, read without it). Octets: `bytes.ts` (a reader and
 * a writer that cannot overrun), `octets.ts` (moving many of them), `layout.ts` (fixed headers by binary-parser, length-checked), `columns.ts` (typed arrays that grow).
 * Time: `clock.ts` (the contract, and a clock to turn by hand, whose waiting calls are in `appointments.ts`), `timers.ts` (a machine's
 * timers as data; one heap for all machines). Machines: `machine.ts` (a table of states, and what drives it). The outside, as
 * contracts: `transport.ts`, `random.ts`, `logger.ts`; `memory-transport.ts` is a network in memory. Configuration: `fields.ts`,
 * `validate.ts`, `suggest.ts`, `same.ts`. `errors.ts` says whose fault an error is.
 */
export {};
