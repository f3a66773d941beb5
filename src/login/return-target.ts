/**
 * Where to go after sign-in: a path on this origin, or `/` (CWE-601). Whatever a browser could read as another origin
 * (`//`, `/\`, tabs, userinfo, absolute URLs) is `/`, and so is one of
 * our own pages, but for the account page.
 */
export function safeReturnTarget(text: string | undefined): string {
  if (text === undefined || text.length > 2048 || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text)) return '/'
  const url = URL.parse(text, 'http://origin.invalid')
  if (url === null || url.origin !== 'http://origin.invalid' || url.pathname.startsWith('//')) return '/'
  const path = url.pathname.toLowerCase().replaceAll('%2e', '.')
  if (path === '/.sallyport/') return '/.sallyport/'
  return path === '/.sallyport' || path.startsWith('/.sallyport/') ? '/' : `${url.pathname}${url.search}`
}
