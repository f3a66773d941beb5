import type { SignInMethod } from '../../lib/sign-in-method.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { signInWords } from './sign-in-words.ts'

/** A refusal, for a browser: what RFC 9457 says, as a page. */
export function problemPage(problem: {
  readonly status: number
  readonly title: string
  readonly code: string
  readonly request: string
  /** Ways to sign in that would do. */
  readonly signIn: readonly SignInMethod[]
}): string {
  const { heading, advice } = wordsFor(problem.status, problem.code, problem.signIn)
  return layout(
    heading,
    html`<h1>${heading}</h1>
<p>${advice}</p>
<nav class="links" aria-label="Where to go from here">${linksFor(problem.status, problem.code)}</nav>
<p class="fine">${problem.status} ${problem.title} · <code>${problem.code}</code><br>Request <code>${problem.request}</code></p>`,
  )
}

interface Words {
  readonly heading: string
  readonly advice: string
}

function wordsFor(status: number, code: string, signIn: readonly SignInMethod[]): Words {
  if (code === 'ERR_ORIGIN_FOREIGN') {
    const advice = 'The form was made for another session, or came from another site. Reload the page and try again.'
    return { heading: 'This form is out of date', advice }
  }
  if (code === 'ERR_TENANT_DEMANDS') {
    const advice = `This company asks you to sign in with ${signInWords(signIn)}.`
    return { heading: 'Sign in another way', advice }
  }
  if (status === 401) return { heading: 'Please sign in', advice: 'Your session has ended, or you have not signed in.' }
  if (status === 403) {
    const advice = 'This is not open to you. Ask your administrator if you think it should be.'
    return { heading: 'You have no access', advice }
  }
  if (status === 404) {
    return { heading: 'Page not found', advice: 'There is nothing here, or nothing that is open to you.' }
  }
  if (status === 413) return { heading: 'That was too much', advice: 'What you sent is larger than is accepted here.' }
  if (status === 429) {
    const advice = 'That was too many requests in a short time. Please wait a moment and try again.'
    return { heading: 'Please slow down', advice }
  }
  if (status === 503) return { heading: 'Not available right now', advice: 'Please try again in a few moments.' }
  if (status >= 500) {
    const advice = 'The application behind this page gave no answer that may be shown. Please try again later.'
    return { heading: 'Something went wrong', advice }
  }
  return { heading: 'This did not work', advice: 'The request could not be accepted as it was sent.' }
}

/** Where another company or another account could help. */
const byMembership: ReadonlySet<string> = new Set([
  'ERR_ROLE_MISSING',
  'ERR_TENANT_FORBIDDEN',
  'ERR_ACTION_FORBIDDEN',
  'ERR_MASK_NONE',
  'ERR_ROW_FORBIDDEN',
])

function linksFor(status: number, code: string): Html {
  const start = html`<a href="/">Back to the start</a>`
  const signIn = html`<a href="/.sallyport/login">Sign in</a>`
  if (status === 401) return signIn
  if (code === 'ERR_TENANT_DEMANDS') return html`${signIn}<a href="/.sallyport/">Your account</a>`
  return byMembership.has(code) ? html`${start}<a href="/.sallyport/">Your account</a>` : start
}
