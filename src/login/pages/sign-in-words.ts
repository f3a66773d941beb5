import type { SignInMethod } from '../../lib/sign-in-method.ts'

const words: Readonly<Record<SignInMethod, string>> = {
  password: 'a password',
  saml: 'single sign-on (SAML)',
  oidc: 'single sign-on (OpenID Connect)',
  key: 'an API key',
}

/** Any of `methods`, as people call them. */
export function signInWords(methods: readonly SignInMethod[]): string {
  return methods.map((method) => words[method]).join(' or ')
}
