import { isNoIndex, tokensOf, withoutMarks, wordsOf } from './withheld-spellings.ts'

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}

/** Parameters that hold what somebody writes or searches for. */
const texts = words(
  'q query search term terms text keyword keywords phrase note notes comment comments message description title ' +
    'subject content reason remark memo',
)

/** What such a parameter may be compared by. */
const comparing = words('eq like ilike contains icontains cont starts ends with startswith endswith matches any all')

/** Languages of queries have these words, and sentences seldom do. */
const asking = words(
  'asc desc ascending descending eq ne neq gt ge gte lt le lte null isnull notnull between like ilike rlike regexp ' +
    'contains startswith endswith exists select where having by than',
)
const word = /^\p{L}[\p{L}\p{M}'’-]*[,.!?]?$/u
const leastWords = 4

/**
 * Whether a value is a sentence, in which a word names no field. It has to stand where texts are expected, since lists
 * of fields with blanks between them look the same; and it has four words or more, of letters alone, none of them a word
 * of a query language: less (`margin`, `-margin,id`, `margin gt 20`) is what is asked for, and a number is a value that
 * something is compared with.
 */
export function isSentence(name: string, value: string): boolean {
  const last = tokensOf(name)
    .filter(isNoIndex)
    .flatMap(wordsOf)
    .findLast((each) => !comparing.has(each))
  if (last === undefined || !texts.has(last)) return false
  const found = value.trim().split(/ +/)
  return found.length >= leastWords && found.every(isWord)
}

function isWord(text: string): boolean {
  return word.test(text) && !asking.has(withoutMarks(text.replace(/[,.!?]$/, '')).toLowerCase())
}
