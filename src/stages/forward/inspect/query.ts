import { type Finding, finding } from './finding.ts'
import { type InspectionRules, inspectionOf } from './inspection.ts'
import { odataOption } from './operators.ts'
import { inspectPairs } from './parameters.ts'

/** Inspects a query string: `?a=b`, or nothing. */
export function inspectQuery(query: string, rules: InspectionRules): Finding | undefined {
  if (query.length < 2) return undefined
  const inspection = inspectionOf(rules)
  if (inspection === undefined) return undefined
  const text = query.slice(1)
  const found = inspectPairs(text, inspection, 'query')
  if (found !== undefined || rules.profile !== 'odata') return found
  return repeatsOption(text) ? finding('duplicate-key', 'query') : undefined
}

/** OData 4.01 part 2 section 5.1: each system query option at most once, with or without its `$`. */
function repeatsOption(text: string): boolean {
  const seen = new Set<string>()
  for (const pair of text.split('&')) {
    const [name = ''] = pair.split('=', 1)
    const option = odataOption(decodeURIComponent(name))
    if (option !== undefined && seen.has(option)) return true
    if (option !== undefined) seen.add(option)
  }
  return false
}
