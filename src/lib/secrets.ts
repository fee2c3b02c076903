/**
 * A secret: its text, or where it is: a file, whose last line end is not part of it, or a variable of the environment. It is read when the
 * configuration is taken over, and never shown. Empty is an error.
 *
 * @public
 */
export type SecretConfig = string | SecretPlace;

/** Where a secret is kept. @public */
export type SecretPlace = { readonly file: string } | { readonly env: string };

/** Reads a secret that is kept elsewhere. Throws a `UsageError` (`SECRET_UNAVAILABLE`). @public */
export type SecretReader = (place: SecretPlace) => string;
