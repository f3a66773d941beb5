/** How somebody proves who they are; an API key is a way of its own. */
export const signInMethods = ['password', 'saml', 'oidc', 'key'] as const

export type SignInMethod = (typeof signInMethods)[number]

/** The method that `text` spells; undefined where there is none. */
export function signInMethodFrom(text: string): SignInMethod | undefined {
  return signInMethods.find((method) => method === text)
}

/** Whether `method` is one of those that are demanded; nothing demanded is met by any. */
export function meetsDemand(demanded: readonly SignInMethod[], method: SignInMethod | undefined): boolean {
  return demanded.length === 0 || (method !== undefined && demanded.includes(method))
}
