import type { Config } from '../config/config.ts'

export function schemeOf(config: Config): 'http' | 'https' {
  return config.publicUrl.startsWith('https:') ? 'https' : 'http'
}

/** `__Host-` needs https (RFC 6265bis section 4.1.3.2); plain http is allowed on loopback only. */
export function cookieName(config: Config, suffix: string): string {
  return `${schemeOf(config) === 'https' ? '__Host-' : ''}sallyport${suffix}`
}
