import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { injectPostgrest } from '../../../../src/stages/forward/inject/inject-postgrest.ts'
import { joinQuery, splitQuery } from '../../../../src/stages/forward/inject/query-parts.ts'
import { nothingWithheld } from '../../../../src/stages/forward/inject/withheld-paths.ts'
import { outcome, withheld } from './support.ts'

const refused = 'ERR_QUERY_REFUSED'
const tell = (text: string, held = withheld) =>
  outcome(() => joinQuery(injectPostgrest(splitQuery(text), 'tenant.eq.1', held))) === refused ? refused : 'let through'

const asking = [
  'margin=gt.20',
  'margin=is.null',
  'Margin=gt.20',
  '%22margin%22=gt.20',
  'm%61rgin=gt.20',
  'margin=not.gt.20',
  'meta-%3E%3Eowner=eq.ann',
  'meta-%3Eowner=eq.ann',
  'meta-%3E%22owner%22-%3E%3Efirst=eq.ann',
  'meta=cs.%7B%22owner%22:%22ann%22%7D',
  'meta=gt.%7B%7D',
  'owner=eq.ann',
  'lines-%3E0-%3E%3Ecost=eq.1',
  'lines=eq.1',
  'prices=cs.%7B1%7D',
  'prices-%3E0=eq.1',
  'and=(margin.gt.20)',
  'or=(amount.gt.5,margin.gt.20)',
  'not.or=(amount.gt.5,margin.gt.20)',
  'and=(amount.gt.5,or(a.eq.1,not.and(meta-%3E%3Eowner.eq.ann)))',
  'or=(%22margin%22.gt.20)',
  'or=(margin.in.(1,2))',
  'or=(margin.is.null)',
  'order=margin',
  'order=margin.desc',
  'order=amount.asc,margin.desc.nullslast',
  'order=%22margin%22.desc',
  'order=meta-%3E%3Eowner.desc',
  'order=meta.desc',
  'select=margin',
  'select=id,margin',
  'select=id,%20margin',
  'select=margin::text',
  'select=%22margin%22',
  'select=meta::text',
  'columns=id,margin',
  'on_conflict=margin',
  // What PostgreSQL makes of the whole row.
  'to_jsonb-%3E%3Emargin=gt.20',
  'to_jsonb=cs.%7B%7D',
  'concat=gt.x',
  'hash_record=gt.5',
  'or=(row_to_json-%3E%3Emargin.gt.20)',
  'order=to_jsonb-%3E%3Emargin.desc',
  'order=record_out',
  'select=to_jsonb',
  'select=id,row_to_json',
  'select=orders',
  'select=orders::text',
  'select=computed',
  'note-x=eq.1',
]

const neighbours = [
  '',
  'amount=gt.20',
  'note=eq.margin',
  '%22amount%22=gt.20',
  'note-%3E%3Emargin=eq.1',
  'meta-%3E%3Ecolour=eq.red',
  'meta-%3Eowners=eq.red',
  'lines-%3E0-%3E%3Esku=eq.a',
  'or=(amount.gt.5,note.eq.margin,meta-%3E%3Ecolour.eq.red)',
  'order=amount.desc.nullslast,note',
  'order=meta-%3E%3Ecolour.desc',
  'select=*',
  'select=id,amount,meta,lines',
  'select=id::text,amount::int',
  'limit=5&offset=5',
  'columns=id,note&on_conflict=id',
]

describe('a query of PostgREST where columns are withheld', () => {
  for (const text of asking)
    it(`refuses ${text}, and lets it through where nothing is withheld`, () => {
      assert.equal(tell(text), refused)
      assert.equal(tell(text, nothingWithheld), 'let through')
    })

  for (const text of neighbours)
    it(`lets ${text} through`, () => {
      assert.equal(tell(text), 'let through')
    })

  it('is ordered in one direction, and with empty values at one end', () => {
    assert.equal(tell('order=amount.desc.nullslast'), 'let through')
    assert.notEqual(tell('order=amount.desc.nullslast.asc'), 'let through')
    assert.notEqual(tell(`order=amount${'.asc'.repeat(200_000)}.x`), 'let through')
  })

  it('has to stand where every row is open too', () => {
    for (const text of ['margin=gt.1', 'or=(margin.gt.1)', 'order=margin', 'select=margin'])
      assert.equal(
        outcome(() => injectPostgrest(splitQuery(text), undefined, withheld)),
        refused,
      )
  })
})
