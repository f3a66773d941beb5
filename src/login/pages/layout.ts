import { createHash } from 'node:crypto'
import { Html, html } from './html.ts'

const style = `
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--ink:#16202c;--dim:#5a6675;--line:#d5dae1;--accent:#1f5fbf;--accent-ink:#fff;--bad:#a3231b;--bad-bg:#fdeceb}
@media(prefers-color-scheme:dark){:root{--bg:#0f141a;--card:#182029;--ink:#e8edf3;--dim:#9aa7b5;--line:#2d3947;--accent:#6ea8ff;--accent-ink:#0b1420;--bad:#ff9d94;--bad-bg:#3a1d1b}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;padding:24px}
main{width:100%;max-width:400px;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:32px;box-shadow:0 1px 2px #0001,0 8px 24px #0001}
.brand{display:flex;align-items:center;gap:10px;font-weight:600;color:var(--dim);margin:0 0 20px;font-size:14px}
.brand svg{width:22px;height:22px;color:var(--accent)}
h1{font-size:22px;line-height:1.25;margin:0 0 8px}
p{margin:0 0 16px;color:var(--dim)}
label{display:block;font-weight:600;font-size:14px;margin:16px 0 6px}
input[type=email],input[type=password],input[type=text],select{width:100%;padding:11px 12px;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:8px}
select option{color:#16202c;background:#fff}
input:focus-visible,select:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
button{width:100%;margin-top:20px;padding:12px;font:inherit;font-weight:600;border:0;border-radius:8px;background:var(--accent);color:var(--accent-ink);cursor:pointer}
button.plain{background:transparent;color:var(--ink);border:1px solid var(--line);margin-top:12px}
a{color:var(--accent)}
.alert{color:var(--bad);background:var(--bad-bg);border-radius:8px;padding:10px 12px;font-size:14px;margin:0 0 16px}
dl{display:grid;grid-template-columns:auto 1fr;gap:6px 16px;margin:16px 0;font-size:14px}
dt{color:var(--dim)}dd{margin:0;text-align:right;overflow-wrap:anywhere}
footer{margin-top:24px;font-size:12px;color:var(--dim);overflow-wrap:anywhere}
`

const styleHash = createHash('sha256').update(style).digest('base64')
const styleElement = new Html(`<style>${style}</style>`)

/** What every page of ours is sent with: nothing is loaded, nothing is framed, forms go only to us. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

const mark = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><path d="M4 21V9l8-6 8 6v12"/><path d="M9 21v-7h6v7"/><path d="M2 21h20"/></svg>`

/** The frame around every page. */
export function layout(title: string, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Sallyport</title>
${styleElement}
</head>
<body>
<main>
<p class="brand">${mark}<span>Sallyport</span></p>
${content}
</main>
</body>
</html>
`.text
}
