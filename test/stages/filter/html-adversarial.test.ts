import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { orders, runHtml } from './html-support.ts'
import { marker, planOf } from './support.ts'

const bad = `<tr class=order data-account=beta><td>${marker}</td></tr>`
const badTable = `<table>${bad}</table>`
const badCard = `<div class=card data-account=beta>${marker}</div>`

/** Pages that try to carry a foreign row, or what looks like text and is none, past the filter: name, page. */
const pages: readonly (readonly [string, string])[] = [
  ['a comment', `a<!-- ${marker} -->b`],
  ['an abruptly closed comment', `<!-->${badTable}-->`],
  ['an abruptly closed comment with a dash', `<!--->${badTable}-->`],
  ['a comment with a bang', `<!-- x --!>${badTable}-->`],
  ['a comment that opens another', `<!-- <!-- -->${badTable}-->`],
  ['a comment without an end', `a<!-- ${marker}`],
  ['a conditional comment', `<!--[if IE]>${badTable}<![endif]-->`],
  ['a revealed conditional comment', `<![if !IE]>${badTable}<![endif]>`],
  ['CDATA in HTML', `<![CDATA[ > ${badTable} ]]>`],
  ['CDATA in svg', `<svg><![CDATA[ ${marker} ]]></svg>`],
  ['a processing instruction', `<?php echo "${marker}" ?>`],
  ['a bogus end tag', `</ ${marker}><b>x</b>`],
  ['an empty end tag before a tag', `</>${badTable}`],
  ['an end tag with attributes', `<p></p x=">${marker}"<b>`.replace(marker, '') + badTable],
  ['a comment between a bracket and a name', `<<!-- -->textarea>${badTable}</textarea>`.replace('</textarea>', '')],
  ['a removed element between a bracket and a name', `<<b class=admin>x</b>table>${badTable}`],
  ['noscript read as text', `<noscript><textarea></noscript>${badTable}</textarea></noscript>`],
  ['noscript', `<noscript>${badTable}</noscript>`],
  ['a comment in noscript', `<noscript><!-- </noscript>${badTable} --></noscript>`],
  ['xmp', `<xmp>${marker}</xmp>${badTable}`],
  ['noembed and noframes', `<noembed>${marker}</noembed><noframes>${marker}</noframes>${badTable}`],
  ['raw text that a select does not know', `<select><xmp></select>${badTable}</xmp></select>`],
  ['a textarea in a select', `<select><textarea></select>${badCard}</textarea>`],
  ['a script in a select', `<select><script></select>${badCard}</script></select>${badCard}`],
  ['text of an iframe', `<iframe>${marker}</iframe>`],
  ['an iframe with a page of its own', `<iframe srcdoc="${marker}"></iframe><iframe srcdoc='&#70;OREIGN'>x</iframe>`],
  ['an end tag in capitals', `<STYLE></StYlE\n>${badTable}`],
  ['a self-closed script', `<script/>"</script>${badTable}`],
  ['a self-closed row', `<table><tr class=order data-account=beta /><td>${marker}</table>`],
  ['a slash in a class', `<div class=card/ data-account=beta>x</div>${badCard}`],
  ['a title in svg', `<svg><title><style></title></svg>${badTable}</style>`],
  ['a style in svg', `<svg><style><!-- </style></svg>${badTable}--></style></svg>`],
  ['a script in svg', `<svg><script>${marker}</script></svg>${badTable}`],
  ['HTML that ends svg', `<svg><p>${marker}</p></svg>${badTable}`],
  ['a foreign object', `<svg><foreignObject>${badCard}</foreignObject></svg>`],
  ['a self-closed tag with a blank in svg', `<svg / >${badCard}</svg>`],
  ['math', `<math><mtext><table><mglyph><style><!--</style>${badTable}--></math>`],
  ['math with HTML in an annotation', `<math><annotation-xml encoding="text/html">${badCard}</annotation-xml></math>`],
  ['text beside the cells', `<table>${marker}<tr><td>x</td></tr></table>`],
  ['an element beside the cells', `<table><div>${marker}</div><tr><td>x</td></tr></table>`],
  ['a form beside the cells', `<table><form>${bad}</form></table>`],
  ['a cell without a row', `<table class=order><td class=card data-account=beta>${marker}</table>`],
  ['table parts outside of a table', `<div>${bad}</div>`],
  ['rows without end tags', `<table><tr class=order data-account=beta><td>${marker}<tr class=order><td>${marker}`],
  ['ill-nested formatting', `<b><i class=card data-account=beta>${marker}</b>${marker}</i>`],
  ['formatting that a paragraph cuts', `<p><b class=card data-account=beta>${marker}</p>${marker}</b>`],
  ['removed formatting that a paragraph cuts', `<p><b class=admin>${marker}</p>${marker}</b>`],
  ['a link in a link', `<a class=card data-account=acme><a class=card data-account=beta>${marker}</a></a>`],
  ['a paragraph around a table', `<p class=card data-account=acme>x<table>${bad}</table></p>`],
  ['a list without end tags', `<ul><li class=card data-account=beta>${marker}<li>x</ul>`],
  ['a heading in a heading', `<h1>a<h2 class=card data-account=beta>${marker}</h1>`],
  ['a second body with a class', `<body><body class=card data-account=beta>${badCard}`],
  ['a template', `<template>${bad}</template>`],
  [
    'a template with HTML before its rows',
    `<template><p>x</p><tr><td class=card data-account=beta>${marker}</template>`,
  ],
  ['an attribute given twice', `<div class=x class=card data-account=beta>${marker}</div>`],
  ['a class given twice', `<div class=card class=x data-account=beta>${marker}</div>`],
  ['an account given twice', `<div class=card data-account=acme data-account=beta>${marker}</div>`],
  ['a lost quote', `<div class="card" "data-account=acme data-account=beta>${marker}</div>`],
  ['a class in references', `<div class="&#x63;ard" data-account=beta>${marker}</div>`],
  ['a class behind a reference to a blank', `<div class="x&Tab;card" data-account=beta>${marker}</div>`],
  ['a tag without an end', `${badCard}<div title="${marker}`],
  ['a frame set', `<frameset><frame src="${marker}"></frameset>`],
  ['declared rows in a script in a removed element', `<b class=admin><script id=rows>["${marker}"]</script></b>`],
  ['data that no rule declares', `<script type=text/template>${badTable}</script>`],
  ['a bracket of control characters', `<style>\u001c/style><textarea></style>${badTable}</textarea>`],
  ['a script that hides its end', `<script><!--<script></script>${badTable}--></script>`],
  ['a script in a script that is never closed', `<script><!-- <script >"</script>${badCard}`],
]

function decoded(text: string): string {
  return text.replaceAll(/&#(?:x([0-9a-f]+)|([0-9]+));?/gi, (_, hex?: string, decimal?: string) =>
    String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
  )
}

function releasedOf(body: string, cuts: readonly number[] = []): string {
  const { text, released } = runHtml(body, planOf(), orders, [], cuts)
  return text ?? Buffer.from(released, 'latin1').toString()
}

describe('pages that try to carry something past the filter', () => {
  for (const [name, body] of pages) {
    it(`release nothing of it through ${name}`, () => {
      const released = releasedOf(`<p>before</p>${body}<p>after</p>`)
      assert.ok(!decoded(released).includes(marker), released)
      assert.ok(released.startsWith('<p>before</p>') || released === '', released)
    })
  }

  it('release nothing of it and say the same wherever their chunks end', () => {
    for (const [name, body] of pages) {
      const bytes = Buffer.byteLength(body)
      const whole = runHtml(body)
      for (let cut = 1; cut < bytes; cut++) {
        const parts = runHtml(body, planOf(), orders, [], [cut])
        assert.deepEqual([parts.text, parts.code], [whole.text, whole.code], `${name} at ${cut}`)
        if (whole.code === undefined) assert.deepEqual(parts.counts, whole.counts, `${name} at ${cut}`)
      }
      const single = runHtml(
        body,
        planOf(),
        orders,
        [],
        Array.from({ length: bytes - 1 }, (_, at) => at + 1),
      )
      assert.deepEqual([single.text, single.code], [whole.text, whole.code], name)
    }
  })

  it('are let through where the same row is ours', () => {
    assert.ok(releasedOf(`<ul><li class=card data-account=acme>${marker}<li>x</ul>`).includes(marker))
    assert.ok(releasedOf(`<table><tr class=order data-account=acme><td>${marker}</table>`).includes(marker))
    assert.ok(releasedOf(`<div class="&#x63;ard" data-account=acme>${marker}</div>`).includes(marker))
    assert.ok(releasedOf(`<p><b class=card data-account=acme>${marker}</b></p>`).includes(marker))
    assert.ok(releasedOf(`<style></style><textarea>${marker}</textarea>`).includes(marker))
  })

  it('have a bracket that begins no tag spelled out, so that nothing taken away makes it one', () => {
    assert.equal(releasedOf('a < b <3 <<!-- x -->b>c<<b class=admin></b>'), 'a &lt; b &lt;3 &lt;b>c&lt;')
    assert.equal(releasedOf('<textarea>a < b</textarea>'), '<textarea>a < b</textarea>')
  })

  it('count what has more than one reading, and block it under block', () => {
    const body = '<p>x</p><table><div>y</div></table>'
    const { text, counts } = runHtml(body)
    assert.equal(text, '<p>x</p><table></table>')
    assert.deepEqual(counts, { rows: 0, withheld: 0, fieldsWithheld: 0, violations: 1 })
    assert.equal(runHtml(body, planOf({ onViolation: 'block' })).code, 'ERR_ANSWER_VIOLATION')
  })

  const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
  const title = 'show a browser no foreign row, and it nests what goes out as we do'
  it(browser === undefined ? `${title} (skipped: no Chromium here)` : title, { skip: browser === undefined }, () => {
    if (browser === undefined) return
    const found = inBrowser(
      browser,
      pages.map(([, body]) => releasedOf(body)),
    )
    assert.deepEqual(
      found,
      pages.map(() => []),
    )
  })
})

/** Of each page: the declared rows that are not ours, and where the markup that the browser sees differs from ours. */
function inBrowser(browser: string, released: readonly string[]): unknown {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-html-'))
  try {
    const file = path.join(folder, 'pages.html')
    const json = JSON.stringify(released).replaceAll('<', '\\u003c')
    writeFileSync(
      file,
      `<!doctype html><meta charset=utf-8><pre id=found></pre><script>
const found = ${json}.map((text) => {
  const page = new DOMParser().parseFromString(text, 'text/html')
  const parts = [page, ...[...page.querySelectorAll('template')].map((template) => template.content)]
  const rows = parts.flatMap((part) => [...part.querySelectorAll('tr.order, .card')])
  const foreign = rows.filter((row) => row.getAttribute('data-account') !== 'acme')
  const comments = /<!--/.test(page.documentElement.outerHTML.replace(/<(script|style|title|textarea)[^]*?<\\/\\1>/g, ''))
  return [...foreign.map((row) => row.outerHTML), ...(comments ? ['a comment'] : [])]
})
document.getElementById('found').textContent = btoa(JSON.stringify(found))
</script>`,
    )
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}/profile`, '--dump-dom']
    const dom = execFileSync(browser, [...flags, `file://${file}`], {
      encoding: 'utf8',
      timeout: 25_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [, text] = /<pre id="found">([^<]*)</.exec(dom) ?? []
    return JSON.parse(Buffer.from(text ?? '', 'base64').toString())
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
