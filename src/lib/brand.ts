/** A nominal type: a `string` that only its own parser can make. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name }
