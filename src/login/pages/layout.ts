import { createHash } from 'node:crypto'
import { Html, html } from './html.ts'

/** Text at least 4.5:1 and borders of controls at least 3:1 against what is behind them (WCAG 2.2, 1.4.3 and 1.4.11). */
const style = `
:root{color-scheme:light dark;--bg:#f3f5f8;--card:#fff;--ink:#131c27;--dim:#56616f;--line:#dfe3e9;--edge:#7c8896;--accent:#1b57b3;--accent-hover:#154690;--accent-ink:#fff;--bad:#9c1c15;--bad-bg:#fdeeed;--bad-line:#efc3bf}
@media(prefers-color-scheme:dark){:root{--bg:#0d1218;--card:#161d26;--ink:#e9eef4;--dim:#9fabb9;--line:#29333f;--edge:#6f7e8f;--accent:#79aeff;--accent-hover:#9bc3ff;--accent-ink:#0a1320;--bad:#ffa8a0;--bad-bg:#341a19;--bad-line:#6a312d}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:20px;padding:24px 16px;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
header,main{width:100%;max-width:420px}
header{display:flex;align-items:center;gap:10px;font-weight:650;letter-spacing:.01em}
header svg{width:26px;height:26px;color:var(--accent);flex:none}
main{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:32px;box-shadow:0 1px 2px #0a14200d,0 12px 32px #0a142012}
h1{font-size:24px;line-height:1.25;letter-spacing:-.01em;margin:0 0 8px;overflow-wrap:anywhere}
h2{font-size:16px;margin:24px 0 4px}
p{margin:0 0 16px;color:var(--dim);overflow-wrap:anywhere}
label{display:block;font-weight:600;font-size:15px;margin:18px 0 6px}
input,select{width:100%;min-height:46px;padding:10px 12px;font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--edge);border-radius:9px}
input[type=hidden]{display:none}
input[readonly]{background:var(--bg);border-color:var(--line);color:var(--dim)}
input[aria-invalid]{border-color:var(--bad)}
select option{color:var(--ink);background:var(--card)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
button{width:100%;min-height:46px;margin-top:20px;padding:10px 16px;font:inherit;font-weight:600;border:1px solid transparent;border-radius:9px;background:var(--accent);color:var(--accent-ink);cursor:pointer}
button:hover{background:var(--accent-hover)}
button.plain{background:transparent;color:var(--ink);border-color:var(--edge);margin-top:12px}
button.plain:hover{background:var(--bg)}
a{color:var(--accent);text-underline-offset:3px}
.alert{display:flex;gap:10px;color:var(--bad);background:var(--bad-bg);border:1px solid var(--bad-line);border-radius:9px;padding:12px;font-size:15px;line-height:1.4;margin:16px 0}
.alert svg{width:20px;height:20px;flex:none}
dl{margin:20px 0 0;font-size:15px;border-top:1px solid var(--line)}
dl div{display:flex;justify-content:space-between;gap:24px;padding:10px 0;border-bottom:1px solid var(--line)}
dt{color:var(--dim)}
dd{margin:0;text-align:right;overflow-wrap:anywhere;min-width:0}
.links{display:flex;flex-wrap:wrap;gap:8px 20px;margin:20px 0 0}
.fine{margin:24px 0 0;padding-top:16px;border-top:1px solid var(--line);font-size:13px}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
@media(max-width:480px){body{justify-content:flex-start}main{padding:24px 20px}}
@media(forced-colors:active){button,.alert{border-color:currentColor}}
`

const styleHash = createHash('sha256').update(style).digest('base64')
const styleElement = new Html(`<style>${style}</style>`)

/**
 * What every page of ours is sent with: nothing is loaded, nothing is framed, forms go only to us. The referrer policy
 * is `same-origin` because under `no-referrer` a browser sends our own forms with `Origin: null`.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
}

const mark = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M4 21V9l8-6 8 6v12"/><path d="M9 21v-7h6v7"/><path d="M2 21h20"/></svg>`

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
<header>${mark}<span>Sallyport</span></header>
<main>
${content}
</main>
</body>
</html>
`.text
}
