import type { DemoOrder } from './demo-config.ts'
import { escaped, headings } from './legacy-markup.ts'

const style = `
    :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
    body { padding: 2rem max(1rem, calc(50vw - 28rem)); }
    table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: .4rem .75rem; text-align: left; border-bottom: 1px solid #8884; }
    th { font-weight: 600; border-bottom-width: 2px; }
    .amount { text-align: right; }
    tbody tr:hover { background: #8881; }
    .office { padding: .5rem .75rem; border-left: 4px solid #c60; background: #c601; }`

/** Counts what the page's data holds, as pages do: it only ever gets the rows that came through. */
const program = `
    const orders = JSON.parse(document.getElementById('orders').textContent)
    document.getElementById('count').textContent = orders.length + ' orders'`

/** A page as an old shop would render it on the server: one table of all orders, and the same as data for a script. */
export function ordersPage(orders: readonly DemoOrder[]): string {
  const fields = [...headings.keys()]
  const cells = (order: DemoOrder) => fields.map((field) => `<td class="${field}">${escaped(order[field])}</td>`)
  const titles = fields.map((field) => `<th class="${field}">${escaped(headings.get(field))}</th>`)
  // A `<` inside of a script could end it.
  const data = JSON.stringify(orders).replaceAll('<', '\\u003c')
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>Orders</title>
  <style>${style}
  </style>
</head>
<body>
  <h1>Orders</h1>
  <p class="office">Back office: invoices of this month are due on Friday.</p>
  <p id="count"></p>
  <table>
    <thead>
      <tr>${titles.join('')}</tr>
    </thead>
    <tbody>
${orders.map((order) => `      <tr class="order">${cells(order).join('')}</tr>\n`).join('')}    </tbody>
  </table>
  <script type="application/json" id="orders">${data}</script>
  <script>${program}
  </script>
</body>
</html>
`
}
