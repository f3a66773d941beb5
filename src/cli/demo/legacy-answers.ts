import type { DemoOrder } from './demo-config.ts'
import { escaped, headings } from './legacy-markup.ts'
import { ordersPage } from './legacy-page.ts'

interface LegacyAnswer {
  readonly type: string
  readonly body: string
}

/** The one GraphQL document that the legacy shop knows; config/demo.yaml lists it to the letter. */
export const ordersQuery = 'query Orders { orders { id account entity owner amount currency status margin } }'

const renderings: ReadonlyMap<string, readonly [type: string, render: (orders: readonly DemoOrder[]) => string]> =
  new Map([
    ['/legacy/orders.xml', ['application/xml', asXml]],
    ['/legacy/orders.csv', ['text/csv; charset=utf-8; header=present', asCsv]],
    ['/legacy/orders.ndjson', ['application/x-ndjson', asLines]],
    ['/legacy/orders.html', ['text/html; charset=utf-8', ordersPage]],
    ['/legacy/events', ['text/event-stream', (orders) => orders.map(asEvent).join('')]],
    ['/legacy/graphql', ['application/json', (orders) => JSON.stringify({ data: { orders } })]],
  ])

/** What the legacy shop says at `path` (of events: the first of them); undefined where it knows no such path. */
export function legacyAnswer(path: string, orders: readonly DemoOrder[]): LegacyAnswer | undefined {
  const found = renderings.get(path)
  if (found === undefined) return undefined
  const [type, render] = found
  return { type, body: render(orders) }
}

export function asEvent(order: DemoOrder): string {
  return `event: order\nid: ${order['id']}\ndata: ${JSON.stringify(order)}\n\n`
}

/** A message of the feed. */
export function asMessage(orders: readonly DemoOrder[]): string {
  return JSON.stringify({ type: 'orders', items: orders })
}

function asLines(orders: readonly DemoOrder[]): string {
  return orders.map((order) => `${JSON.stringify(order)}\n`).join('')
}

function asCsv(orders: readonly DemoOrder[]): string {
  const fields = [...headings.keys()]
  const lines = [[...headings.values()], ...orders.map((order) => fields.map((field) => order[field]))]
  return lines.map((cells) => `${cells.map((cell) => csvCell(String(cell ?? ''))).join(';')}\r\n`).join('')
}

function csvCell(text: string): string {
  return /[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function asXml(orders: readonly DemoOrder[]): string {
  const rows = orders.map(({ id, ...fields }) => {
    const children = Object.entries(fields).map(([name, value]) => `<${name}>${escaped(value)}</${name}>`)
    return `  <order id="${escaped(id)}">${children.join('')}</order>\n`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<orders>\n${rows.join('')}</orders>\n`
}
