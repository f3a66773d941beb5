import { ProxyError } from '../../errors.ts'
import { EventFilter } from './events.ts'
import type { FilterVerdict } from './filter-response.ts'
import { HtmlFilter } from './html.ts'
import { openJson } from './open-json.ts'
import type { RowFilter } from './row-plan.ts'
import { CsvRowFilter } from './rows-csv.ts'
import { JsonLinesFilter } from './rows-json-lines.ts'
import { XmlRowFilter } from './rows-xml.ts'

/** The reader of a body that `planAnswer` let through to one. */
export function openFilter({ bodyKind, rules, isProblem }: FilterVerdict): RowFilter {
  const { plan } = rules
  switch (bodyKind) {
    case 'json':
      return openJson(plan, isProblem)
    case 'json-lines':
      return new JsonLinesFilter(plan, isProblem)
    case 'csv':
      return new CsvRowFilter(plan, declared(rules.readers.csv), isProblem)
    case 'xml':
      return new XmlRowFilter(plan, declared(rules.readers.xml), isProblem)
    case 'html':
      return new HtmlFilter(plan, declared(rules.readers.html), rules.roles, isProblem)
    case 'events':
      return new EventFilter(plan, declared(rules.readers.events), isProblem)
  }
}

function declared<Rows>(rows: Rows | undefined): Rows {
  if (rows === undefined) throw new ProxyError('ERR_ANSWER_KIND', 'the route declares no rows of this kind')
  return rows
}
