/** As the exports of an old system name things. */
export const headings: ReadonlyMap<string, string> = new Map([
  ['id', 'Order'],
  ['account', 'Company'],
  ['entity', 'Entity'],
  ['owner', 'Owner'],
  ['amount', 'Amount'],
  ['currency', 'Currency'],
  ['status', 'Status'],
  ['margin', 'Margin'],
])

/** For XML and HTML, in text and in attributes with double quotes. */
export function escaped(value: string | number | undefined): string {
  return String(value ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
