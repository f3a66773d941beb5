import type { Principal } from '../../exchange.ts'
import { html } from './html.ts'
import { layout } from './layout.ts'

interface Form {
  readonly csrf: string
  readonly returnTo: string
}

/** First step of sign-in: which address. */
export function emailPage(form: Form & { readonly alert?: string | undefined }): string {
  return layout(
    'Sign in',
    html`<h1>Sign in</h1>
<p>Enter your work e-mail address to continue.</p>
${alertBox(form.alert)}
<form method="post" action="/.sallyport/login">
${hidden(form)}
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" required autofocus maxlength="254">
<button type="submit">Continue</button>
</form>`,
  )
}

/** Second step: the same page for every address, known or not. */
export function passwordPage(form: Form & { readonly email: string; readonly alert?: string | undefined }): string {
  const back = `/.sallyport/login?return=${encodeURIComponent(form.returnTo)}`
  return layout(
    'Sign in',
    html`<h1>Enter your password</h1>
<p>${form.email} · <a href="${back}">not you?</a></p>
${alertBox(form.alert)}
<form method="post" action="/.sallyport/login">
${hidden(form)}
<input type="hidden" name="email" value="${form.email}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus maxlength="512">
<button type="submit">Sign in</button>
</form>`,
  )
}

/** Who one is, with the tenants one may switch to. */
export function accountPage(
  principal: Principal,
  tenants: readonly { readonly id: string; readonly name: string }[],
  form: Form,
): string {
  const { account, tenant, membership, groups } = principal.policy
  const others = tenants.map(
    (other) =>
      html`<option value="${other.id}"${other.id === tenant.id ? html` selected` : undefined}>${other.name}</option>`,
  )
  const switcher = html`<form method="post" action="/.sallyport/tenant">
${hidden(form)}
<label for="tenant">Company</label>
<select id="tenant" name="tenant">${others}</select>
<button type="submit">Switch company</button>
</form>`
  return layout(
    'Your account',
    html`<h1>${account.name === '' ? account.email : account.name}</h1>
<dl>
<dt>E-mail</dt><dd>${account.email}</dd>
<dt>Company</dt><dd>${tenant.name}</dd>
<dt>Roles</dt><dd>${membership.roles.join(', ') || 'none'}</dd>
<dt>Groups</dt><dd>${groups.join(', ') || 'none'}</dd>
</dl>
${tenants.length > 1 ? switcher : undefined}
<form method="post" action="/.sallyport/logout">
${hidden(form)}
<button class="plain" type="submit">Sign out</button>
</form>`,
  )
}

/** A refusal, for a browser: what RFC 9457 says, as a page. */
export function problemPage(problem: {
  readonly status: number
  readonly title: string
  readonly code: string
  readonly request: string
}): string {
  return layout(
    problem.title,
    html`<h1>${problem.title}</h1>
<p>${advice(problem.status)}</p>
<p><a href="/">Back to the start</a></p>
<footer>${problem.status} · ${problem.code} · request ${problem.request}</footer>`,
  )
}

function advice(status: number): string {
  if (status === 403) return 'This is not open to you. Ask your administrator if you think it should be.'
  if (status === 404) return 'There is nothing here, or nothing that is open to you.'
  if (status === 429) return 'That was too many requests in a short time. Please wait a moment and try again.'
  if (status >= 500)
    return 'The application behind this page could not give an answer that may be shown. Please try again later.'
  return 'This request could not be accepted.'
}

function alertBox(text: string | undefined) {
  return text === undefined ? undefined : html`<div class="alert" role="alert">${text}</div>`
}

function hidden(form: Form) {
  return html`<input type="hidden" name="csrf" value="${form.csrf}"><input type="hidden" name="return" value="${form.returnTo}">`
}
