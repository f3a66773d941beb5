import { ProxyError } from '../../errors.ts'
import type { FilterVerdict } from './filter-response.ts'
import type { RowFilter } from './row-plan.ts'
import { JsonRowFilter } from './rows-json.ts'
import { JsonLinesFilter } from './rows-json-lines.ts'

/** The reader of a body that `planAnswer` let through to one. */
export function openFilter({ bodyKind, rules, isProblem }: FilterVerdict): RowFilter {
  const { plan } = rules
  switch (bodyKind) {
    case 'json':
      return new JsonRowFilter(plan, isProblem)
    case 'json-lines':
      return new JsonLinesFilter(plan, isProblem)
    case 'events':
    case 'xml':
    case 'csv':
    case 'html':
      throw new ProxyError('ERR_ANSWER_KIND', `no reader for ${bodyKind}`)
  }
}
