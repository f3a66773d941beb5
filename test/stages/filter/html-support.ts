import type { HtmlRows } from '../../../src/config/config.ts'
import { parseHtmlPlace } from '../../../src/config/row-places.ts'
import { HtmlFilter } from '../../../src/stages/filter/html.ts'
import type { RowPlan } from '../../../src/stages/filter/row-plan.ts'
import { type Outcome, planOf, run } from './support.ts'

export function placesOf(places: Readonly<Record<string, string>>): HtmlRows['rows'][number]['fields'] {
  return new Map(
    Object.entries(places).map(([name, text]) => {
      const place = parseHtmlPlace(text)
      if (place === undefined) throw new TypeError(`no place: ${text}`)
      return [name, place]
    }),
  )
}

/** Rows are `tr.order` and `.card`; elements of class `admin` are for the role `boss`; `script#rows` holds `/items/*`. */
export const orders: HtmlRows = {
  remove: [{ select: '.admin', unless: ['boss'] }],
  rows: [
    {
      select: 'tr.order, .card',
      fields: placesOf({ account: '@data-account', amount: '.amount', secret: '.secret', token: 'a.token@href' }),
    },
  ],
  scripts: [
    { select: 'script#rows', rows: { at: [['items', '*']], total: undefined, keep: [['page']], strict: false } },
  ],
}

export function runHtml(
  body: string | Uint8Array,
  plan: RowPlan = planOf(),
  html: HtmlRows = orders,
  roles: readonly string[] = [],
  cuts: readonly number[] = [],
): Outcome {
  return run(new HtmlFilter(plan, html, roles), body, cuts)
}
