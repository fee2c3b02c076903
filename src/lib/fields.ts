/** Kinds of configuration field, each with its words for what it expects. Shapes are put together from these. */
import { z } from 'zod';
import { canonicalAddress } from './address.js';
import { parseAsn } from './asn.js';
import { UsageError } from './errors.js';
import { canonicalPrefix } from './prefix.js';
import { shown } from './shown.js';

/** An IPv4 or IPv6 address; canonical afterwards. @internal */
export const address = () => z.string(expects('an IPv4 or IPv6 address')).check(through(canonicalAddress)).meta({ title: 'address' });

/** An address; an IPv6 link-local one with its link, `fe80::1%eth0`. Canonical afterwards. @internal */
export const zonedAddress = () =>
  z
    .string(expects('an IPv4 or IPv6 address'))
    .check(
      through((text) => {
        const [plain = '', zone] = text.split('%', 2);
        const address = canonicalAddress(plain);
        const scoped = address.startsWith('fe80:');
        if (scoped === (zone === undefined || zone === ''))
          throw new UsageError(
            'ADDRESS_INVALID',
            `expected a link-local address with its link (fe80::1%eth0), or another without, got "${text}"`,
          );
        return zone === undefined ? address : `${address}%${zone}`;
      }),
    )
    .meta({ title: 'address' });

/** An address prefix, or the host prefix of a bare address; canonical afterwards. @internal */
export const prefix = () =>
  z.string(expects('a prefix such as "10.0.0.0/8" or "2001:db8::/32"')).check(through(canonicalPrefix)).meta({ title: 'prefix' });

/** An address, or a prefix shorter than one; canonical afterwards. @internal */
export const addressOrPrefix = () =>
  z
    .string(expects('an address or a prefix'))
    .check(through((text) => (text.includes('/') ? canonicalPrefix(text) : canonicalAddress(text))))
    .meta({ title: 'address or prefix' });

/** A unicast MAC; in lower case with colons afterwards. @internal */
export const mac = () =>
  z
    .string(expects('a MAC such as "02:00:00:00:00:01"'))
    .check((payload) => {
      const plain = payload.value.toLowerCase().replaceAll('-', ':');
      const first = Number.parseInt(plain.slice(0, 2), 16);
      if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(plain) || (first & 1) !== 0 || plain === '00:00:00:00:00:00')
        fail(payload, `expected a MAC of one station such as "02:00:00:00:00:01", got ${shown(payload.value)}`);
      else payload.value = plain;
    })
    .meta({ title: 'MAC' });

/** An AS number in any notation; left as it stands, once it reads. @internal */
export const asn = () =>
  z
    .union([z.int(), z.string()], expectsAsn('an AS number such as 65000, "AS65000" or "1.10"'))
    .check(reads(parseAsn))
    .meta({ title: 'AS number' });

/** A dotted quad that is not 0.0.0.0 (RFC 6286). @internal */
export const routerId = () =>
  z
    .string(expects('a dotted quad such as "192.0.2.1"'))
    .check((payload) => {
      let bare: string | undefined;
      try {
        bare = canonicalAddress(payload.value);
      } catch {}
      if (bare === undefined || bare.includes(':'))
        fail(payload, `expected a dotted quad such as "192.0.2.1", got ${shown(payload.value)}`);
      else if (bare === '0.0.0.0') fail(payload, 'expected an identifier other than 0.0.0.0');
      else payload.value = bare;
    })
    .meta({ title: 'dotted quad' });

/** Text that says something: a name, a tag. @internal */
export const text = (what = 'text') =>
  z.string(expects(what)).check((payload) => {
    if (payload.value.trim() === '') fail(payload, `expected ${what}, got ${shown(payload.value)}`);
  });

/** A DNS name of letters, digits and hyphens (RFC 1123 §2.1), which no address is. @internal */
export const dnsName = () =>
  z
    .string(expects('a DNS name such as "rpki.example.net"'))
    .check((payload) => {
      const labels = payload.value.split('.');
      const fits = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label)) && payload.value.length <= 253;
      if (!fits || /^\d+$/.test(labels.at(-1) ?? ''))
        fail(payload, `expected a DNS name such as "rpki.example.net", got ${shown(payload.value)}`);
    })
    .meta({ title: 'DNS name' });

/** A whole number within bounds. @internal */
export const whole = (min: number, max: number = Number.MAX_SAFE_INTEGER) => {
  const words = max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min} up` : `a whole number from ${min} to ${max}`;
  return z.int(expects(words)).min(min, expects(words)).max(max, expects(words));
};

/** A span of time, with a fraction if need be. @internal */
export const seconds = (min: number, max = 65_535) => {
  const words = `seconds, from ${min} to ${max}`;
  return z.number(expects(words)).min(min, expects(words)).max(max, expects(words));
};

/** BGP's Hold Time: seconds that are none, or three and more (RFC 4271 §4.2). @internal */
export const holdTime = () =>
  z.int(expects('0, or 3 to 65535 seconds')).check((payload) => {
    const { value } = payload;
    if (value < 0 || value > 65_535 || value === 1 || value === 2)
      fail(payload, `expected 0, or 3 to 65535 seconds (RFC 4271 §4.2), got ${value}`);
  });

/** A secret, or where it is kept. What is wrong with one is said without showing it. @internal */
export const secret = (what = 'a secret') => {
  const words = `expected ${what}: a text, { file: PATH } or { env: NAME }`;
  return z
    .union(
      [
        z.string(),
        z.strictObject({ file: text('the path of a file') }).meta({ title: '{ file: PATH }' }),
        z.strictObject({ env: text('the name of a variable') }).meta({ title: '{ env: NAME }' }),
      ],
      { error: ({ input }) => (typeof input === 'number' ? `${words}; a number is a text in quotes` : words) },
    )
    .check((payload) => {
      if (payload.value === '') fail(payload, `${words}, got nothing`);
    });
};

/** True or false. @internal */
export const flag = () => z.boolean(expects('true or false'));

/** A list of which the entries are all alike. @internal */
export const list = <T extends z.ZodType>(of: T, what = 'a list') => z.array(of, expects(what));

/** A moment in ISO 8601; left as it stands. @internal */
export const moment = () =>
  z
    .string(expects('a time such as "2030-01-31T12:00:00Z"'))
    .check((payload) => {
      const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;
      if (!iso.test(payload.value) || Number.isNaN(Date.parse(payload.value)) || !hasDay(payload.value.slice(0, 10))) {
        fail(payload, `expected a time such as "2030-01-31T12:00:00Z", got ${shown(payload.value)}`);
      }
    })
    .meta({ title: 'time' });

/** Whether there is such a day: `Date.parse` takes 30 February for 2 March. */
function hasDay(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}

/** Words of a field for whatever is wrong with it. @internal */
export function expects(what: string): { error: (issue: { readonly input?: unknown }) => string } {
  return { error: (issue) => `expected ${what}, got ${shown(issue.input)}` };
}

/** As {@link expects}; asdot without quotes is a number with a fraction, and `1.10` is lost in it. @internal */
export function expectsAsn(what: string): ReturnType<typeof expects> {
  const { error } = expects(what);
  const fraction = (input: unknown): boolean => typeof input === 'number' && !Number.isInteger(input);
  return { error: (issue) => `${error(issue)}${fraction(issue.input) ? '; put asdot in quotes, as in "1.10"' : ''}` };
}

/** A check by one of the library's own parsers, whose words these then are; the value is left as it stands. @internal */
export function reads<T>(parse: (value: T) => unknown): (payload: z.core.ParsePayload<T>) => void {
  return (payload) => {
    try {
      parse(payload.value);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      fail(payload, error.message);
    }
  };
}

/** As {@link reads}, and what the parser gives takes the value's place. @internal */
export function through<T>(canonical: (value: T) => T): (payload: z.core.ParsePayload<T>) => void {
  return (payload) => {
    reads<T>((value) => {
      payload.value = canonical(value);
    })(payload);
  };
}

/** Refuses a value, in words. @internal */
export function fail<T>(payload: z.core.ParsePayload<T>, message: string): void {
  payload.issues.push({ code: 'custom', message, input: payload.value });
}
