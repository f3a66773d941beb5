import type { Principal } from '../../exchange.ts'
import { meetsDemand, type SignInMethod } from '../../lib/sign-in-method.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { signInWords } from './sign-in-words.ts'

interface Form {
  readonly csrf: string
  readonly returnTo: string
}

interface SignInForm extends Form {
  /** What went wrong with the last try. */
  readonly alert?: string | undefined
}

/** First step of sign-in: which address. */
export function emailPage(form: SignInForm): string {
  return layout(
    titleOf('Sign in', form),
    html`<h1>Sign in</h1>
<p>Enter your work e-mail address to continue.</p>
${alertBox(form.alert)}
<form method="post" action="/.sallyport/login">
${hidden(form)}
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false" required autofocus maxlength="254"${described(form.alert)}>
<button type="submit">Continue</button>
</form>`,
  )
}

/** Second step: the same page for every address, known or not. */
export function passwordPage(form: SignInForm & { readonly email: string }): string {
  const back = `/.sallyport/login?return=${encodeURIComponent(form.returnTo)}`
  return layout(
    titleOf('Enter your password', form),
    html`<h1>Enter your password</h1>
${alertBox(form.alert)}
<form method="post" action="/.sallyport/login">
${hidden(form)}
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" value="${form.email}" readonly>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus maxlength="256"${described(form.alert)}>
<button type="submit">Sign in</button>
</form>
<nav class="links" aria-label="Other ways"><a href="${back}">Use another address</a></nav>`,
  )
}

export interface TenantChoice {
  readonly id: string
  readonly name: string
  readonly signIn: readonly SignInMethod[]
}

/** Who one is, with the tenants one may switch to. */
export function accountPage(principal: Principal, tenants: readonly TenantChoice[], form: Form): string {
  const { account, tenant, membership, groups } = principal.policy
  return layout(
    'Your account',
    html`<h1>${account.name === '' ? account.email : account.name}</h1>
<p>You are signed in.</p>
<dl>
<div><dt>E-mail</dt><dd>${account.email}</dd></div>
<div><dt>Company</dt><dd>${nameOf(tenant)}</dd></div>
<div><dt>Roles</dt><dd>${membership.roles.join(', ') || 'none'}</dd></div>
<div><dt>Groups</dt><dd>${groups.join(', ') || 'none'}</dd></div>
</dl>
${tenants.length > 1 ? switcher(tenants, tenant.id, principal.method, form) : undefined}
<form method="post" action="/.sallyport/logout">
${hidden(form)}
<button class="plain" type="submit">Sign out</button>
</form>
<nav class="links" aria-label="Where to go from here"><a href="/">Go to the application</a></nav>`,
  )
}

function switcher(
  tenants: readonly TenantChoice[],
  active: string,
  method: SignInMethod | undefined,
  form: Form,
): Html {
  const options = tenants.map(
    (tenant) =>
      html`<option value="${tenant.id}"${tenant.id === active ? html` selected` : undefined}>${nameOf(tenant)}${demandOf(tenant, method)}</option>`,
  )
  return html`<form method="post" action="/.sallyport/tenant">
${hidden(form)}
<label for="tenant">Work in another company</label>
<select id="tenant" name="tenant">${options}</select>
<button type="submit">Switch company</button>
</form>`
}

/** Said before somebody tries. */
function demandOf({ signIn }: TenantChoice, method: SignInMethod | undefined): string {
  return meetsDemand(signIn, method) ? '' : ` (asks for ${signInWords(signIn)})`
}

function nameOf(tenant: { readonly id: string; readonly name: string }): string {
  return tenant.name === '' ? tenant.id : tenant.name
}

/** Screen readers read the title first. */
function titleOf(title: string, form: SignInForm): string {
  return form.alert === undefined ? title : `Error: ${title}`
}

const sign = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.5v.01"/></svg>`

function alertBox(text: string | undefined): Html | undefined {
  return text === undefined
    ? undefined
    : html`<div class="alert" id="alert" role="alert">${sign}<span>${text}</span></div>`
}

function described(alert: string | undefined): Html | undefined {
  return alert === undefined ? undefined : html` aria-invalid="true" aria-describedby="alert"`
}

function hidden(form: Form): Html {
  return html`<input type="hidden" name="csrf" value="${form.csrf}"><input type="hidden" name="return" value="${form.returnTo}">`
}
